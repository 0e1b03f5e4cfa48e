"""Slow, jittery and bursty servers, and other rhythms."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import sqlite3
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import SUPPORT, Json, Problem
from conformance.reference.store import Message
from conformance.reference.wire import Wire
from tests.legal.legal import legal
from tests.legal.middleware import Delayed


@legal()
class FarAway(Delayed):
    """Everything arrives 150 ms after it was sent."""

    def due(self, now: float) -> float:
        return now + 0.15


@legal()
class Jittery(Delayed):
    """Everything arrives up to 250 ms after it was sent, in order."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.chance = random.Random(11)
        super().__init__(*arguments, **options)

    def due(self, now: float) -> float:
        return now + self.chance.uniform(0, 0.25)


@legal()
class Bursty(Delayed):
    """A radio that wakes up four times a second: what was sent since then arrives at once."""

    def due(self, now: float) -> float:
        return math.ceil(now * 4) / 4


@legal()
class SlowToSave(HelpCenter):
    """Each message takes 150 ms, one after the other."""

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        await asyncio.sleep(0.15)
        return await super().deliver(user, text, sender=sender, origin=origin)


@legal()
class SlowToGreet(HelpCenter):
    """Tokens are looked up elsewhere: half a second until a client is greeted or refused, on REST too."""

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        await asyncio.sleep(0.5)
        await super().on_connect(sid, environ, auth)

    async def rest_messages(self, request: Request) -> Response:
        await asyncio.sleep(0.5)
        return await super().rest_messages(request)


@legal()
class AnswersConnectLate(HelpCenter):
    """Half a second until CONNECT is answered, for users as for strangers; then everything at once."""

    def build_wire(self) -> Wire:
        wire = super().build_wire()
        connected = wire._handle_connect

        async def late(eio_sid: str, namespace: str | None, data: object) -> None:
            await asyncio.sleep(0.5)
            await connected(eio_sid, namespace, data)

        wire._handle_connect = late  # type: ignore[method-assign]
        return wire


@legal()
class PingsQuickly(HelpCenter):
    """Every 300 ms."""

    def wire_options(self) -> Json:
        return {"ping_interval": 0.3, "ping_timeout": 3}


@legal()
class PingsAtTheLastMoment(HelpCenter):
    """Announces a second, and four for the answer, and pings just before clients would hang up."""

    def wire_options(self) -> Json:
        return {"ping_interval": 1, "ping_timeout": 4}

    def build_wire(self) -> Wire:
        wire = super().build_wire()
        connected = wire._handle_eio_connect

        async def late(eio_sid: str, environ: Json) -> None:
            engine = wire.eio.sockets[eio_sid]
            ping = engine._send_ping

            async def later() -> None:
                await asyncio.sleep(3.6)
                await ping()

            engine._send_ping = later
            await connected(eio_sid, environ)

        wire.eio.on("connect", late)
        return wire


@legal()
class PingsSlowly(HelpCenter):
    """Every five minutes."""

    def wire_options(self) -> Json:
        return {"ping_interval": 300, "ping_timeout": 60}


@legal()
class SlowToMakeConversations(HelpCenter):
    """Whoever comes first has a conversation made, 100 ms for each, one after the other, whoever they are from; the
    others of that user wait."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.making = asyncio.Lock()

    async def made(self, user: str) -> None:
        async with self.making:
            if self.store.find(user) is None:
                await asyncio.sleep(0.1)
                self.store.create(user)

    async def admit(self, sid: str, user: str) -> None:
        await self.made(user)
        await super().admit(sid, user)

    async def rest_messages(self, request: Request) -> Response:
        with contextlib.suppress(Problem):
            await self.made(self.rest_user(request))
        return await super().rest_messages(request)


@legal()
class LosesTheRaceAndLooksAgain(HelpCenter):
    """Finds no conversation, makes one a few milliseconds later, and takes the other one where somebody was faster."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.chance = random.Random(5)

    async def made(self, user: str) -> None:
        if self.store.find(user) is None:
            await asyncio.sleep(self.chance.uniform(0.001, 0.005))
            with contextlib.suppress(sqlite3.IntegrityError):
                self.store.create(user)

    async def admit(self, sid: str, user: str) -> None:
        await self.made(user)
        await super().admit(sid, user)

    async def rest_messages(self, request: Request) -> Response:
        with contextlib.suppress(Problem):
            await self.made(self.rest_user(request))
        return await super().rest_messages(request)


@legal()
class TellsOfRepliesLater(HelpCenter):
    """A reply is in the conversation at once, and its event leaves a second and a half later."""

    async def reply(self, user: str, message: Message) -> None:
        answer = self.save(user, self.reply_text(message), sender=SUPPORT)
        await asyncio.sleep(1.5)
        await self.announce(user, answer, origin=None)
