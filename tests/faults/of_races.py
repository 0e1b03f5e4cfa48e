"""Servers that fail only when things overlap (sections 4.6 and 6)."""

from __future__ import annotations

import asyncio
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import CONNECTED, NAMESPACE, Json
from conformance.reference.store import Message
from tests.faults.fault import fault

QUERY = 0.05
"""Seconds that the database takes."""


@fault("DEVICE-JOIN")
class JoinsAfterItsSnapshot(HelpCenter):
    """Reads the history, then enters the room: what is saved in between is neither shown nor heard."""

    async def admit(self, sid: str, user: str) -> None:
        self.users[sid] = user
        snapshot = self.snapshot(user)
        await asyncio.sleep(QUERY)
        await self.join(sid, user)
        await self.emit(CONNECTED, snapshot, to=sid)


@fault("DEVICE-JOIN")
class GreetsWithAnOldSnapshot(HelpCenter):
    """Enters the room and reads the history, and greets a little later: what is saved in between is heard before the
    greeting, which replaces it in clients and does not show it."""

    async def admit(self, sid: str, user: str) -> None:
        self.users[sid] = user
        await self.join(sid, user)
        snapshot = self.snapshot(user)
        await asyncio.sleep(QUERY)
        await self.emit(CONNECTED, snapshot, to=sid)


OFTEN = (
    "BURST-AFTER-GREETING",
    "BURST-AFTER-CONNECT",
    "CONN-UPGRADE",
    "SUPPORT-STORED",
    "PARITY-GREETING",
    "PARITY-REST",
)
"""Where sends overlap with others, or with the answers of support."""


@fault("SEND-KEPT", also=OFTEN)
class SavesTheWholeConversation(HelpCenter):
    """A lost update: reads the conversation, appends to it, and writes all of it back."""

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        read = self.written(user)
        await asyncio.sleep(QUERY)
        message = self.save(user, text, sender=sender)
        with self.store.db:
            lost = self.written(user) - read - {message.id}
            self.store.db.executemany("DELETE FROM messages WHERE id = ?", [(one,) for one in lost])
        await self.announce(user, message, origin=origin)
        return message

    def written(self, user: str) -> set[str]:
        return {message.id for message in self.store.history(self.store.conversation_of(user))}


@fault("SEND-KEPT", also=(*OFTEN, "REST-SAME", "RECONNECT-RESYNC", "DEVICE-JOIN", "SEND-UNACKED"))
class EmptiesItsCacheBeforeTheCommit(HelpCenter):
    """Who reads between the two fills it with what was there before. Support says nothing that would empty it again."""

    COMMIT = 0.3
    """Seconds: another node has to confirm it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options, auto_reply=False)
        self.cache: dict[str, Json] = {}

    def snapshot(self, user: str) -> Json:
        if user not in self.cache:
            self.cache[user] = super().snapshot(user)
        return self.cache[user]

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        self.cache.pop(user, None)
        await asyncio.sleep(self.COMMIT)
        return await super().deliver(user, text, sender=sender, origin=origin)


@fault("MESSAGE-ECHO", also=("MESSAGE-DEVICES", "SUPPORT-EMITTED", "DEVICE-COEXIST", "DEVICE-JOIN", "SEND-UNACKED"))
class LeavingEmptiesTheRoom(HelpCenter):
    """When one device disconnects, its user's room is closed, and the others in it hear no more."""

    async def on_disconnect(self, sid: str, reason: str) -> None:
        user = self.users.get(sid)
        await super().on_disconnect(sid, reason)
        if user is not None:
            await self.wire.close_room(self.room_of(user), namespace=NAMESPACE)
