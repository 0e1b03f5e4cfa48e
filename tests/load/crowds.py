"""Servers that are right while few are there: what is wrong with them begins with one connection too many, so that a
certification, which has some dozens, finds nothing or finds it now and then."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import OrderedDict
from dataclasses import replace
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MESSAGE, SEND, SUPPORT, Event, Json
from conformance.reference.store import Message
from tests.load.faults import QUERY, under_load

MANY = 80
"""Connections that each of these servers has room for."""


class Crowded(HelpCenter):
    """``room``: for how many connections everything goes well."""

    room = MANY

    @property
    def is_crowded(self) -> bool:
        return len(self.users) > self.room


class Slots(Crowded):
    """Connections have slots in a table; where it is full, a slot is somebody else's, too."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.numbers: dict[str, int] = {}

    async def admit(self, sid: str, user: str) -> None:
        taken = set(self.numbers.values())
        self.numbers[sid] = next(number for number in itertools.count() if number not in taken)
        await super().admit(sid, user)

    async def on_disconnect(self, sid: str, reason: str) -> None:
        self.numbers.pop(sid, None)
        await super().on_disconnect(sid, reason)

    def slot(self, sid: str) -> int:
        return self.numbers.get(sid, 0) % self.room


@under_load("ACK-MATCH", in_crowds=True)
class SharesSlots(Slots):
    """The answer waits in the slot while the audit log is written."""

    answers: dict[int, Json]

    async def acknowledge(self, event: Event, answer: Json) -> None:
        self.answers = getattr(self, "answers", {})
        self.answers[self.slot(event.sid)] = answer
        await asyncio.sleep(5 * QUERY)
        await super().acknowledge(event, self.answers[self.slot(event.sid)])


@under_load("SEND-KEPT", in_crowds=True)
class NumbersBySlot(Slots):
    """Ids are made of the second, the slot, and a number within both, which two who share a slot both count. A
    message with an id that is taken replaces the one that has it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.counted: dict[int, tuple[int, int]] = {}

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        if origin is None:
            return await super().deliver(user, text, sender=sender)
        second, number = int(time.time()), self.numbers.get(origin, 0)
        last, count = self.counted.get(number, (second, 0))
        self.counted[number] = (second, count + 1 if last == second else 1)
        name = f"{second}-{self.slot(origin)}-{self.counted[number][1]}"
        async with self.locks[user]:
            message = replace(self.save(user, text, sender=sender), id=name)
            with self.store.db as db:
                db.execute("DELETE FROM messages WHERE id = ?", (name,))
                db.execute("UPDATE messages SET id = ? WHERE number = (SELECT max(number) FROM messages)", (name,))
            await self.announce(user, message, origin=origin)
        return message


@under_load("MESSAGE-CONVERSATION", in_crowds=True)
class MisdirectsReplies(Slots):
    """Who waits for an answer of support stands in the slot of the connection."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.waiting: dict[int, str] = {}

    async def on_send(self, event: Event) -> None:
        self.waiting[self.slot(event.sid)] = self.sender_of(event)
        await super().on_send(event)

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        if message.sender != SUPPORT:
            return await super().announce(user, message, origin=origin)
        slots = [self.slot(sid) for sid, owner in self.users.items() if owner == user]
        for waiting in {self.waiting.get(slot, user) for slot in slots}:
            await super().announce(waiting, message, origin=origin)


@under_load("SEND-PLAIN", in_crowds=True)
class ForgetsSessions(Crowded):
    """Keeps who is logged in in a cache: with one connection too many, the one that was used longest ago is out of it,
    and its texts are refused."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sessions: OrderedDict[str, str] = OrderedDict()

    async def admit(self, sid: str, user: str) -> None:
        self.sessions[sid] = user
        while len(self.sessions) > self.room:
            self.sessions.popitem(last=False)
        await super().admit(sid, user)

    async def on_disconnect(self, sid: str, reason: str) -> None:
        self.sessions.pop(sid, None)
        await super().on_disconnect(sid, reason)

    def sender_of(self, event: Event) -> str:
        user = self.sessions.get(event.sid)
        if user is None:
            raise self.unauthorized("Log in again.")
        self.sessions.move_to_end(event.sid)
        return user


@under_load("MESSAGE-ECHO", in_crowds=True)
class AnnouncesToTheFirstPage(Crowded):
    """Asks the presence service who is connected, and gets the first page of its answer."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:  # noqa: ARG002
        for sid, owner in list(self.users.items())[: self.room]:
            if owner == user:
                await self.emit(MESSAGE, self.message_payload(message), to=sid)


@under_load("SEND-KEPT", in_crowds=True)
class EvictsWhatIsNotWritten(Crowded):
    """Writes to the database every two seconds. Its cache has room for some conversations, and drops the one that was
    used longest ago, written or not."""

    PERIOD = 2.0

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.unwritten: OrderedDict[str, list[str]] = OrderedDict()
        self.written = 0.0

    def save(self, user: str, text: str, *, sender: str) -> Message:
        message = super().save(user, text, sender=sender)
        if time.monotonic() - self.written > self.PERIOD:
            self.unwritten.clear()
            self.written = time.monotonic()
        self.unwritten.setdefault(user, []).append(message.id)
        self.unwritten.move_to_end(user)
        if len(self.unwritten) > self.room // 2:
            _, dropped = self.unwritten.popitem(last=False)
            with self.store.db as db:
                db.executemany("DELETE FROM messages WHERE id = ?", [(name,) for name in dropped])
        return message


@under_load("ISOLATION-HISTORY", in_crowds=True)
class SharesAnswersWhenBusy(Crowded):
    """When many are there, REST answers from a cache. Its key is the path and the second, and not the user."""

    second = 0
    answer: Json = None

    def rest_payload(self, user: str) -> Json:
        if not self.is_crowded:
            return super().rest_payload(user)
        if int(time.time()) != self.second:
            self.second, self.answer = int(time.time()), super().rest_payload(user)
        return self.answer


@under_load("ACK-CALLED", in_crowds=True)
class DropsFromTheCrowd(Crowded):
    """A limiter counts by address, which is the proxy's, so that everybody has the same. What exceeds it is dropped
    without a word."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.seen: dict[str, float] = {}

    async def on_send(self, event: Event) -> None:
        now = time.monotonic()
        self.seen = {sid: at for sid, at in self.seen.items() if now - at < 1.0} | {event.sid: now}
        if len(self.seen) <= self.room // 2:
            await super().on_send(event)


@under_load("PIPELINE-ORDER", in_crowds=True)
class OvertakesWhenBusy(Crowded):
    """Hands what is sent to a pool of threads when many are there; the threads take turns as they like."""

    turns = itertools.cycle((4, 1, 2))

    async def receive(self, event: Event) -> None:
        if event.name == SEND and self.is_crowded:
            self.spawn(self.later(event))
        else:
            await super().receive(event)

    async def later(self, event: Event) -> None:
        await asyncio.sleep(next(self.turns) * QUERY)
        await super().receive(event)


@under_load("SEND-KEPT", in_crowds=True)
class GreetsFromAnOldCopy(Crowded):
    """When many are there, whoever connects is greeted from a copy of the conversation that is renewed every three
    seconds."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.copies: dict[str, tuple[float, Json]] = {}

    def snapshot(self, user: str) -> Json:
        at, copy = self.copies.get(user, (0.0, None))
        if copy is None or not self.is_crowded or time.monotonic() - at > 3.0:
            copy = super().snapshot(user)
            self.copies[user] = time.monotonic(), copy
        return copy
