"""Ack, event and support's reply in every order; who gets it first; support that speaks for itself."""

from __future__ import annotations

import asyncio
import random

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import (
    MESSAGE,
    NAMESPACE,
    USER,
    Event,
    Json,
)
from conformance.reference.store import Message
from tests.legal.legal import legal

# -- ack and event -------------------------------------------------------------------------------------------------


class Announcing(HelpCenter):
    """Announces the user's messages by a way of its own; support's as ever."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        if message.sender == USER:
            await self.tell(user, message, origin)
        else:
            await super().announce(user, message, origin=origin)

    async def tell(self, user: str, message: Message, origin: str | None) -> None:
        await super().announce(user, message, origin=origin)

    async def emitted_later(self, user: str, message: Message, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await super().announce(user, message, origin=None)


@legal()
class AcksFirst(Announcing):
    """The event goes through a broker and comes a quarter of a second after the ack, and after support's reply."""

    async def tell(self, user: str, message: Message, origin: str | None) -> None:  # noqa: ARG002
        self.spawn(self.emitted_later(user, message, 0.25))


@legal()
class EventsPassASlowBroker(HelpCenter):
    """Every message is saved and acked at once, and announced 600 ms later, support's as well."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        self.spawn(self.by_broker(user, message, origin))

    async def by_broker(self, user: str, message: Message, origin: str | None) -> None:
        await asyncio.sleep(0.6)
        await super().announce(user, message, origin=origin)


@legal()
class AcksLate(HelpCenter):
    """The ack waits for a search index; events of later messages overtake it."""

    async def acknowledge(self, event: Event, answer: Json) -> None:
        self.spawn(self.late(event, answer))

    async def late(self, event: Event, answer: Json) -> None:
        await asyncio.sleep(0.25)
        await super().acknowledge(event, answer)


@legal(advice=["PIPELINE-ORDER"])
class HandlersRunSideBySide(HelpCenter):
    """A thread pool: each send takes its own time, so acks and messages come in any order."""

    async def receive(self, event: Event) -> None:
        chance: random.Random = self.__dict__.setdefault("chance", random.Random(7))
        self.spawn(self.handled(event, chance.choice([0.0, 0.03, 0.09])))

    async def handled(self, event: Event, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await super().receive(event)


@legal()
class TellsTheSenderFirst(Announcing):
    """``socket.emit`` and then ``socket.to(room).emit``."""

    async def tell(self, user: str, message: Message, origin: str | None) -> None:
        payload, room = self.message_payload(message), self.room_of(user)
        if origin is None:
            return
        await self.emit(MESSAGE, payload, to=origin)
        await self.wire.emit(MESSAGE, payload, to=room, skip_sid=origin, namespace=NAMESPACE)


@legal()
class TellsTheSenderLast(Announcing):
    """``socket.to(room).emit``, then the ack, and then ``socket.emit``."""

    async def tell(self, user: str, message: Message, origin: str | None) -> None:
        payload, room = self.message_payload(message), self.room_of(user)
        await self.wire.emit(MESSAGE, payload, to=room, skip_sid=origin, namespace=NAMESPACE)
        self.spawn(self.to_sender(payload, origin))

    async def to_sender(self, payload: Json, origin: str | None) -> None:
        await asyncio.sleep(0.05)
        if origin is not None:
            await self.emit(MESSAGE, payload, to=origin)


@legal()
class TellsOtherDevicesLater(Announcing):
    """The sender at once; the others by a broker, each in its own time and always in order."""

    async def tell(self, user: str, message: Message, origin: str | None) -> None:
        payload = self.message_payload(message)
        if origin is not None:
            await self.emit(MESSAGE, payload, to=origin)
        for number, sid in enumerate([s for s, owner in self.users.items() if owner == user and s != origin], 2):
            self.spawn(self.later(sid, payload, 0.15 * number))

    async def later(self, sid: str, payload: Json, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.emit(MESSAGE, payload, to=sid)


@legal(advice=["MESSAGE-DEVICES"])
class TellsOnlyTheSender(Announcing):
    """The document knows one client of a user."""

    async def tell(self, user: str, message: Message, origin: str | None) -> None:  # noqa: ARG002
        if origin is not None:
            await self.emit(MESSAGE, self.message_payload(message), to=origin)


@legal(advice=["MESSAGE-ONCE"])
class TellsEverythingTwice(HelpCenter):
    """A broker that delivers at least once; clients are advised to drop duplicates by id."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        await super().announce(user, message, origin=origin)
        await super().announce(user, message, origin=origin)


@legal()
class HearsBeforeItIsGreeted(HelpCenter):
    """A device is in the room at once; its greeting, which has all that was said meanwhile, takes 300 ms."""

    async def admit(self, sid: str, user: str) -> None:
        self.users[sid] = user
        await self.join(sid, user)
        await asyncio.sleep(0.3)
        async with self.locks[user]:
            if sid in self.users:
                await self.welcome(sid, user)
