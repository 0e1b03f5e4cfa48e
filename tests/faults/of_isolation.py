"""Servers that tell one user of another (sections 3.1, 4.1 and 4.3)."""

# ruff: noqa: ARG002  what an overridden method ignores is its fault

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MESSAGE, NAMESPACE, SUPPORT, TYPING, USER, Event, Json
from conformance.reference.store import Message
from tests.faults.fault import fault

DATABASE = 0.005
"""Seconds that a query takes in a server with a database: long enough for others to get in between."""

HEARD = (
    "CONNECTED-FIRST",
    "MESSAGE-CONVERSATION",
    "MESSAGE-SENDER",
    "MESSAGE-STORED",
    "REFUSAL-SILENT",
    "REJECT-EMITTED",
    "SEND-NO-OBJECT",
    "SUPPORT-STORED",
    "TYPING-NO-MESSAGE",
    "TYPING-ODD",
)
"""What fails where a connection hears messages that its user has not sent, while none should be heard."""

SHOWN = (
    "CONNECTED-OWN",
    "HISTORY-ORDER",
    "PIPELINE-ORDER",
    "REJECT-STORED",
    "REST-SAME",
    "SEND-NO-OBJECT",
    "SUPPORT-EMITTED",
    "TYPING-NO-MESSAGE",
    "TYPING-ODD",
)
"""The same of histories."""

MIXED_UP = (
    "ACK-MATCH",
    "ACK-SHAPE",
    "BURST-AFTER-CONNECT",
    "BURST-AFTER-GREETING",
    "MESSAGE-CONVERSATION",
    "MESSAGE-DEVICES",
    "MESSAGE-ECHO",
    "PARITY-EVENT",
    "PARITY-GREETING",
    "PARITY-REST",
    "PIPELINE-ORDER",
    "RECONNECT-GREETED",
    "RECONNECT-RESYNC",
    "SEND-KEPT",
    "SEND-PLAIN",
    "SEND-UNACKED",
    "SEND-FULL",
    "SEND-MIN",
    "SEND-PADDED-FULL",
    "SEND-TRIM",
    "SEND-VERBATIM",
    "TOKEN-REFRESHED",
)
"""What fails where, of sends at the same time, one is taken for another."""

SHARED = (
    *HEARD,
    *SHOWN,
    *MIXED_UP,
    "AUTH-SHARED",
    "CONNECTED-CONVERSATION",
    "CONNECTED-USER",
    "FIRST-CONTACT",
    "HISTORY-DEPTH",
    "MESSAGE-ONCE",
    "PARITY-TIME",
    "REST-EXPIRY",
    "REST-FIRST",
    "REST-REFUSAL",
    "TYPING-ECHO",
)
"""What may be seen to fail where a user is given another one's conversation."""

TYPED = ("CONNECTED-FIRST", "EVENT-ARGUMENT", "REFUSAL-SILENT", "TYPING-ECHO", "TYPING-SHAPE")
"""What may fail beside where typing events reach those who should hear none."""


class Loud(HelpCenter):
    """A server that can speak to everybody at once."""

    async def to_all(self, name: str, payload: object, *, but: Sequence[str] = ()) -> None:
        await self.wire.emit(name, payload, skip_sid=list(but), namespace=NAMESPACE)


# -- messages ----------------------------------------------------------------------------------------------------


@fault("ISOLATION-MESSAGES", also=HEARD)
class EmitsToTheNamespace(Loud):
    """``server.emit(…)`` without a room."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        await self.to_all(MESSAGE, self.message_payload(message))


@fault("ISOLATION-MESSAGES", also=HEARD)
class OneRoomForAll(HelpCenter):
    """The room's name lost its placeholder: ``'user:{userId}'`` without the f or the backticks."""

    def room_of(self, user: str) -> str:
        return "user:{userId}"


@fault("ISOLATION-MESSAGES", also=HEARD)
class RoomsByPrefix(HelpCenter):
    """Finds a user's connections with ``startsWith``."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        for sid, other in list(self.users.items()):
            if other.startswith(user):
                await self.emit(MESSAGE, self.message_payload(message), to=sid)


@fault("ISOLATION-MESSAGES", also=HEARD)
class RoomsBySubstring(HelpCenter):
    """Finds a user's connections with ``includes``, the wrong way round."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        for sid, other in list(self.users.items()):
            if other in user:
                await self.emit(MESSAGE, self.message_payload(message), to=sid)


