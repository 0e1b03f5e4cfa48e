"""Servers that are slow, and not silent: the document has no time limits.

Whole certifications of these take minutes: ``python -m tests.legal`` has them, the tests only some of their scenarios.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MESSAGE, SUPPORT, TYPING, USER, Event, Json, Problem
from conformance.reference.store import Message
from tests.legal.legal import legal
from tests.legal.middleware import Delayed


@legal(slow=True)
class SavesRowByRow(HelpCenter):
    """A quarter of a second for each row of a conversation, one after the other; support's replies are rows, too."""

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        async with self.locks[user]:
            await asyncio.sleep(0.25)
            message = self.save(user, text, sender=sender)
            await self.announce(user, message, origin=origin)
        return message


class Handled(HelpCenter):
    """Sends are handled side by side; right as it stands."""

    async def receive(self, event: Event) -> None:
        self.spawn(super().receive(event))


@legal(slow=True)
class Moderates(Handled):
    """Somebody looks at each text for six seconds before it is saved."""

    def save(self, user: str, text: str, *, sender: str) -> Message:
        return super().save(user, text, sender=sender)

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        await asyncio.sleep(6)
        return await super().deliver(user, text, sender=sender, origin=origin)


@legal(slow=True)
class SendsFromAnOutbox(HelpCenter):
    """Messages are saved and acked at once; what is to be emitted leaves every seven seconds."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.outbox: list[tuple[str, Json, str]] = []
        super().__init__(*arguments, **options)

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:  # noqa: ARG002
        self.outbox.append((MESSAGE, self.message_payload(message), self.room_of(user)))
        if len(self.outbox) == 1:
            self.spawn(self.leave())

    async def leave(self) -> None:
        await asyncio.sleep(7)
        leaving, self.outbox = self.outbox, []
        for event, payload, room in leaving:
            await self.emit(event, payload, to=room)


class CommitsLate(HelpCenter):
    """Emits a message within the transaction that saves it; commits and acks later; right as it stands."""

    TAKES = 0.25

    async def on_send(self, event: Event) -> None:
        try:
            user = self.sender_of(event)
            text = self.validate(self.payload_of(event))
        except Problem as problem:
            await self.reject(event, problem)
            return
        self.spawn(self.saved(event, user, text))

    async def saved(self, event: Event, user: str, text: str) -> None:
        message = await self.committed(user, text, sender=USER, origin=event.sid)
        await self.acknowledge(event, self.ack_payload(message))
        self.schedule_reply(user, message)

    async def reply(self, user: str, message: Message) -> None:
        await self.committed(user, self.reply_text(message), sender=SUPPORT, origin=None)

    async def committed(self, user: str, text: str, *, sender: str, origin: str | None) -> Message:
        async with self.locks[user]:
            conversation = self.store.conversation_of(user)
            message = Message(self.store.new_id(), conversation.id, sender, text, self.store.now())
            await self.announce(user, message, origin=origin)
            await asyncio.sleep(self.TAKES)
            with self.store.db:
                self.store.db.execute(
                    "INSERT INTO messages (id, conversation_id, sender, text, created_at) VALUES (?, ?, ?, ?, ?)",
                    (message.id, conversation.id, sender, text, message.created_at),
                )
        return message


@legal(slow=True)
class CommitsSoonAfterTheEvent(CommitsLate):
    """A quarter of a second."""


@legal(slow=True)
class CommitsLongAfterTheEvent(CommitsLate):
    """Three seconds."""

    TAKES = 3.0


@legal(slow=True)
class TellsLongAfterTheAck(HelpCenter):
    """Three seconds between ack and event, for each message by itself; errors come as late."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        self.spawn(self.later(super().announce(user, message, origin=origin)))

    async def emit_error(self, sid: str, problem: Problem) -> None:
        if sid in self.users:
            self.spawn(self.later(super().emit_error(sid, problem)))
        else:
            await super().emit_error(sid, problem)

    async def later(self, work: Any) -> None:
        await asyncio.sleep(3)
        await work


@legal(slow=True)
class AcksLongAfterTheEvent(HelpCenter):
    """Three seconds between event and ack; refusals are acked as late."""

    async def acknowledge(self, event: Event, answer: Json) -> None:
        self.spawn(self.later(event, answer))

    async def later(self, event: Event, answer: Json) -> None:
        await asyncio.sleep(3)
        await super().acknowledge(event, answer)


@legal(slow=True)
class AnswersLate(Delayed):
    """Whatever it says, over all channels, arrives four seconds later."""

    def due(self, now: float) -> float:
        return now + 4


@legal(slow=True)
class GreetsLate(HelpCenter):
    """Six seconds until a client is greeted or refused, on REST too."""

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        await asyncio.sleep(6)
        await super().on_connect(sid, environ, auth)

    async def rest_messages(self, request: Request) -> Response:
        await asyncio.sleep(6)
        return await super().rest_messages(request)


@legal(slow=True)
class TypesLate(HelpCenter):
    """Support begins to type two seconds after a message, and answers three seconds later."""

    async def reply(self, user: str, message: Message) -> None:
        await asyncio.sleep(2)
        await self.emit(TYPING, {"isTyping": True, "sender": SUPPORT}, to=self.room_of(user))
        await asyncio.sleep(3)
        await self.emit(TYPING, {"isTyping": False, "sender": SUPPORT}, to=self.room_of(user))
        await super().reply(user, message)


@legal(slow=True, advice=["BURST-AFTER-CONNECT"])
class StallsAndForgetsEarlySends(HelpCenter):
    """Ignores what comes before the greeting, which takes half a second. Long after the first of that the machine has
    other work: each fifth ack takes two and a half seconds."""

    STALLS_AFTER = 16.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.ready: set[str] = set()
        self.stalls_from = math.inf
        self.acked = 0

    async def welcome(self, sid: str, user: str) -> None:
        self.spawn(self.greet(sid, user))

    async def greet(self, sid: str, user: str) -> None:
        await asyncio.sleep(0.5)
        self.ready.add(sid)
        await super().welcome(sid, user)

    async def on_send(self, event: Event) -> None:
        if event.sid in self.ready:
            await super().on_send(event)
        else:
            self.stalls_from = min(self.stalls_from, time.monotonic() + self.STALLS_AFTER)

    async def acknowledge(self, event: Event, answer: Json) -> None:
        self.acked += 1
        if time.monotonic() > self.stalls_from and self.acked % 5 == 0:
            await asyncio.sleep(2.5)
        await super().acknowledge(event, answer)


@legal(slow=True)
class StopsTheWorld(HelpCenter):
    """A collector of garbage: every two and a half seconds nothing happens for more than a second."""

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        if "collecting" not in self.__dict__:
            self.collecting = True
            self.spawn(self.collect())
        await super().on_connect(sid, environ, auth)

    async def collect(self) -> None:
        while True:
            await asyncio.sleep(2.5)
            time.sleep(1.2)  # noqa: ASYNC251  that is the point
