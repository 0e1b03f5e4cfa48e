"""The HTTP client that both transports of a connection share: headers, cookies, the Engine.IO session in the URL."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

from conformance.record.rate_limits import retry_after
from conformance.transport import limits
from conformance.transport.close_reason import (
    REDIRECTED,
    CloseReason,
    HandshakeFailed,
    HandshakeTimeout,
    describe_error,
    quoted,
)
from conformance.transport.cookies import Cookies
from conformance.transport.engineio import Transport, query
from conformance.transport.gate import Gate, GatedConnector
from conformance.transport.limits import MESSAGE, POLL, Intake, TooMuch

LONGEST_HEADER = 2**16
SEGMENT, APART = 1448, 0.005
"""Bytes of a packet of TCP on most networks; seconds that keep two pieces of a body apart on this machine."""
NETWORK_ERRORS = (aiohttp.ClientError, OSError)


@dataclass(frozen=True, slots=True)
class Reply:
    """To a request of a polling session. ``failure``: why the session cannot go on after it, if it cannot."""

    status: int
    body: str
    failure: CloseReason | None


class RawWebSocket(aiohttp.ClientWebSocketResponse):
    """One that can be cut without a close frame, and whose large messages take turns."""

    _gate: Gate | None = None

    def limited(self) -> None:
        """Read large messages when it is their turn, and none with too many values."""
        connection = self._response.connection  # private, there is no other way; tests pin it
        if connection is not None and connection.transport is not None:
            gate = connection.transport.get_protocol()
            assert isinstance(gate, Gate)
            gate.opened(compressed=bool(self.compress))
            self._gate = gate

    async def receive(self, timeout: float | None = None) -> aiohttp.WSMessage:  # noqa: ASYNC109  as aiohttp's
        """The next message; where it is too much, an error that says so."""
        while self._gate is not None:
            if not self._reader._buffer:  # else there are more of those that came together
                self._gate.consumed()
            message = self._gate.checked(await super().receive(timeout))
            if message.type is aiohttp.WSMsgType.PING:
                await self.pong(message.data)
            elif message.type is not aiohttp.WSMsgType.PONG:
                return message
        return await super().receive(timeout)

    async def close(self, *, code: int = aiohttp.WSCloseCode.OK, message: bytes = b"") -> bool:
        self._forget()
        try:
            return await super().close(code=code, message=message)
        finally:
            self._forget()

    def _forget(self) -> None:
        """Let go of a message that could not be decoded: the error has all of it."""
        if (error := self._reader.exception()) is not None:
            error.__cause__ = error.__context__ = None

    def cut(self) -> None:
        self._response.close()
        self._forget()
        self._parser = None  # it may have much of a message
        if self._gate is not None:
            self._gate.over()

    @property
    def set_cookies(self) -> list[str]:
        """The headers by which the handshake's answer set cookies."""
        return self._response.headers.getall("Set-Cookie", [])


