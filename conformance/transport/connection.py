"""One Engine.IO 4 connection, over WebSocket, long-polling, or the one upgraded to the other.

Why our own, when python-socketio brings a client: a conformance harness must see what a client library hides. The
library ignores a DISCONNECT that comes before ``connect()`` has returned, closes the transport on DISCONNECT (so that
an illegal later event would never be seen), sends nothing while it probes an upgrade, and keeps close codes and HTTP
statuses to itself. Here each packet is handed over where it is decoded, inside the read loop, in wire order.
The Socket.IO packets inside are python-socketio's (see ``conformance.drive.device``).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

import aiohttp
from yarl import URL

from conformance.record.clock import unhurried
from conformance.record.rate_limits import SLOWER, retry_after
from conformance.transport.cookies import Cookies
from conformance.transport.engineio import (
    ENDS,
    REDIRECTED,
    SEPARATOR,
    CloseReason,
    HandshakeFailed,
    HandshakeTimeout,
    Listener,
    Outgoing,
    PacketType,
    Transport,
    attachment,
    describe_error,
    ending_of,
    no_redirects,
)

MAX_FRAME = 64 * 2**20
"""Bytes of one WebSocket frame we take: a limit of ours must never be the target's failure."""
LONGEST_HEADER = 2**16
CLOSING = 2.0
"""Seconds that each step of a goodbye may take."""
PACKETS_PER_POST = 16
"""What python-engineio takes; it ends a connection whose request holds more."""


FIRST_PAUSE, LIMITED = 0.1, 12.0
"""Seconds: of the pauses, ever longer, between tries of a request inside a session, the first and all. A server waits
longer for a pong."""


@dataclass(frozen=True, slots=True)
class Reply:
    """To a request of a polling session."""

    status: int
    body: str
    retry_after: float | None

    @property
    def ending(self) -> CloseReason:
        return CloseReason("target", status=self.status, reason=self.body, retry_after=self.retry_after)


class _WebSocket(aiohttp.ClientWebSocketResponse):
    """One that can be cut without a close frame."""

    def cut(self) -> None:
        self._response.close()  # private, there is no other way; tests pin it

    @property
    def set_cookies(self) -> list[str]:
        """The headers by which the handshake's answer set cookies."""
        return self._response.headers.getall("Set-Cookie", [])


