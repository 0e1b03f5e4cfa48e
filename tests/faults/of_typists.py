"""Servers that remember which device of a user types, and forget that devices come and go (sections 3.2 and 4.3)."""

from __future__ import annotations

from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import NAMESPACE, TYPING, USER, Event
from tests.faults.fault import fault


class KnowsWhoTypes(HelpCenter):
    """The connection of each user that typed last, and has not stopped."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.typist: dict[str, str] = {}

    async def on_typing(self, event: Event) -> None:
        payload, user = self.payload_of(event), self.sender_of(event)
        if isinstance(payload, dict) and payload.get("isTyping") is True:
            self.typist[user] = event.sid
        elif self.typist.get(user) == event.sid:
            del self.typist[user]

    async def on_disconnect(self, sid: str, reason: str) -> None:
        user = self.users.get(sid)
        await super().on_disconnect(sid, reason)
        if user is not None and self.typist.get(user) == sid:
            await self.typist_left(user)

    async def typist_left(self, user: str) -> None:
        """The device of a user that typed has gone."""


@fault("MESSAGE-ECHO", also=("MESSAGE-DEVICES", "SUPPORT-EMITTED"))
class NewcomersReplaceTheTypist(KnowsWhoTypes):
    """When another device of the user connects, the one that typed leaves the room."""

    async def join(self, sid: str, user: str) -> None:
        typist = self.typist.pop(user, None)
        if typist in self.users:
            await self.wire.leave_room(typist, self.room_of(user), namespace=NAMESPACE)
        await super().join(sid, user)


@fault("MESSAGE-DEVICES", also=("MESSAGE-ECHO", "SUPPORT-EMITTED"))
class NewcomersWaitForTheTypist(KnowsWhoTypes):
    """A device that connects while another one of its user types enters the room when that stops."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.waiting: dict[str, list[str]] = {}

    async def join(self, sid: str, user: str) -> None:
        if self.typist.get(user) in self.users:
            self.waiting.setdefault(user, []).append(sid)
        else:
            await super().join(sid, user)

    async def on_typing(self, event: Event) -> None:
        await super().on_typing(event)
        user = self.sender_of(event)
        for sid in self.waiting.pop(user, []) if user not in self.typist else []:
            await super().join(sid, user)

    async def typist_left(self, user: str) -> None:
        for sid in self.waiting.pop(user, []):
            await super().join(sid, user)


@fault("MESSAGE-ECHO", also=("MESSAGE-DEVICES", "SUPPORT-EMITTED"))
class TypistsCloseTheRoom(KnowsWhoTypes):
    """Whoever goes while typing takes the user's other devices out of the room."""

    async def typist_left(self, user: str) -> None:
        await self.wire.close_room(self.room_of(user), namespace=NAMESPACE)


@fault("MESSAGE-ECHO", also=("MESSAGE-DEVICES", "SUPPORT-EMITTED"))
class KeepsThePlaceOfTheTypist(KnowsWhoTypes):
    """The user's next device takes the place of one that went while typing, which is thought to be in the room."""

    async def join(self, sid: str, user: str) -> None:
        if self.typist.get(user) in (None, *self.users):
            await super().join(sid, user)
        else:
            del self.typist[user]


@fault("TYPING-SHAPE")
class StopsTheTypingOfWhoLeft(KnowsWhoTypes):
    """The user's other devices hear that a device which went while typing has stopped: in the user's name."""

    async def typist_left(self, user: str) -> None:
        await self.emit(TYPING, {"isTyping": False, "sender": USER}, to=self.room_of(user))
