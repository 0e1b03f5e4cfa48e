"""An aiohttp session for a Socket.IO client library, which records every Engine.IO packet that crosses it.

python-engineio documents that its client takes a session of one's own (``http_session``): all that it sends and
receives goes through that session's ``get``, ``post`` and ``ws_connect``. Each packet is handed over here before the
client sees it, and as it is written. What the environment asks for (TLS, headers of a gateway, cookies, limits of rate
inside a session, an end to idle connections) is taken care of as by ``conformance.transport.connection``; all else is
the client's own doing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
from yarl import URL

from conformance.protocol import Json
from conformance.record.clock import unhurried
from conformance.record.rate_limits import SLOWER, retry_after
from conformance.transport.close_reason import CloseReason, HandshakeFailed, describe_error
from conformance.transport.cookies import Cookies
from conformance.transport.engineio import SEPARATOR, PacketType, Transport
from conformance.transport.gate import GatedConnector
from conformance.transport.goodbyes import CLOSING
from conformance.transport.http_session import LONGEST_HEADER, RawWebSocket, no_redirects, read_body, refusal
from conformance.transport.limits import MESSAGE, POLL, Intake, TooMuch
from conformance.transport.polling import FIRST_PAUSE, LIMITED
from conformance.transport.tap import ClientListener, Tap
from conformance.transport.websocket import ENDS, close_reason_of


class Answer:
    """To one HTTP request, as far as the client looks at it."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.status = status
        self.headers = headers
        self._body = body

    async def read(self) -> bytes:
        return self._body

    async def json(self) -> Json:
        try:
            return json.loads(self._body)
        except (ValueError, RecursionError) as error:
            raise aiohttp.ClientPayloadError(str(error)) from error

    @property
    def text(self) -> str:
        return self._body.decode("utf-8", "replace")

    @property
    def ending(self) -> CloseReason:
        return refusal(self.status, self.headers, self.text)


class RecordedSession:
    """Stands in for an ``aiohttp.ClientSession``. One Engine.IO connection at a time; each has TCP connections of its
    own, so that ``drop`` cuts it whole. Cookies are kept across connections, as the client's session keeps them.
    ``patience``: how many seconds the handshake of a WebSocket is waited for, for which the client has no limit."""

    def __init__(
        self,
        listener: ClientListener,
        *,
        headers: Mapping[str, str],
        tls: ssl.SSLContext | None,
        patience: Callable[[], float],
        intake: Intake | None = None,
    ) -> None:
        self._intake = intake or Intake()
        self.tap = Tap(listener, self._intake.meter)
        self._patience = patience
        self._headers = {name: value for name, value in headers.items() if name.lower() != "cookie"}
        self._tls = tls
        self._cookies = Cookies.beside(headers)
        self._http: aiohttp.ClientSession | None = None
        self._running: set[asyncio.Future[Answer]] = set()
        self._cut: set[asyncio.Future[Answer]] = set()
        self._ws: RawWebSocket | None = None
        self.closed = False
        """What the client asks before each request: whether the session can be used."""

    # -- what the client calls ---------------------------------------------------------------------------------

    async def get(self, url: str, **options: Any) -> Answer:
        """The handshake of a connection, or one of its polls."""
        with self.tap.watched():
            opens = await self._opens(url, Transport.POLLING)
            answer = await self._request("GET", url, again=not opens, **options)
            if 200 <= answer.status < 300:
                for packet in answer.text.split(SEPARATOR):
                    self.tap.received(packet, Transport.POLLING)
            return answer

    async def post(self, url: str, *, data: str, **options: Any) -> Answer:
        """Packets that the client sends over long-polling."""
        with self.tap.watched():
            self._intake.meter.sent(data)
            packets = data.split(SEPARATOR)
            for packet in packets:
                self.tap.sent(packet, Transport.POLLING)
            answer = await self._request("POST", url, again=True, data=data, **options)
            if PacketType.CLOSE in packets:
                await self._let_go()  # the running poll, which not every server ends
            return answer

    async def ws_connect(self, url: str, **options: Any) -> RecordedWebSocket:
        """The WebSocket of a new connection, or the one that a connection moves to."""
        with self.tap.watched():
            opens = await self._opens(url, Transport.WEBSOCKET)
            try:
                async with unhurried(self._patience()):
                    ws = await self._upgraded(URL(url), **options)
            except (HandshakeFailed, TimeoutError, aiohttp.ClientError, OSError) as error:
                if opens:
                    self.tap.end(_refusal(error))
                self.tap.listener.on_engine("<", f"no WebSocket: {describe_error(error)}", Transport.WEBSOCKET)
                raise aiohttp.ClientConnectionError(describe_error(error)) from error
            return RecordedWebSocket(ws, self.tap, moves=not opens, intake=self._intake)

    async def _upgraded(self, url: URL, **options: Any) -> RawWebSocket:
        headers = {**options.pop("headers", {}), **self._cookies.header(url)}
        options |= {"headers": headers, "max_msg_size": self._intake.limit(MESSAGE), "autoping": False}
        ws = await self._session.ws_connect(url, **options)
        assert isinstance(ws, RawWebSocket)
        ws.limited()
        self._ws = ws
        return ws

    async def close(self) -> None:
        """Let go of everything."""
        self.closed = True
        self.tap.end(CloseReason("harness", reason="closed"))
        await self._let_go()

    # -- one connection ----------------------------------------------------------------------------------------

    async def drop(self) -> None:
        """Cut the connection without a word; the client is not informed either, and finds out."""
        self.tap.end(CloseReason("harness", reason="dropped"))
        await self._let_go()

    async def _opens(self, url: str, via: Transport) -> bool:
        """Whether a request is the first of a connection; then everything begins anew."""
        if "sid" in URL(url).query:
            return False
        await self._let_go()
        self._http = aiohttp.ClientSession(
            connector=GatedConnector(self._tls, self._intake),
            cookie_jar=aiohttp.DummyCookieJar(),  # see conformance.transport.cookies
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=None),
            ws_response_class=RawWebSocket,
            trace_configs=[no_redirects()],
            max_line_size=LONGEST_HEADER,
            max_field_size=LONGEST_HEADER,
        )
        self.tap.opening(via)
        return True

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._http is None or self._http.closed:
            raise aiohttp.ClientConnectionError("the connection has ended")
        return self._http

    async def _let_go(self) -> None:
        running = set(self._running)
        self._cut |= running
        for exchange in running:  # aiohttp would make some of them again, on another connection
            exchange.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._ws is not None:
            self._ws.cut()
            self._ws = None
        if self._http is not None and not self._http.closed:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSING):
                    if self._http.connector is not None:
                        await self._http.connector.close()
            await self._http.close()

    # -- HTTP --------------------------------------------------------------------------------------------------

    async def _request(self, method: str, url: str, *, again: bool, **options: Any) -> Answer:
        """The answer to a request, which is made ``again`` after pauses while it is refused for its pace: inside a
        session the client would take that for the end."""
        pause, spent = FIRST_PAUSE, 0.0
        answer = await self._answer(method, url, **options)
        while again and answer.status in SLOWER and spent < LIMITED and not self.tap.ended:
            wait = max(pause, min(answer.ending.retry_after or 0.0, LIMITED - spent))
            self.tap.listener.on_engine("<", f"HTTP {answer.status}: tries again after {wait:g} s", Transport.POLLING)
            await asyncio.sleep(wait)
            spent, pause = spent + wait, 2 * pause
            answer = await self._answer(method, url, **options)
        if not 200 <= answer.status < 300:
            self.tap.end(answer.ending)
        return answer

    async def _answer(self, method: str, url: str, **options: Any) -> Answer:
        exchange = asyncio.ensure_future(self._exchange(method, URL(url), **options))
        self._running.add(exchange)
        exchange.add_done_callback(self._running.discard)
        try:
            return await exchange
        except asyncio.CancelledError:
            if exchange in self._cut:
                raise aiohttp.ServerDisconnectedError("the connection was cut") from None
            raise
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            self.tap.end(CloseReason("network", reason=f"{method} failed: {describe_error(error)}"))
            if isinstance(error, (TimeoutError, aiohttp.ClientError)):
                raise
            raise aiohttp.ClientConnectionError(describe_error(error)) from error

    async def _exchange(self, method: str, url: URL, **options: Any) -> Answer:
        headers = {**(options.pop("headers", None) or {}), **self._cookies.header(url)}
        async with self._session.request(method, url, headers=headers, allow_redirects=False, **options) as answer:
            self._cookies.take(answer.headers.getall("Set-Cookie", []), url)
            limit = self._intake.limit(POLL)
            try:
                body = await read_body(answer, limit, self._intake)
            except TooMuch as why:
                self.tap.end(CloseReason("target", reason=str(why), oversized=limit))
                raise aiohttp.ClientPayloadError(str(why)) from why
            return Answer(answer.status, body, answer.headers)