class HttpSession:
    """``sid``: of the Engine.IO session that its requests belong to; empty before the handshake. ``cookies``: those of
    the client; it has none yet unless given."""

    def __init__(
        self,
        base: str,
        *,
        headers: Mapping[str, str],
        tls: ssl.SSLContext | None,
        deadline: float,
        intake: Intake,
        cookies: Cookies | None = None,
    ) -> None:
        self._url = URL(base) / "socket.io/" % URL(base).query
        self.intake = intake
        self._client = aiohttp.ClientSession(
            connector=GatedConnector(tls, intake),
            cookie_jar=aiohttp.DummyCookieJar(),  # it would put quotes around values
            headers={name: value for name, value in headers.items() if name.lower() != "cookie"},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=deadline),
            ws_response_class=RawWebSocket,
            trace_configs=[no_redirects()],
            max_line_size=LONGEST_HEADER,
            max_field_size=LONGEST_HEADER,
        )
        self._cookies = cookies or Cookies.beside(headers)
        self._websockets: list[RawWebSocket] = []
        self.sid = ""

    async def get(self) -> Reply:
        url, headers = self._polling_url, self._cookies.header(self._polling_url)
        async with self._client.get(url, headers=headers, allow_redirects=False) as answer:
            return await self._reply(answer, url)

    async def post(self, body: str) -> Reply:
        url = self._polling_url
        headers = {"Content-Type": "text/plain;charset=UTF-8", **self._cookies.header(url)}
        self.intake.meter.sent(body)
        payload = body.encode()
        data = payload if len(payload) <= SEGMENT else in_pieces(payload)
        headers["Content-Length"] = str(len(payload))
        async with self._client.post(url, data=data, headers=headers, allow_redirects=False) as answer:
            return await self._reply(answer, url)

    @property
    def _polling_url(self) -> URL:
        return self._url.update_query(query(Transport.POLLING, self.sid))

    async def _reply(self, answer: aiohttp.ClientResponse, url: URL) -> Reply:
        self._cookies.take(answer.headers.getall("Set-Cookie", []), url)
        limit = self.intake.limit(POLL) if answer.status == 200 else limits.MAX_ERROR_BYTES
        try:
            text = (await read_body(answer, limit, self.intake)).decode("utf-8", "replace")
        except TooMuch as why:
            if answer.status == 200:
                return Reply(200, "", CloseReason("target", reason=str(why), oversized=why.limit))
            text = str(why)
        if answer.status == 200:
            return Reply(200, text, None)
        return Reply(answer.status, "", refusal(answer.status, answer.headers, text))

    async def websocket(self) -> RawWebSocket:
        """A WebSocket of the session, or, without one, to begin one on."""
        url = self._url.with_scheme("wss" if self._url.scheme == "https" else "ws")
        cookies = self._cookies.header(url)
        ws = await self._client.ws_connect(
            url.update_query(query(Transport.WEBSOCKET, self.sid)),
            headers=cookies,
            max_msg_size=self.intake.limit(MESSAGE),
            compress=15,
            autoping=False,
        )
        assert isinstance(ws, RawWebSocket)
        ws.limited()
        self._cookies.take(ws.set_cookies, url)
        self._websockets.append(ws)
        return ws

    def cut(self) -> None:
        """Let go of the WebSockets without a word."""
        for ws in self._websockets:
            ws.cut()
        self._websockets.clear()

    async def release(self, *, within: float) -> None:
        """Cut every connection to the server."""
        self.cut()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                if self._client.connector is not None:
                    await self._client.connector.close()
        await self._client.close()


def refusal(status: int, headers: Mapping[str, str], text: str) -> CloseReason:
    """What an answer other than 200 means for a session."""
    where = headers.get("Location") if 300 <= status < 400 else None
    why = quoted(text) if where is None else f"{REDIRECTED}{quoted(where)}"
    if not why and 200 < status < 300:
        why = "clients go on after HTTP 200 alone"
    return CloseReason("target", status=status, reason=why, retry_after=retry_after(headers))


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    """A long body as it arrives over a network, in more than one packet: the first one ends within a character, where
    any takes several bytes."""
    end = next((at for at in range(SEGMENT, len(body)) if body[at] & 0xC0 == 0x80), SEGMENT)
    yield body[:end]
    await asyncio.sleep(APART)
    yield body[end:]


async def read_body(answer: aiohttp.ClientResponse, limit: int, intake: Intake) -> bytes:
    """The body of an answer, decompressed as it comes. Raises TooMuch, and no more is read, where it has more than so
    many bytes, or too many values."""
    body = bytearray()
    try:
        with intake.turns() as turn:
            async with turn.held():
                async for chunk in answer.content.iter_any():
                    body += chunk
                    intake.meter.received(chunk)
                    if len(body) > limit:
                        raise intake.too_large(body, limit)
                    await turn.taken(len(body))
        intake.check(body, POLL)
    except TooMuch:
        answer.close()
        raise
    return bytes(body)


def handshake_failure(error: Exception, deadline: float) -> HandshakeFailed:
    """What an error means that ended the opening of a connection."""
    if isinstance(error, HandshakeFailed):
        return error
    if isinstance(error, aiohttp.WSServerHandshakeError):
        asked = retry_after(error.headers or {})
        return HandshakeFailed(CloseReason("target", status=error.status, reason=error.message, retry_after=asked))
    if isinstance(error, TimeoutError):
        return HandshakeTimeout(deadline)
    return HandshakeFailed(CloseReason("network", reason=describe_error(error)))


def no_redirects() -> aiohttp.TraceConfig:
    """A redirected WebSocket handshake is a refused one, as for all clients; aiohttp would follow."""

    async def refuse(_session: object, _context: object, params: aiohttp.TraceRequestRedirectParams) -> None:
        answer = params.response
        answer.close()
        where = answer.headers.get("Location", "nowhere")
        raise HandshakeFailed(CloseReason("target", status=answer.status, reason=f"{REDIRECTED}{quoted(where)}"))

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(refuse)
    return trace
