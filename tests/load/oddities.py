"""Servers that are right, and odd in ways that load brings out: nothing of it may be blamed on them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MESSAGE, SERVER_ERROR, Event, Json, Problem
from conformance.reference.store import Message


class Slow(HelpCenter):
    """Needs a second and a half for each text."""

    async def on_send(self, event: Event) -> None:
        self.spawn(self.later(event))

    async def later(self, event: Event) -> None:
        async with self.locks[event.sid]:
            await asyncio.sleep(1.5)
            await super().on_send(event)


class Stalls(HelpCenter):
    """Does nothing at all for a second, every three seconds: its memory is collected."""

    due = 0.0

    async def receive(self, event: Event) -> None:
        if time.monotonic() > self.due:
            time.sleep(1.0)  # noqa: ASYNC251  nothing else shall go on
            self.due = time.monotonic() + 3.0
        await super().receive(event)


class TakesSomeConnections(HelpCenter):
    """Has room for some, and tells others so."""

    room = 15

    async def admit(self, sid: str, user: str) -> None:
        if len(self.users) >= self.room:
            raise Problem(SERVER_ERROR, "Too many are connected. Try again later.")
        await super().admit(sid, user)


class LimitsTheRate(HelpCenter):
    """Takes five texts a second of all together, and answers the others that they are too many."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.taken: Counter[int] = Counter()

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        if origin is not None:
            second = int(time.time())
            if self.taken[second] >= 5:
                raise Problem("RATE_LIMITED", "Too many messages. Try again later.", details={"retryAfter": 1})
            self.taken[second] += 1
        return await super().deliver(user, text, sender=sender, origin=origin)


class FansOutLater(HelpCenter):
    """The devices of a user hear of a message by the bus, 300 ms after it was saved and acked."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:  # noqa: ARG002
        self.spawn(self.fan_out(user, self.message_payload(message)))

    async def fan_out(self, user: str, payload: Json) -> None:
        there = [sid for sid, owner in self.users.items() if owner == user]
        await asyncio.sleep(0.3)
        for sid in there:
            await self.emit(MESSAGE, payload, to=sid)


ODDITIES: dict[str, type[HelpCenter]] = {
    one.__name__: one for one in (Slow, Stalls, TakesSomeConnections, LimitsTheRate, FansOutLater)
}
