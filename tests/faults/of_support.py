"""Servers whose support is not heard by those who are there (sections 4.2 and 9)."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MESSAGE, SUPPORT, Event
from conformance.reference.store import Message
from tests.faults.fault import fault


@fault("SUPPORT-EMITTED", also=("MESSAGE-DEVICES",))
class AnyDisconnectForgetsTheUser(HelpCenter):
    """A map from users to sockets, for replies; whoever disconnects deletes the user's entry."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.sockets: dict[str, str] = {}
        super().__init__(*arguments, **options)

    async def admit(self, sid: str, user: str) -> None:
        self.sockets[user] = sid
        await super().admit(sid, user)

    async def on_disconnect(self, sid: str, reason: str) -> None:
        self.sockets.pop(self.users.get(sid, ""), None)
        await super().on_disconnect(sid, reason)

    async def reply(self, user: str, message: Message) -> None:
        answer = self.save(user, self.reply_text(message), sender=SUPPORT)
        if user in self.sockets:
            await self.emit(MESSAGE, self.message_payload(answer), to=self.sockets[user])


class Silently(HelpCenter):
    """A worker stores the reply some time later, and does not emit it."""

    DELAY = 0.0

    async def reply(self, user: str, message: Message) -> None:
        await asyncio.sleep(self.DELAY)
        self.save(user, self.reply_text(message), sender=SUPPORT)


@fault("SUPPORT-EMITTED")
class RepliesSilentlyAfterASecond(Silently):
    DELAY = 1.0


@fault("SUPPORT-EMITTED")
class RepliesSilentlyAfterThreeSeconds(Silently):
    DELAY = 3.0


@fault("SUPPORT-EMITTED")
class RepliesToTheSocketThatAsked(HelpCenter):
    """The worker answers the connection that the question came on, and no other."""

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        message = await super().deliver(user, text, sender=sender, origin=origin)
        if origin is not None and self.auto_reply:
            self.spawn(self.answer(user, message, origin))
        return message

    def schedule_reply(self, user: str, message: Message) -> None:
        """It is the worker who does."""

    async def answer(self, user: str, message: Message, origin: str) -> None:
        await asyncio.sleep(2.5)
        reported = self.save(user, self.reply_text(message), sender=SUPPORT)
        if origin in self.users:
            await self.emit(MESSAGE, self.message_payload(reported), to=origin)


@fault("MESSAGE-DEVICES")
class RepliesToTheFirstDevice(HelpCenter):
    """``find`` where ``filter`` was meant: of a user's devices, the one that has been there the longest."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        if message.sender == SUPPORT:
            first = next((sid for sid, owner in self.users.items() if owner == user), self.room_of(user))
            await self.emit(MESSAGE, self.message_payload(message), to=first)
        else:
            await super().announce(user, message, origin=origin)


@fault("SUPPORT-EMITTED")
class ReplyToUnackedIsSilent(HelpCenter):
    """The answer to a send without a callback is saved, and emitted to nobody."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.asked: dict[str, bool] = {}
        super().__init__(*arguments, **options)

    async def on_send(self, event: Event) -> None:
        if event.sid in self.users:
            self.asked[self.users[event.sid]] = event.ack is not None
        await super().on_send(event)

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        if message.sender != SUPPORT or self.asked.get(user, True):
            await super().announce(user, message, origin=origin)


@fault("SUPPORT-EMITTED")
class PendingRepliesAfterGreeting(HelpCenter):
    """What support says to a user who has left waits, and is saved when the user returns, right after the greeting was
    read. It is emitted to nobody."""

    DELAY = 0.3

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.pending: defaultdict[str, list[str]] = defaultdict(list)
        super().__init__(*arguments, **options)

    async def reply(self, user: str, message: Message) -> None:
        await asyncio.sleep(self.DELAY)
        if user in self.users.values():
            await self.deliver(user, self.reply_text(message), sender=SUPPORT)
        else:
            self.pending[user].append(self.reply_text(message))

    async def welcome(self, sid: str, user: str) -> None:
        await super().welcome(sid, user)
        for text in self.pending.pop(user, []):
            self.save(user, text, sender=SUPPORT)
