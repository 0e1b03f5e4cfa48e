"""One Engine.IO 4 connection, over WebSocket, long-polling, or the one upgraded to the other.

Why our own, when python-socketio brings a client: a conformance harness must see what a client library hides. The
library ignores a DISCONNECT that comes before ``connect()`` has returned, closes the transport on DISCONNECT (so that
an illegal later event would never be seen), sends nothing while it probes an upgrade, and keeps close codes and HTTP
statuses to itself. Here each packet is handed over where it is decoded, inside the read loop, in wire order.
The Socket.IO packets inside are python-socketio's (see ``conformance.device``).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import aiohttp
from yarl import URL

SEPARATOR = "\x1e"
MAX_FRAME = 64 * 2**20
"""Bytes of one WebSocket frame we take: a limit of ours must never be the target's failure."""
CLOSING = 2.0
"""Seconds that a goodbye may take."""


class Transport(StrEnum):
    WEBSOCKET = "websocket"
    POLLING = "polling"


class Engine(StrEnum):
    """Engine.IO 4 packet types, by their first character."""

    OPEN = "0"
    CLOSE = "1"
    PING = "2"
    PONG = "3"
    MESSAGE = "4"
    UPGRADE = "5"
    NOOP = "6"


class Listener(Protocol):
    """Who is told of everything that happens on a wire, in order, before anybody else."""

    def on_handshake(self, handshake: Mapping[str, Any], via: Transport) -> None: ...
    def on_message(self, text: str, via: Transport) -> None: ...
    def on_engine(self, direction: str, packet: str, via: Transport) -> None: ...
    def on_garbled(self, text: str, why: str) -> None: ...
    def on_closed(self, *, by: str, code: int | None, status: int | None, reason: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to write; ``written`` is called at the moment it goes out."""

    text: str
    written: Callable[[Transport], None]


class WireRefused(Exception):
    """The transport could not be opened; the listener has been told how it ended. ``status`` is HTTP's, if any."""

    def __init__(self, reason: str, status: int | None) -> None:
        super().__init__(f"HTTP {status}" if status else reason)
        self.status = status


class Wire:
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
            cookie_jar=aiohttp.CookieJar(unsafe=True),  # sticky sessions, on bare IP addresses too
            headers=dict(headers),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=deadline),
        )
        self._outgoing: deque[Outgoing] = deque()
        self._something_to_write = asyncio.Event()
        self._all_written = asyncio.Event()
        self._all_written.set()
        self._tasks: list[asyncio.Task[None]] = []
        self._polling: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._sid = ""
        self._max_payload = 100_000
        self._pausing = False
        self.transport = Transport.POLLING
        self.closed = False

    # -- opening -----------------------------------------------------------------------------------------------

    async def open(self, transport: Transport) -> None:
        """Shake hands. Raises WireRefused when the target does not."""
        self.transport = transport
        try:
            async with asyncio.timeout(self._deadline):
                await (self._open_websocket() if transport is Transport.WEBSOCKET else self._open_polling())
        except aiohttp.WSServerHandshakeError as error:
            await self._refused(by="target", status=error.status, reason=error.message)
        except TimeoutError:
            await self._refused(by="network", reason=f"no handshake within {self._deadline:.1f} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            await self._refused(by="network", reason=f"{type(error).__name__}: {error}")
        self._start(self._write_loop())

    async def _open_websocket(self) -> None:
        self._ws = await self._connect_websocket()
        first = await self._ws.receive()
        if first.type is not aiohttp.WSMsgType.TEXT:
            await self._refused(by="target", code=self._ws.close_code, reason="closed instead of a handshake")
        self._shake(first.data)
        self._start(self._read_websocket(self._ws))

    async def _open_polling(self) -> None:
        status, body = await self._get()
        if status != 200:
            await self._refused(by="target", status=status, reason=body[:200])
        first, *rest = body.split(SEPARATOR)
        self._shake(first)
        for packet in rest:
            await self._packet(packet, Transport.POLLING)
        self._polling = self._start(self._poll_loop())

    def _shake(self, packet: str) -> None:
        if not packet.startswith(Engine.OPEN):
            raise ValueError(f"not an Engine.IO handshake: {packet[:80]!r}")
        handshake = json.loads(packet[1:])
        self._sid = str(handshake["sid"])
        self._max_payload = int(handshake.get("maxPayload") or self._max_payload)
        self._listener.on_handshake(handshake, self.transport)

    async def _refused(self, *, by: str, code: int | None = None, status: int | None = None, reason: str) -> None:
        self._end(by=by, code=code, status=status, reason=reason)
        await self._release()
        raise WireRefused(reason, status)

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
        except (TimeoutError, aiohttp.ClientError, OSError):
            return False
        if answer.type is not aiohttp.WSMsgType.TEXT or answer.data != "3probe":
            self._listener.on_engine("<", f"no probe answer: {answer.data!r:.80}", Transport.WEBSOCKET)
            await ws.close()
            return False
        self._listener.on_engine("<", "pong probe", Transport.WEBSOCKET)
        return await self._switch(ws)

    async def _switch(self, ws: aiohttp.ClientWebSocketResponse) -> bool:
        self._pausing = True
        async with self._writing:  # the running post has ended; the next write finds the WebSocket
            _, still_polling = await asyncio.wait([self._polling] if self._polling else [], timeout=self._deadline)
            if still_polling:
                self._end(by="target", reason="did not release the running poll for the upgrade")
            if self.closed:
                await ws.close()
                return False
            self._ws, self.transport = ws, Transport.WEBSOCKET
            self._listener.on_engine(">", "upgrade", Transport.WEBSOCKET)
            await ws.send_str(Engine.UPGRADE)
        self._start(self._read_websocket(ws))
        return True

    async def _connect_websocket(self) -> aiohttp.ClientWebSocketResponse:
        url = self._base.with_scheme("wss" if self._base.scheme == "https" else "ws")
        return await self._session.ws_connect(self._query(url, "websocket"), max_msg_size=MAX_FRAME)

    def _query(self, url: URL, transport: str) -> URL:
        return url.update_query({"EIO": "4", "transport": transport, **({"sid": self._sid} if self._sid else {})})

    # -- writing -----------------------------------------------------------------------------------------------

    def send(self, message: Outgoing) -> None:
        """Queue a message; it goes out in order, on whatever the transport then is."""
        self._outgoing.append(message)
        self._all_written.clear()
        self._something_to_write.set()

    async def _write_loop(self) -> None:
        while not self.closed:
            await self._something_to_write.wait()
            async with self._writing:
                await self._write(self._next_batch())
            if not self._outgoing:
                self._something_to_write.clear()
                self._all_written.set()

    def _next_batch(self) -> list[Outgoing]:
        """One message on WebSocket; on polling as many as fit into a post (JSON text is ASCII)."""
        batch = [self._outgoing.popleft()]
        size = len(batch[0].text)
        while self._outgoing and self.transport is Transport.POLLING:
            size += len(self._outgoing[0].text) + 2
            if size > self._max_payload:
                break
            batch.append(self._outgoing.popleft())
        return batch

    async def _write(self, batch: list[Outgoing]) -> None:
        via = self.transport
        for message in batch:
            message.written(via)
        try:
            await self._write_packets([Engine.MESSAGE + message.text for message in batch])
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            self._end(by="network", reason=f"write failed: {type(error).__name__}: {error}")

    async def _write_packets(self, packets: list[str]) -> None:
        if self.transport is Transport.WEBSOCKET and self._ws is not None:
            for packet in packets:
                await self._ws.send_str(packet)
            return
        url = self._query(self._base, "polling")
        headers = {"Content-Type": "text/plain;charset=UTF-8"}
        body = SEPARATOR.join(packets)
        async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            if answer.status != 200:
                self._end(by="target", status=answer.status, reason=(await answer.text())[:200])

    # -- reading -----------------------------------------------------------------------------------------------

    async def _read_websocket(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        async for message in ws:
            if message.type is aiohttp.WSMsgType.TEXT:
                await self._packet(message.data, Transport.WEBSOCKET)
            else:
                self._listener.on_garbled(repr(message.data)[:200], f"a {message.type.name} frame")
        by = "network" if ws.close_code in (None, 1006) else "target"
        self._end(by=by, code=ws.close_code, reason=str(ws.exception() or ""))

    async def _poll_loop(self) -> None:
        while not self.closed and not self._pausing:
            try:
                status, body = await self._get()
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                return self._end(by="network", reason=f"poll failed: {type(error).__name__}: {error}")
            if status != 200:
                return self._end(by="target", status=status, reason=body[:200])
            for packet in body.split(SEPARATOR):
                await self._packet(packet, Transport.POLLING)

    async def _get(self) -> tuple[int, str]:
        async with self._session.get(self._query(self._base, "polling"), allow_redirects=False) as answer:
            return answer.status, await answer.text(encoding="utf-8", errors="replace")

    async def _packet(self, packet: str, via: Transport) -> None:
        kind, body = packet[:1], packet[1:]
        if kind == Engine.MESSAGE:
            self._listener.on_message(body, via)
        elif kind == Engine.PING:
            self._listener.on_engine("<", "ping", via)
            await self._pong(body)
        elif kind == Engine.CLOSE:
            self._end(by="target", reason="Engine.IO close packet")
        elif kind == Engine.NOOP:
            self._listener.on_engine("<", "noop", via)
        else:
            self._listener.on_garbled(packet[:200], "not an Engine.IO packet that a server sends")

    async def _pong(self, body: str) -> None:
        self._listener.on_engine(">", "pong", self.transport)
        with contextlib.suppress(aiohttp.ClientError, OSError, RuntimeError):
            await self._write_packets([Engine.PONG + body])

    # -- ending ------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Say goodbye as a client does, and let go. Never takes longer than CLOSING seconds a step."""
        if not self.closed:
            await self._flush()
            self._end(by="harness", reason="closed")
            with contextlib.suppress(TimeoutError, aiohttp.ClientError, OSError, RuntimeError):
                async with asyncio.timeout(CLOSING):
                    await self._goodbye()
        await self._release()

    async def _flush(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                await self._all_written.wait()

    async def _goodbye(self) -> None:
        if self.transport is Transport.WEBSOCKET and self._ws is not None:
            await self._ws.close()
        else:
            await self._write_packets([Engine.CLOSE])

    async def drop(self) -> None:
        """Cut the line without a word, as a phone in a tunnel does: no close frame, no close packet."""
        self._end(by="harness", reason="dropped")
        await self._release()

    def _end(self, *, by: str, code: int | None = None, status: int | None = None, reason: str) -> None:
        if not self.closed:
            self.closed = True
            self._listener.on_closed(by=by, code=code, status=status, reason=reason)

    async def _release(self) -> None:
        running = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._session.connector is not None:
            await self._session.connector.close()
        await self._session.close()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.append(task)
        return task
