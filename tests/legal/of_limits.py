"""Servers and gateways that take so much at a time, and no more."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Event, Problem
from conformance.reference.serve import Served, Server
from conformance.reference.store import Message
from tests.legal.legal import legal
from tests.legal.middleware import Fronted, answer, is_rest, with_headers


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
class LimitsTyping(HelpCenter):
    """Forty typing events at once and two a second for each connection. Those beyond are dropped, and whoever sends
    within half a second of one is asked for patience."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.signals: defaultdict[str, Bucket] = defaultdict(lambda: Bucket(40, 2))
        self.until: defaultdict[str | None, float] = defaultdict(float)
        super().__init__(*arguments, **options)

    async def on_typing(self, event: Event) -> None:
        if not self.signals[event.sid].take():
            self.until[event.sid] = asyncio.get_running_loop().time() + 0.5

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        if asyncio.get_running_loop().time() < self.until[origin]:
            raise Problem("RATE_LIMITED", "Not so fast.", details={"retryAfter": 0.5})
        return await super().deliver(user, text, sender=sender, origin=origin)


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
class TakesOneAtATime(HelpCenter):
    """A transaction takes 30 ms, and is SERIALIZABLE: of two of one user, the later one is rolled back."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.open: set[str] = set()
        super().__init__(*arguments, **options)

    async def receive(self, event: Event) -> None:
        self.spawn(super().receive(event))

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        while user in self.open:
            if origin is not None:
                raise Problem("SERVER_ERROR", "could not serialize access due to concurrent update")
            await asyncio.sleep(0.02)
        self.open.add(user)
        try:
            await asyncio.sleep(0.03)
            return await super().deliver(user, text, sender=sender, origin=origin)
        finally:
            self.open.discard(user)


@legal()
class HasASlowMode(HelpCenter):
    """A message each 0.4 s for each user; whoever is faster is told so in German, and not when to come again."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.sends: defaultdict[str, Bucket] = defaultdict(lambda: Bucket(1, 2.5))
        super().__init__(*arguments, **options)

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        if origin is not None and not self.sends[user].take():
            raise Problem("SLOW_MODE", "Langsamer, bitte: Sie schreiben zu schnell.", details={"modus": "langsam"})
        return await super().deliver(user, text, sender=sender, origin=origin)


class Queued(Served):
    """Serves so many TCP connections at a time; others wait until one has ended. Idle ones end after two seconds."""

    MOST, IDLE = 20, 2

    def server(self, app: ASGIApp) -> Server:
        server = super().server(app)
        server.config.timeout_keep_alive = self.IDLE
        server.config.load()
        server.config.http_protocol_class = self._queueing(server.config.http_protocol_class)
        return server

    def _queueing(self, protocol: Any) -> Any:
        most = self.MOST
        served: set[asyncio.Transport] = set()
        waiting: list[tuple[Any, asyncio.Transport]] = []

        def admit() -> None:
            served.difference_update([one for one in served if one.is_closing()])
            while waiting and len(served) < most:
                connection, transport = waiting.pop(0)
                if not transport.is_closing():
                    served.add(transport)
                    protocol.connection_made(connection, transport)
                    transport.resume_reading()
            if waiting:  # a WebSocket has a protocol of its own, which does not say that it ends
                asyncio.get_running_loop().call_later(0.1, admit)

        class Queueing(protocol):  # type: ignore[misc]
            def connection_made(self, transport: asyncio.Transport) -> None:
                transport.pause_reading()
                waiting.append((self, transport))
                admit()

            def connection_lost(self, exc: Exception | None) -> None:
                left = [one for one in waiting if one[0] is self]
                if left:
                    waiting.remove(left[0])
                else:
                    super().connection_lost(exc)
                    admit()

        return Queueing


@legal(slow=True)
class QueuesConnections(HelpCenter):
    """Twenty of TCP at a time: a crowd waits for itself."""

    SERVED = Queued


@legal(slow=True)
class LimitsConnectionsInWords(HelpCenter):
    """Ten new ones at once and eight a second; who comes too soon is told so, and when to come again."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.bucket = Bucket(10, 8)
        super().__init__(*arguments, **options)

    async def admit(self, sid: str, user: str) -> None:
        if self.bucket.take():
            await super().admit(sid, user)
        else:
            await self.refuse(sid, Problem("RATE_LIMITED", "Too many connections.", details={"retryAfter": 1}))
