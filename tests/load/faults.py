"""Servers that work for a few users, and go wrong where what they do overlaps: each with what is violated then."""

from __future__ import annotations

import asyncio
import itertools
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import CONNECTED, NAMESPACE, SERVER_ERROR, Event, Json, Problem
from conformance.reference.store import Message
from conformance.reference.tokens import Verifier

QUERY = 0.02
"""Seconds that the database takes."""


@dataclass(frozen=True)
class UnderLoad:
    """``breaks``: the requirement that must be among those that are violated; ``users``: as many as it takes;
    ``in_crowds``: whether it begins with one connection too many (``crowds``)."""

    build: type[HelpCenter]
    breaks: str
    users: int
    in_crowds: bool = False

    def app(self, secret: str, *, room: int | None = None) -> Any:
        """``room``: for how many connections everything goes well, where there are such."""
        center = self.build(Verifier(secret))
        if self.in_crowds and room is not None:
            vars(center)["room"] = room
        return center.app


FAULTS: dict[str, UnderLoad] = {}


def under_load(
    breaks: str, *, users: int = 25, in_crowds: bool = False
) -> Callable[[type[HelpCenter]], type[HelpCenter]]:
    def register(broken: type[HelpCenter]) -> type[HelpCenter]:
        FAULTS[broken.__name__] = UnderLoad(broken, breaks, users, in_crowds)
        return broken

    return register


@under_load("ACK-MATCH")
class SwapsAcks(HelpCenter):
    """Keeps the answer in a field of the handler, which all connections share, while the audit log is written."""

    answer: Json

    async def acknowledge(self, event: Event, answer: Json) -> None:
        self.answer = answer
        await asyncio.sleep(QUERY)
        await super().acknowledge(event, self.answer)


@under_load("SEND-KEPT")
class LosesConcurrentSends(HelpCenter):
    """Two transactions at once: the database rolls one back, and it is not checked whether the commit went well."""

    version = 0

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        seen = self.version
        message = self.save(user, text, sender=sender)
        await asyncio.sleep(QUERY)
        if self.version != seen:
            with self.store.db:
                self.store.db.execute("DELETE FROM messages WHERE id = ?", (message.id,))
        self.version += 1
        await self.announce(user, message, origin=origin)
        return message


@under_load("ISOLATION-MESSAGES", users=40)
class SharesRooms(HelpCenter):
    """Spreads its rooms over 64 channels of the message bus by a checksum, and forgets to filter what comes back."""

    def room_of(self, user: str) -> str:
        return f"channel:{zlib.crc32(user.encode()) % 64}"


@under_load("ISOLATION-HISTORY")
class GreetsTheLastWhoCame(HelpCenter):
    """Keeps the user of the request in a field while the conversation is read."""

    current: str

    async def welcome(self, sid: str, user: str) -> None:
        self.current = user
        await asyncio.sleep(QUERY)
        await super().welcome(sid, self.current)


class Pool(HelpCenter):
    """A pool of connections to the database. A device that goes without a goodbye takes one with it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.free = 3

    async def on_disconnect(self, sid: str, reason: str) -> None:
        if sid in self.users and reason != "client disconnect":
            self.free -= 1
        await super().on_disconnect(sid, reason)


@under_load("SEND-PLAIN")
class PoolRunsDry(Pool):
    """Refuses whoever finds no connection in the pool; soon that is everybody, for good."""

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        if self.free <= 0:
            raise Problem(SERVER_ERROR, "No connection to the database.")
        return await super().deliver(user, text, sender=sender, origin=origin)


@under_load("ACK-CALLED")
class PoolHangs(Pool):
    """Waits without end for a connection of the pool."""

    async def on_send(self, event: Event) -> None:
        if self.free > 0:
            await super().on_send(event)
        else:
            self.spawn(self.wait())

    async def wait(self) -> None:
        await asyncio.get_running_loop().create_future()


@under_load("SEND-KEPT")
class SecondProcessKnowsLess(HelpCenter):
    """Two processes behind a balancer, each with a cache of all conversations. What the other one saves later is not in
    it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._turns = itertools.count()
        self._caches: tuple[dict[str, Json], dict[str, Json]] = ({}, {})
        self._process: dict[str, int] = {}

    async def admit(self, sid: str, user: str) -> None:
        self._process[sid] = next(self._turns) % 2
        await super().admit(sid, user)

    async def welcome(self, sid: str, user: str) -> None:
        for cache in self._caches:
            cache.setdefault(user, self.snapshot(user))
        await self.emit(CONNECTED, self._caches[self._process[sid]][user], to=sid)

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        writer = self._process.get(origin or "", 0)
        self._caches[writer][user] = self.snapshot(user)
        await super().announce(user, message, origin=origin)


@under_load("RECONNECT-RESYNC")
class InsertsAgain(HelpCenter):
    """The driver takes a busy database for a lost connection, and inserts once more."""

    busy = 0

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        self.busy += 1
        await asyncio.sleep(QUERY)
        if self.busy > 1:
            self.save(user, text, sender=sender)
        self.busy -= 1
        return await super().deliver(user, text, sender=sender, origin=origin)


class Counts(HelpCenter):
    """The reference server with a log of its own: what it did, counted where it does it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.log = dict.fromkeys(("connect", "greeting", "send", "ack", "message", "rest"), 0)
        self.has_acked, self.is_empty = threading.Event(), threading.Event()

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        self.log["connect"] += 1
        await super().on_connect(sid, environ, auth)

    async def welcome(self, sid: str, user: str) -> None:
        self.log["greeting"] += 1
        await super().welcome(sid, user)

    async def on_send(self, event: Event) -> None:
        self.log["send"] += 1
        await super().on_send(event)

    async def acknowledge(self, event: Event, answer: Json) -> None:
        self.log["ack"] += 1
        await super().acknowledge(event, answer)
        self.has_acked.set()

    async def on_disconnect(self, sid: str, reason: str) -> None:
        await super().on_disconnect(sid, reason)
        if not self.users:
            self.is_empty.set()

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        listeners = self.wire.manager.rooms.get(NAMESPACE, {}).get(self.room_of(user)) or ()
        self.log["message"] += len(listeners)
        await super().announce(user, message, origin=origin)

    def rest_payload(self, user: str) -> Json:
        self.log["rest"] += 1
        return super().rest_payload(user)