@fault("ISOLATION-MESSAGES", also=HEARD)
class RepliesToEverybody(Loud):
    """The user's own message goes to its room, support's reply to the namespace."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        if message.sender == SUPPORT:
            await self.to_all(MESSAGE, self.message_payload(message))
        else:
            await super().announce(user, message, origin=origin)


@fault("ISOLATION-MESSAGES", also=(*HEARD, "SUPPORT-EMITTED", "MESSAGE-DEVICES"))
class RepliesToTheLastToConnect(HelpCenter):
    """The gateway keeps ``this.client``, which is whoever connected last."""

    last = ""

    async def join(self, sid: str, user: str) -> None:
        self.last = sid
        await super().join(sid, user)

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        room = self.last if message.sender == SUPPORT else self.room_of(user)
        await self.emit(MESSAGE, self.message_payload(message), to=room)


@fault("ISOLATION-MESSAGES", also=HEARD)
class OnlineUsersGetACopy(Loud):
    """An admin view left in: each message of a user also goes to all who are connected but not in the room."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        await super().announce(user, message, origin=origin)
        if message.sender == USER:
            await self.to_all(MESSAGE, self.message_payload(message), but=self.sids_of(user))

    def sids_of(self, user: str) -> list[str]:
        return [sid for sid, other in self.users.items() if other == user]


@fault("ISOLATION-MESSAGES", also=HEARD)
class ChangesReachEverybody(Loud):
    """An event for the support's console, its name first and the row behind it, without a room."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        await super().announce(user, message, origin=origin)
        await self.to_all("row_changed", ("messages", self.message_payload(message)))


@fault("ISOLATION-MESSAGES", also=MIXED_UP)
class AcksTheLatestMessage(HelpCenter):
    """The service keeps ``this.message`` between two awaits: the ack carries whatever was saved last."""

    latest: Message

    def save(self, user: str, text: str, *, sender: str) -> Message:
        message = super().save(user, text, sender=sender)
        self.latest = message if sender == USER else self.latest
        return message

    async def acknowledge(self, event: Event, answer: Json) -> None:
        if "message" in answer:
            await asyncio.sleep(DATABASE)
            answer = self.ack_payload(self.latest)
        await super().acknowledge(event, answer)


@fault("ISOLATION-MESSAGES", also=(*MIXED_UP, *HEARD, *SHOWN, "ISOLATION-HISTORY"))
class SavesForTheCurrentUser(HelpCenter):
    """A request-scoped user in a singleton: after a query, it is the user of whoever sent meanwhile."""

    current = ""

    def sender_of(self, event: Event) -> str:
        self.current = super().sender_of(event)
        return self.current

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        await asyncio.sleep(DATABASE)
        whose = self.current if sender == USER else user
        return await super().deliver(whose, text, sender=sender, origin=origin)


# -- typing ------------------------------------------------------------------------------------------------------


@fault("ISOLATION-TYPING", also=TYPED)
class RelaysTypingToEverybody(Loud):
    """``socket.broadcast.emit``, as it came."""

    async def on_typing(self, event: Event) -> None:
        await self.to_all(TYPING, self.payload_of(event), but=[event.sid])


@fault("ISOLATION-TYPING", also=TYPED)
class RelaysTypingAsSupport(Loud):
    """Everybody but the one who types sees support typing."""

    async def on_typing(self, event: Event) -> None:
        payload = self.payload_of(event)
        typing = bool(payload.get("isTyping")) if isinstance(payload, dict) else False
        await self.to_all(TYPING, {"isTyping": typing, "sender": SUPPORT}, but=[event.sid])


@fault("ISOLATION-TYPING", also=TYPED)
class RelaysTypingUnderAnotherName(Loud):
    """An event for the support's console that reaches the other users."""

    async def on_typing(self, event: Event) -> None:
        mine = [sid for sid, user in self.users.items() if user == self.users[event.sid]]
        await self.to_all("user_typing", {"conversation": "somebody's"}, but=mine)


@fault("ISOLATION-TYPING", also=TYPED)
class TellsOnceWhoTypes(Loud):
    """Once for each connection, to spare the network, by an event of its own that says whose typing it is."""

    async def on_typing(self, event: Event) -> None:
        reported = self.__dict__.setdefault("reported", set())
        if event.sid not in reported:
            reported.add(event.sid)
            await self.to_all("user_typing", {"isTyping": True, "sender": self.users[event.sid]}, but=[event.sid])


@fault("ISOLATION-TYPING", also=TYPED)
class RelaysTypingByPrefix(HelpCenter):
    """Rooms compared with ``startsWith``, for typing only."""

    async def on_typing(self, event: Event) -> None:
        for sid, user in list(self.users.items()):
            if sid != event.sid and user.startswith(self.users[event.sid]):
                await self.emit(TYPING, {"isTyping": True, "sender": SUPPORT}, to=sid)


@fault("ISOLATION-TYPING", also=TYPED)
class RelaysOnlyTheBeginning(Loud):
    """Tells everybody who begins to type, and never who stops."""

    async def on_typing(self, event: Event) -> None:
        payload = self.payload_of(event)
        if isinstance(payload, dict) and payload.get("isTyping") is True:
            await self.to_all(TYPING, {"isTyping": True, "sender": SUPPORT}, but=[event.sid])
