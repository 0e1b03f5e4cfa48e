"""Slow, jittery and bursty servers, and other rhythms."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import sqlite3
from collections import defaultdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import SUPPORT, Json, Problem
from conformance.reference.serve import Served, Server
from conformance.reference.store import Message
from conformance.reference.wire import Wire
from tests.legal.legal import legal
from tests.legal.middleware import Delayed, Fronted, answer, is_rest, with_headers


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


class Bucket:
    """Allows ``most`` at once, and ``rate`` a second."""

    def __init__(self, most: float, rate: float) -> None:
        self.most, self.rate, self.level, self.at = most, rate, most, 0.0

    def take(self) -> bool:
        now = asyncio.get_running_loop().time()
        self.level, self.at = min(self.most, self.level + (now - self.at) * self.rate), now
        if self.level < 1:
            return False
        self.level -= 1
        return True


@legal()
class LimitsItsRate(HelpCenter):
    """Six sends at once and eight a second for each user; two requests at once and four a second on REST."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.sends: defaultdict[str, Bucket] = defaultdict(lambda: Bucket(6, 8))
        self.requests: defaultdict[str, Bucket] = defaultdict(lambda: Bucket(2, 4))
        super().__init__(*arguments, **options)

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        if origin is not None and not self.sends[user].take():
            raise Problem("RATE_LIMITED", "Not so fast.", details={"retryAfter": 0.2})
        return await super().deliver(user, text, sender=sender, origin=origin)

    async def rest_messages(self, request: Request) -> Response:
        if not self.requests[request.headers.get("authorization", "")].take():
            body = {"code": "RATE_LIMITED", "message": "Not so fast."}
            return JSONResponse(body, status_code=429, headers={"Retry-After": "1"})
        return await super().rest_messages(request)


@legal()
class GatewayLimitsItsRate(Fronted):
    """A gateway in front counts all requests of REST together, and says no in HTML."""

    STATUS = 429

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.bucket = Bucket(4, 12)
        super().__init__(*arguments, **options)

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        if is_rest(scope) and not self.bucket.take():
            await answer(send, self.STATUS, b"<h1>Not so fast</h1>", (b"content-type", b"text/html"))
        else:
            await inner(scope, receive, with_headers(send, (b"x-ratelimit-limit", b"12")))


@legal()
class GatewayLimitsConnections(Fronted):
    """Ten new connections at once and ten a second, whoever they are from; 429 on either transport."""

    STATUS, RATE = 429, 10
    HEADERS: tuple[tuple[bytes, bytes], ...] = ()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.bucket = Bucket(self.RATE, self.RATE)
        super().__init__(*arguments, **options)

    def takes_another(self) -> bool:
        """Whether a new connection is let in."""
        return self.bucket.take()

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        if is_rest(scope) or b"sid=" in scope["query_string"] or self.takes_another():
            await inner(scope, receive, send)
        elif scope["type"] == "http":
            await answer(send, self.STATUS, b"Too Many Requests", *self.HEADERS)
        else:
            await send({"type": "websocket.http.response.start", "status": self.STATUS, "headers": [*self.HEADERS]})
            await send({"type": "websocket.http.response.body", "body": b"Too Many Requests"})


@legal()
class SaysWhenToConnectAgain(GatewayLimitsConnections):
    """Twenty new connections a second; whoever is refused is asked to wait for a second."""

    RATE, HEADERS = 20, ((b"retry-after", b"1"),)


@legal(slow=True)
class TakesEightConnections(GatewayLimitsConnections):
    """As nginx's limit_conn: whoever comes ninth is refused until one of the eight has left."""

    STATUS, MOST = 503, 8

    def takes_another(self) -> bool:
        return sum(not one.closed for one in self.wire.eio.sockets.values()) < self.MOST


class Full(Served):
    """Ends a TCP connection as soon as it is there, while there are as many as it takes."""

    MOST = 24

    def server(self, app: ASGIApp) -> Server:
        server = super().server(app)
        server.config.load()
        server.config.http_protocol_class = self._bounded(server.config.http_protocol_class)
        return server

    def _bounded(self, protocol: Any) -> Any:
        most = self.MOST

        class Bounded(protocol):  # type: ignore[misc]
            def connection_made(self, transport: asyncio.Transport) -> None:
                if len(self.connections) < most:
                    super().connection_made(transport)
                else:
                    transport.abort()

            def connection_lost(self, exc: Exception | None) -> None:
                if self in self.connections:
                    super().connection_lost(exc)

        return Bounded


@legal()
class TakesFewConnections(HelpCenter):
    """Twenty-four of TCP, whoever they are from; others are cut off without a word."""

    SERVED = Full


@legal()
class NginxLimitsItsRate(GatewayLimitsItsRate):
    """By the status that nginx has for it, or by another one that is given."""

    STATUS = 503


@legal()
class NginxLimitsConnections(GatewayLimitsConnections):
    """The same, for connections."""

    STATUS = 503


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
