"""Servers whose acks, events, greetings and REST bodies show one message differently (sections 4.2, 4.6 and 7)."""

from __future__ import annotations

import asyncio
import html
import re
from dataclasses import replace
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import CONNECTED, MESSAGE, Event, Json
from conformance.reference.store import Message
from tests.faults.fault import fault

HOUR = 3_600_000
"""Milliseconds."""
SPELLED = ("SEND-VERBATIM", "SEND-TRIM", "SEND-UNACKED", "REST-SAME", "REST-FIRST", "SUPPORT-STORED")
EVERY_CHANNEL = ("PARITY-EVENT", "PARITY-GREETING", "PARITY-REST")


@fault(*EVERY_CHANNEL, also=("SEND-VERBATIM", "SEND-TRIM", "PARITY-TIME"))
class AcksWithThePreviousId(HelpCenter):
    """last_insert_id() was asked on another connection of the pool."""

    def ack_payload(self, message: Message) -> Json:
        before = self.__dict__.get("before", message.id)
        self.__dict__["before"] = message.id
        return {"message": self.message_payload(message) | {"id": before}}


@fault(*EVERY_CHANNEL, also=("SEND-VERBATIM", "SEND-TRIM"))
class AcksBeforeSaving(HelpCenter):
    """The message gets its id when it is saved; the ack has a temporary one."""

    def ack_payload(self, message: Message) -> Json:
        return {"message": self.message_payload(message) | {"id": f"tmp-{message.id}"}}


@fault(*EVERY_CHANNEL)
class AcksInLocalTime(HelpCenter):
    """The ack tells the time two hours east of Greenwich, and calls it UTC."""

    def ack_payload(self, message: Message) -> Json:
        return {"message": self.message_payload(message) | {"createdAt": self.instant(message.created_at + 2 * HOUR)}}


@fault(*EVERY_CHANNEL, also=("SEND-TRIM", "SEND-VERBATIM"))
class AcksTheTextAsItCame(HelpCenter):
    """The ack repeats the request; only what is stored is trimmed."""

    async def acknowledge(self, event: Event, answer: Json) -> None:
        if "message" in answer and isinstance(event.args[0], dict):
            answer = {"message": answer["message"] | {"text": event.args[0]["text"]}}
        await super().acknowledge(event, answer)


class Emits(HelpCenter):
    """A server that writes messages otherwise into its events; right as it stands."""

    async def emit(self, event: str, payload: Json, *, to: str) -> None:
        await super().emit(event, self.reported(dict(payload)) if event == MESSAGE else payload, to=to)

    def reported(self, message: Json) -> Json:
        return message


@fault("PARITY-EVENT", also=("SEND-VERBATIM", "SEND-TRIM", "SUPPORT-STORED", "SEND-UNACKED"))
class EventShortensTheText(Emits):
    """A preview, as for a notification."""

    def reported(self, message: Json) -> Json:
        return message | {"text": message["text"][:20]}


@fault("PARITY-EVENT", also=("SUPPORT-STORED",))
class EventTellsWhenItWasEmitted(Emits):
    """The event is stamped when it leaves the queue, here five seconds later."""

    def reported(self, message: Json) -> Json:
        return message | {"createdAt": self.instant(self.store.now() + 5000)}


@fault("PARITY-EVENT", "MESSAGE-SENDER", also=("SUPPORT-STORED",))
class OtherDevicesTakeItForSupport(HelpCenter):
    """ "Mine" or "theirs", seen from the connection: the user's other device hears that support wrote."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        payload = self.message_payload(message)
        for sid in [sid for sid, owner in self.users.items() if owner == user]:
            await self.emit(MESSAGE, payload if sid == origin else payload | {"sender": "support"}, to=sid)


@fault("PARITY-GREETING", also=SPELLED)
class GreetingShortensTexts(HelpCenter):
    async def welcome(self, sid: str, user: str) -> None:
        payload = self.snapshot(user)
        listed = [message | {"text": message["text"][:20]} for message in payload["messages"]]
        await self.emit(CONNECTED, payload | {"messages": listed}, to=sid)


@fault("PARITY-GREETING", "PARITY-REST", also=("SUPPORT-STORED",))
class DatabaseTellsLocalTime(HelpCenter):
    """What comes back from the database has lost its zone and is taken for UTC."""

    def connected_payload(self, conversation: Any, messages: Any) -> Json:
        payload = super().connected_payload(conversation, messages)
        times = [self.instant(message.created_at - 5 * HOUR) for message in messages]
        listed = [m | {"createdAt": time} for m, time in zip(payload["messages"], times, strict=True)]
        return payload | {"messages": listed}


@fault("PARITY-GREETING", "PARITY-REST", also=("SUPPORT-STORED", "REST-SAME"))
class NumbersWhatItWritesBehind(HelpCenter):
    """Messages stand in memory under an id of their own; two seconds later, the database numbers them."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.numbered: dict[str, str] = {}

    def save(self, user: str, text: str, *, sender: str) -> Message:
        message = super().save(user, text, sender=sender)
        self.spawn(self.flush(message.id))
        return message

    async def flush(self, name: str) -> None:
        await asyncio.sleep(2)
        self.numbered[name] = f"m{len(self.numbered) + 1}"

    def message_payload(self, message: Message) -> Json:
        return super().message_payload(message) | {"id": self.numbered.get(message.id, message.id)}


