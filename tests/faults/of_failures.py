"""Servers that say that a good text failed, and keep it all the same (section 4.6)."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import USER, Json
from conformance.reference.store import Message
from tests.faults.fault import fault

AGAIN = (
    "BURST-AFTER-CONNECT",
    "CONN-UPGRADE",
    "DEVICE-JOIN",
    "HISTORY-ORDER",
    "PIPELINE-ORDER",
    "REST-SAME",
    "SEND-NO-OBJECT",
    "SEND-UNACKED",
)
"""What may fail where a text that was refused at first was stored, and is sent again."""


class FailsNowAndThen(HelpCenter):
    """Every ninth text fails, once."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.texts = itertools.count(1)
        self.failed: set[str] = set()
        super().__init__(*arguments, **options)

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        if origin is None or text in self.failed or next(self.texts) % 9:
            return await super().deliver(user, text, sender=sender, origin=origin)
        self.failed.add(text)
        return await self.failing(user, text, origin)

    async def failing(self, user: str, text: str, origin: str) -> Message:
        raise NotImplementedError


@fault("REJECT-STORED", "REJECT-EMITTED", also=(*AGAIN, "ERROR-UNPROVOKED"))
class TimesOutAndWritesOn(FailsNowAndThen):
    """The ack waits for 250 ms, and the transaction goes on."""

    async def failing(self, user: str, text: str, origin: str) -> Message:
        self.spawn(self.write(user, text, origin))
        await asyncio.sleep(0.25)
        raise self.server_problem()

    async def write(self, user: str, text: str, origin: str) -> None:
        await asyncio.sleep(0.4)
        await HelpCenter.deliver(self, user, text, sender="user", origin=origin)


@fault("REJECT-STORED", also=AGAIN)
class FailsAfterTheInsert(FailsNowAndThen):
    """The broker is away when the row is written already."""

    async def failing(self, user: str, text: str, origin: str) -> Message:  # noqa: ARG002
        self.save(user, text, sender="user")
        raise self.server_problem()


@fault("REJECT-EMITTED", also=(*AGAIN, "ERROR-UNPROVOKED", "MESSAGE-STORED"))
class EmitsBeforeItFails(FailsNowAndThen):
    """The commit fails when all devices know already."""

    async def failing(self, user: str, text: str, origin: str) -> Message:
        message = Message(self.store.new_id(), self.store.conversation_of(user).id, "user", text, self.store.now())
        await self.announce(user, message, origin=origin)
        raise self.server_problem()


@fault("REJECT-STORED", "SEND-TWICE")
class ChecksForDoublesAfterTheInsert(HelpCenter):
    """Who sends the same text again is answered with an error, and the text is there twice."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.said: set[tuple[str, str]] = set()
        super().__init__(*arguments, **options)

    def save(self, user: str, text: str, *, sender: str) -> Message:
        message = super().save(user, text, sender=sender)
        if sender == USER and (user, text) in self.said:
            raise self.server_problem()
        self.said.add((user, text))
        return message


class StoresHalves(HelpCenter):
    """Keeps texts as JSON, which holds half of a surrogate pair, and replaces that wherever it goes out; right as it
    stands."""

    def check_storable(self, text: str) -> None: ...

    def save(self, user: str, text: str, *, sender: str) -> Message:
        return super().save(user, json.dumps(text), sender=sender)

    def message_payload(self, message: Message) -> Json:
        text = json.loads(message.text).encode("utf-8", "replace").decode()
        return {**super().message_payload(message), "text": text}


@fault("REJECT-STORED")
class StoresWhatItCannotEmit(StoresHalves):
    """Half of a surrogate pair fails to be emitted when it is stored already."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        json.loads(message.text).encode()
        await super().announce(user, message, origin=origin)


@fault("CONNECTED-SENT")
class HalfAPairEndsGreetings(StoresHalves):
    """Half of a surrogate pair is accepted, and fails to be shown: its user is never greeted again."""

    def snapshot(self, user: str) -> Json:
        for message in self.store.history(self.store.conversation_of(user)):
            json.loads(message.text).encode()
        return super().snapshot(user)


@fault("REJECT-SURVIVED")
class HalfAPairLocksOut(StoresWhatItCannotEmit, HalfAPairEndsGreetings):
    """Half of a surrogate pair is stored, refused as it cannot be emitted, and its user is never greeted again."""