class Connection:
    """One connection to ``base`` (scheme, host and port). Not reusable: open, use, close or drop."""

    def __init__(
        self,
        base: str,
        listener: Listener,
        *,
        headers: Mapping[str, str],
        tls: ssl.SSLContext | None,
        deadline: float,
    ) -> None:
        self._base = URL(base) / "socket.io/"
        self._listener = listener
        self._deadline = deadline
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls or True, limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),  # it would put quotes around values
            headers={name: value for name, value in headers.items() if name.lower() != "cookie"},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=deadline),
            ws_response_class=_WebSocket,
            trace_configs=[no_redirects()],
            max_line_size=LONGEST_HEADER,
            max_field_size=LONGEST_HEADER,
        )
        self._cookies = Cookies.beside(headers)
        self._outgoing: deque[Outgoing] = deque()
        self._something_to_write = asyncio.Event()
        self._all_written = asyncio.Event()
        self._all_written.set()
        self._tasks: list[asyncio.Task[None]] = []
        self._polling: asyncio.Task[None] | None = None
        self._broken: Exception | None = None
        self._writing = asyncio.Lock()
        self._ws: _WebSocket | None = None
        self._websockets: list[_WebSocket] = []
        self._sid = ""
        self._max_payload = 100_000
        self._pausing = False
        self.transport = Transport.POLLING
        self.closed = False

    # -- opening -----------------------------------------------------------------------------------------------

    async def open(self, transport: Transport) -> None:
        """Shake hands. Raises HandshakeFailed when the target does not."""
        self.transport = transport
        try:
            async with unhurried(self._deadline):
                await (self._open_websocket() if transport is Transport.WEBSOCKET else self._open_polling())
        except HandshakeFailed as refused:
            await self._refused(refused)
        except aiohttp.WSServerHandshakeError as error:
            asked = retry_after(error.headers or {})
            ending = CloseReason("target", status=error.status, reason=error.message, retry_after=asked)
            await self._refused(HandshakeFailed(ending))
        except TimeoutError:
            await self._refused(HandshakeTimeout(self._deadline))
        except (aiohttp.ClientError, OSError) as error:
            await self._refused(HandshakeFailed(CloseReason("network", reason=describe_error(error))))
        self._start(self._write_loop)

    async def _open_websocket(self) -> None:
        self._ws = await self._connect_websocket()
        first = await self._ws.receive()
        if first.type in ENDS:
            raise HandshakeFailed(ending_of(first))
        self._shake(first.data)
        self._start(partial(self._read_websocket, self._ws))

    async def _open_polling(self) -> None:
        reply = await self._get()
        if reply.status != 200:
            raise HandshakeFailed(reply.ending)
        first, *rest = reply.body.split(SEPARATOR)
        self._shake(first)
        for packet in rest:
            self._packet(packet, Transport.POLLING)
        self._polling = self._start(self._poll_loop)

    def _shake(self, packet: str | bytes) -> None:
        try:
            handshake = json.loads(packet[1:])
            if packet[:1] != PacketType.OPEN or not isinstance(handshake["sid"], str):
                raise ValueError(packet)
        except (ValueError, TypeError, LookupError, RecursionError):
            raise HandshakeFailed(CloseReason("target", reason=f"not an Engine.IO handshake: {packet!r}")) from None
        self._sid = handshake["sid"]
        limit = handshake.get("maxPayload")
        self._max_payload = limit if isinstance(limit, int) else self._max_payload
        self._listener.on_handshake(handshake, self.transport)

    async def _refused(self, refused: HandshakeFailed) -> NoReturn:
        self.closed = True
        await self._release()
        raise refused

    # -- upgrading ---------------------------------------------------------------------------------------------

    async def upgrade(self) -> bool:
        """Move from polling to WebSocket as the JavaScript client does: probe, let the running poll and post end,
        upgrade. What is sent meanwhile goes out on polling until then, on the WebSocket after. False when the
        target does not complete it (the connection then stays on polling)."""
        try:
            async with asyncio.timeout(self._deadline):
                ws = await self._connect_websocket()
                await ws.send_str("2probe")
                self._listener.on_engine(">", "ping probe", Transport.WEBSOCKET)
                answer = await ws.receive()
        except (TimeoutError, HandshakeFailed, aiohttp.ClientError, OSError):
            return False
        if answer.data != "3probe":
            self._listener.on_engine("<", f"no probe answer: {answer.data!r}", Transport.WEBSOCKET)
            return False
        self._listener.on_engine("<", "pong probe", Transport.WEBSOCKET)
        return await self._switch(ws)

    async def _switch(self, ws: _WebSocket) -> bool:
        self._pausing = True
        async with self._writing:  # the running post has ended; the next write finds the WebSocket
            _, still_polling = await asyncio.wait([self._polling] if self._polling else [], timeout=self._deadline)
            if still_polling:
                self._end(CloseReason("target", reason="did not release the running poll for the upgrade"))
            if self.closed:
                return False
            self._ws, self.transport = ws, Transport.WEBSOCKET
            await self._write([Outgoing(PacketType.UPGRADE, lambda via: self._listener.on_engine(">", "upgrade", via))])
        self._start(partial(self._read_websocket, ws))
        return not self.closed

    async def _connect_websocket(self) -> _WebSocket:
        url = self._base.with_scheme("wss" if self._base.scheme == "https" else "ws")
        cookies = self._cookies.header(url)
        ws = await self._session.ws_connect(
            self._query(url, "websocket"), headers=cookies, max_msg_size=MAX_FRAME, compress=15
        )
        assert isinstance(ws, _WebSocket)
        self._cookies.take(ws.set_cookies, url)
        self._websockets.append(ws)
        return ws

    def _query(self, url: URL, transport: str) -> URL:
        return url.update_query({"EIO": "4", "transport": transport, **({"sid": self._sid} if self._sid else {})})

    # -- writing -----------------------------------------------------------------------------------------------

    def send(self, message: str, written: Callable[[Transport], None]) -> None:
        """Queue a message; it goes out in order, on whatever the transport then is. Lost when the wire is closed."""
        self._queue(Outgoing(PacketType.MESSAGE + message, written))

    def _queue(self, packet: Outgoing) -> None:
        if not self.closed:
            self._outgoing.append(packet)
            self._all_written.clear()
            self._something_to_write.set()

    async def _write_loop(self) -> None:
        while True:
            await self._something_to_write.wait()
            async with self._writing:
                if self.closed:
                    return
                await self._write(self._next_batch())
            if not self._outgoing:
                self._something_to_write.clear()
                self._all_written.set()

    def _next_batch(self) -> list[Outgoing]:
        """One packet on WebSocket; on polling as many as fit into a post: the target said how many bytes of
        UTF-8 it takes."""
        batch = [self._outgoing.popleft()]
        size = batch[0].size
        while self._outgoing and self.transport is Transport.POLLING and len(batch) < PACKETS_PER_POST:
            size += self._outgoing[0].size + len(SEPARATOR)
            if size > self._max_payload:
                break
            batch.append(self._outgoing.popleft())
        return batch

    async def _write(self, batch: list[Outgoing]) -> None:
        via = self.transport
        for outgoing in batch:
            outgoing.written(via)
        try:
            await self._write_packets([outgoing.packet for outgoing in batch])
        except (aiohttp.ClientError, OSError) as error:
            self._end(CloseReason("network", reason=f"write failed: {describe_error(error)}"))

    async def _write_packets(self, packets: list[str]) -> None:
        if self.transport is Transport.WEBSOCKET and self._ws is not None:
            for packet in packets:
                await self._ws.send_str(packet)
            return
        url = self._query(self._base, "polling")
        headers = {"Content-Type": "text/plain;charset=UTF-8", **self._cookies.header(url)}
        body = SEPARATOR.join(packets)

        async def post() -> Reply:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                return await self._reply(answer, url)

        reply = await self._unlimited(post)
        if reply.status != 200:
            self._end(reply.ending)

    # -- reading -----------------------------------------------------------------------------------------------

    async def _read_websocket(self, ws: _WebSocket) -> None:
        try:
            while (frame := await ws.receive()).type not in ENDS:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    self._packet(frame.data, Transport.WEBSOCKET)
                elif frame.type is aiohttp.WSMsgType.BINARY:
                    self._listener.on_attachment(frame.data, Transport.WEBSOCKET)
                else:
                    self._listener.on_garbled(repr(frame.data), f"a {frame.type.name} frame")
        except (aiohttp.ClientError, OSError) as error:  # a pong that could not be written
            return self._end(CloseReason("network", reason=describe_error(error)))
        self._end(ending_of(frame))

    async def _poll_loop(self) -> None:
        while not self.closed and not self._pausing:
            try:
                reply = await self._unlimited(self._get)
            except (aiohttp.ClientError, OSError) as error:
                return self._end(CloseReason("network", reason=f"poll failed: {describe_error(error)}"))
            if reply.status != 200:
                return self._end(reply.ending)
            for packet in reply.body.split(SEPARATOR):
                self._packet(packet, Transport.POLLING)

    async def _get(self) -> Reply:
        url = self._query(self._base, "polling")
        async with self._session.get(url, headers=self._cookies.header(url), allow_redirects=False) as answer:
            return await self._reply(answer, url)

    async def _reply(self, answer: aiohttp.ClientResponse, url: URL) -> Reply:
        self._cookies.take(answer.headers.getall("Set-Cookie", []), url)
        where = answer.headers.get("Location") if 300 <= answer.status < 400 else None
        body = await answer.text(encoding="utf-8", errors="replace")
        return Reply(answer.status, body if where is None else f"{REDIRECTED}{where}", retry_after(answer.headers))

    async def _unlimited(self, request: Callable[[], Awaitable[Reply]]) -> Reply:
        """The answer to a request inside a session, made again after pauses while HTTP 429 or 503 asks for patience: a
        gateway that limits the rate has not handed it on. (Official clients take it for the end of the session.)"""
        reply, pause, spent = await request(), FIRST_PAUSE, 0.0
        while reply.status in SLOWER and spent < LIMITED and not self.closed:
            wait = max(pause, min(reply.retry_after or 0.0, LIMITED - spent))
            self._listener.on_engine("<", f"HTTP {reply.status}: tries again after {wait:g} s", self.transport)
            await asyncio.sleep(wait)
            spent, pause = spent + wait, 2 * pause
            reply = await request()
        return reply

    def _packet(self, packet: str, via: Transport) -> None:
        kind, body = packet[:1], packet[1:]
        if kind == PacketType.MESSAGE:
            self._listener.on_message(body, via)
        elif kind == PacketType.PING:
            self._listener.on_engine("<", "ping", via)
            # queued like everything else: engine.io ends a connection that posts twice at the same time
            self._queue(Outgoing(PacketType.PONG + body, lambda via: self._listener.on_engine(">", "pong", via)))
        elif kind == PacketType.CLOSE:
            self._end(CloseReason("target", reason="Engine.IO close packet"))
        elif kind == PacketType.NOOP:
            self._listener.on_engine("<", "noop", via)
        elif (data := attachment(packet)) is not None and via is Transport.POLLING:
            self._listener.on_attachment(data, via)
        else:
            self._listener.on_garbled(packet, "not an Engine.IO packet that a server sends")

    # -- ending ------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Say goodbye as a client does, and let go. Never takes longer than CLOSING seconds a step. Raises what went
        wrong in the harness while the wire was open."""
        if not self.closed and not self._tasks:  # it was never opened: there is nobody to write what was queued
            await self.drop()
        if not self.closed:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSING):
                    await self._all_written.wait()
            self._end(CloseReason("harness", reason="closed"))
            with contextlib.suppress(TimeoutError, aiohttp.ClientError, OSError):
                async with asyncio.timeout(CLOSING):
                    await self._goodbye()
        await self._release()
        if self._broken is not None:
            raise self._broken

    async def _goodbye(self) -> None:
        async with self._writing:
            if self.transport is Transport.WEBSOCKET and self._ws is not None:
                await self._ws.close()
            elif self._sid:
                await self._write_packets([PacketType.CLOSE])

    async def drop(self) -> None:
        """Cut the line without a word, as a phone in a tunnel does: no close frame, no close packet."""
        self._end(CloseReason("harness", reason="dropped"))
        await self._release()

    def _end(self, ending: CloseReason) -> None:
        if not self.closed:
            self.closed = True
            self._all_written.set()  # nothing more will be
            self._listener.on_closed(ending)

    async def _release(self) -> None:
        running = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for ws in self._websockets:
            ws.cut()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                if self._session.connector is not None:
                    await self._session.connector.close()
        await self._session.close()

    def _start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._watched(work))
        self._tasks.append(task)
        return task

    async def _watched(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Keep an error of the harness for whoever closes, instead of a wire that is silent for no visible reason."""
        try:
            await work()
        except Exception as error:
            self._broken = self._broken or error
            self._end(CloseReason("harness", reason=f"error of the harness: {describe_error(error)}"))