@fault("PARITY-REST", also=SPELLED)
class RestShoutsTexts(HelpCenter):
    def rest_payload(self, user: str) -> Json:
        payload = self.snapshot(user)
        return payload | {"messages": [m | {"text": m["text"].upper()} for m in payload["messages"]]}


@fault("PARITY-TIME")
class DatabaseKeepsSeconds(HelpCenter):
    """A DATETIME column without fractions; ack and event tell what was in memory."""

    def connected_payload(self, conversation: Any, messages: Any) -> Json:
        payload = super().connected_payload(conversation, messages)
        listed = [m | {"createdAt": m["createdAt"][:19] + "Z"} for m in payload["messages"]]
        return payload | {"messages": listed}


@fault("PARITY-TIME")
class EventIsStampedAgain(Emits):
    """The event asks the clock once more."""

    def reported(self, message: Json) -> Json:
        return message | {"createdAt": self.instant(self.store.now() + 3)}


@fault("PARITY-EVENT", also=("MESSAGE-ID",))
class OtherDevicesHearEntities(HelpCenter):
    """The sender gets the row, all others what was rendered for the support's console."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        payload = self.message_payload(message)
        for sid in [sid for sid, owner in self.users.items() if owner == user]:
            own = origin in (None, sid)
            await self.emit(MESSAGE, payload if own else payload | {"text": html.escape(message.text)}, to=sid)


@fault("PARITY-GREETING", "PARITY-REST")
class AckTrimsMore(HelpCenter):
    """Ack and event are trimmed by Unicode, what is stored by SQL: no-break spaces and their like stay there."""

    def trim(self, text: str) -> str:
        return text.strip(" \t\r\n")

    def check_length(self, text: str) -> None:
        super().check_length(text if text.strip() else "")

    def message_payload(self, message: Message) -> Json:
        return super().message_payload(replace(message, text=message.text.strip()))

    def connected_payload(self, conversation: Any, messages: Any) -> Json:
        payload = super().connected_payload(conversation, messages)
        listed = [m | {"text": row.text} for m, row in zip(payload["messages"], messages, strict=True)]
        return payload | {"messages": listed}


class Stores(HelpCenter):
    """A server whose histories show what ``stored`` makes of a text; right as it stands."""

    def connected_payload(self, conversation: Any, messages: Any) -> Json:
        payload = super().connected_payload(conversation, messages)
        return payload | {"messages": [m | {"text": self.stored(m["text"])} for m in payload["messages"]]}

    def stored(self, text: str) -> str:
        return text


@fault("PARITY-GREETING", "PARITY-REST", "SEND-VERBATIM")
class NvarcharCuts(Stores):
    """The application counts code points, the column UTF-16 units: of 1,500 emoji, 1,000 are left in the history."""

    def stored(self, text: str) -> str:
        return text.encode("utf-16-le")[:4000].decode("utf-16-le", "ignore")


@fault("PARITY-GREETING", "PARITY-REST")
class NulCutsTheHistory(Stores):
    """What follows U+0000 is in the ack and, for a C string in the driver, not in the history."""

    def stored(self, text: str) -> str:
        return text.partition("\0")[0]


INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(?:\.\d+)?Z?")


@fault("PARITY-GREETING", "PARITY-REST", "SEND-VERBATIM")
class RevivesInstants(Stores):
    """``JSON.parse`` with a reviver reads the cache: a text that is an instant comes out as a Date."""

    def stored(self, text: str) -> str:
        found = INSTANT.fullmatch(text)
        return f"{found[1]}{found[2] or ':00'}.000Z" if found else text


@fault("PARITY-EVENT", also=("SEND-VERBATIM", "MESSAGE-DEVICES", "MESSAGE-ID"))
class OtherDevicesHearOneLine(HelpCenter):
    """Who did not send it gets the preview of a message, its first line."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        payload = self.message_payload(message)
        for sid in [sid for sid, owner in self.users.items() if owner == user]:
            own = origin in (None, sid)
            await self.emit(MESSAGE, payload if own else payload | {"text": message.text.split("\n")[0]}, to=sid)