class RecordedWebSocket:
    """Stands in for an ``aiohttp.ClientWebSocketResponse``, as far as the client uses it."""

    def __init__(self, ws: RawWebSocket, tap: Tap, *, moves: bool, intake: Intake) -> None:
        self._ws = ws
        self._intake = intake
        self._tap = tap
        self._probing = moves

    async def send_str(self, packet: str) -> None:
        with self._tap.watched():
            if not self._ws.closed:
                self._tap.sent(packet, Transport.WEBSOCKET)
            self._intake.meter.sent(packet)
            self._probing = self._probing and packet != PacketType.UPGRADE
            await self._ws.send_str(packet)

    async def send_bytes(self, data: bytes) -> None:
        await self._ws.send_bytes(data)

    async def receive(self) -> aiohttp.WSMessage:
        with self._tap.watched():
            frame = await self._ws.receive()
            self._intake.meter.received(frame.data)
            try:
                self._take(frame)
            except aiohttp.ClientPayloadError:
                self._ws.cut()  # the client would first wait until all that it has queued is written
                raise
            return frame

    def _take(self, frame: aiohttp.WSMessage) -> None:
        if frame.type is aiohttp.WSMsgType.TEXT:
            self._tap.received(frame.data, Transport.WEBSOCKET)
        elif frame.type is aiohttp.WSMsgType.BINARY:
            self._tap.listener.on_attachment(frame.data, Transport.WEBSOCKET)
        elif frame.type in ENDS and not self._probing:  # a probe that fails leaves the connection where it is
            self._tap.end(close_reason_of(frame, self._intake))

    async def close(self) -> None:
        self._tap.end(CloseReason("harness", reason="closed"))
        with contextlib.suppress(TimeoutError, aiohttp.ClientError, OSError):
            async with asyncio.timeout(CLOSING):
                await self._ws.close()


def _refusal(error: Exception) -> CloseReason:
    """How a connection ended that was not let in over WebSocket."""
    if isinstance(error, HandshakeFailed):
        return error.close_reason
    if isinstance(error, aiohttp.WSServerHandshakeError):
        asked = retry_after(error.headers or {})
        return CloseReason("target", status=error.status, reason=error.message, retry_after=asked)
    return CloseReason("network", reason=describe_error(error))
