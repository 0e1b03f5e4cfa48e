"""Servers that handle a text otherwise where no ack is asked for (sections 3.2, 4.2 and 4.5)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MESSAGE, Event, Json
from conformance.reference.store import Message
from tests.faults.fault import fault

KEPT = 500
"""Characters of a text without an ack that somebody keeps."""


class Shortens(HelpCenter):
    """Cuts the texts that ask for no ack; right as it stands."""

    def shortened(self, text: str) -> str:
        return text

    async def on_send(self, event: Event) -> None:
        payload = self.payload_of(event)
        if event.ack is None and isinstance(payload, dict) and isinstance(payload.get("text"), str):
            event = Event(event.sid, event.name, ({**payload, "text": self.shortened(payload["text"].strip())},), None)
        await super().on_send(event)


@fault("SEND-VERBATIM", also=("SEND-UNACKED",))
class UnackedAreShortened(Shortens):
    """What wants no ack goes through a queue whose column is shorter."""

    def shortened(self, text: str) -> str:
        return text[:KEPT] if len(text) <= 2000 else text


@fault("SEND-MAX", also=("REJECT-STORED", "REJECT-UNACKED", "REJECT-EMITTED", "SEND-VERBATIM"))
class UnackedTooLongAreCut(Shortens):
    """Nobody to say no to: what is too long is cut."""

    def shortened(self, text: str) -> str:
        return text[:2000]


@fault("SEND-UNACKED", also=("REJECT-UNACKED", "BURST-AFTER-GREETING"))
class UnackedBurstKeepsTheLast(HelpCenter):
    """Debounced: of what comes at once without a callback, the last one is saved."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.last: dict[str, Event] = {}

    async def on_send(self, event: Event) -> None:
        if event.ack is not None:
            await super().on_send(event)
            return
        first = event.sid not in self.last
        self.last[event.sid] = event
        if first:
            self.spawn(self.later(event.sid))

    async def later(self, sid: str) -> None:
        await asyncio.sleep(0.03)
        await super().on_send(self.last.pop(sid))


class Knowing(HelpCenter):
    """Knows of which connections the last text asked for no ack; right as it stands."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.unacked: set[str] = set()

    async def on_send(self, event: Event) -> None:
        (self.unacked.add if event.ack is None else self.unacked.discard)(event.sid)
        await super().on_send(event)


@fault("MESSAGE-DEVICES")
class UnackedStayWithTheSender(Knowing):
    """Without a callback, the event takes its place: it goes to the device that sent the text, and to no other."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        to = origin if origin in self.unacked and origin is not None else self.room_of(user)
        await self.emit(MESSAGE, self.message_payload(message), to=to)


@fault("MESSAGE-STORED", also=("PARITY-EVENT", "SEND-UNACKED"))
class UnackedEventsHaveTemporaryIds(Knowing):
    """Without a callback, the event is emitted before the row is written, with an id of its own."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        payload: Mapping[str, Json] = self.message_payload(message)
        if origin in self.unacked:
            payload = {**payload, "id": f"tmp-{message.id}"}
        await self.emit(MESSAGE, payload, to=self.room_of(user))
