"""One Engine.IO 4 connection, over WebSocket, long-polling, or the one upgraded to the other.

Why our own, when python-socketio brings a client: a conformance harness must see what a client library hides. The
library ignores a DISCONNECT that comes before ``connect()`` has returned, closes the transport on DISCONNECT (so that
an illegal later event would never be seen), sends nothing while it probes an upgrade, and keeps close codes and HTTP
statuses to itself. Here each packet is handed over where it is decoded, inside the read loop, in wire order.
The Socket.IO packets inside are python-socketio's (see ``conformance.transport.socketio_packets``).

``polling`` and ``websocket`` move packets; the connection keeps the queue of what is to be sent, answers pings, and
upgrades from the one to the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from conformance.record.clock import unhurried
from conformance.transport import goodbyes
from conformance.transport.close_reason import CloseReason, HandshakeFailed, TransportClosed, describe_error
from conformance.transport.cookies import Cookies
from conformance.transport.engineio import (
    DEFAULT_MAX_PAYLOAD,
    Attachment,
    Garbled,
    Outgoing,
    Packet,
    PacketType,
    Pongs,
    Received,
    Transport,
    next_batch,
)
from conformance.transport.http_session import NETWORK_ERRORS, HttpSession, handshake_failure
from conformance.transport.limits import Intake
from conformance.transport.listener import Listener
from conformance.transport.polling import Polling
from conformance.transport.websocket import WebSocket

AT_ONCE = 500
"""Packets that are handed over before others have their turn."""


class Connection:
    """One connection to ``base``: scheme, host, port, and perhaps a query. Not reusable: open, use, close or drop."""

    def __init__(
        self,
        base: str,
        listener: Listener,
        *,
        headers: Mapping[str, str],
        tls: ssl.SSLContext | None,
        deadline: float,
        intake: Intake | None = None,
        cookies: Cookies | None = None,
    ) -> None:
        self._listener = listener
        self._deadline = deadline
        intake = intake or Intake()
        self._meter, self._goodbyes = intake.meter, intake.goodbyes
        self._http = HttpSession(base, headers=headers, tls=tls, deadline=deadline, intake=intake, cookies=cookies)
        self._transport: Polling | WebSocket | None = None
        self._max_payload = DEFAULT_MAX_PAYLOAD
        self._outgoing: deque[Outgoing] = deque()
        self._pongs, self._received = Pongs(), 0
        self._something_to_write = asyncio.Event()
        self._all_written = asyncio.Event()
        self._all_written.set()
        self._writing = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._reading: asyncio.Task[None] | None = None
        self._broken: Exception | None = None
        self.closed = False

    # -- opening -----------------------------------------------------------------------------------------------

    async def open(self, transport: Transport) -> None:
        """Shake hands. Raises HandshakeFailed when the target does not."""
        self._meter.connections += 1
        try:
            async with unhurried(self._deadline):
                await self._open(transport)
        except (HandshakeFailed, *NETWORK_ERRORS) as error:
            self.closed = True
            await self._release()
            if isinstance(error, HandshakeFailed):
                raise
            raise handshake_failure(error, self._deadline) from error
        self._start(self._write_loop)

    async def _open(self, kind: Transport) -> None:
        websocket = kind is Transport.WEBSOCKET
        transport = await WebSocket.connect(self._http) if websocket else self._polling()
        handshake, packets = await transport.open()
        self._transport = transport
        self._meter.opened()
        self._max_payload = handshake.max_payload
        self._listener.on_handshake(handshake.fields, kind)
        for packet in packets:
            self._receive(packet, kind)
        self._reading = self._start(partial(self._read_loop, transport))

    def _polling(self) -> Polling:
        return Polling(
            self._http,
            is_closed=lambda: self.closed,
            on_retry=lambda why: self._listener.on_engine("<", why, Transport.POLLING),
            on_odd_status=lambda status: self._listener.on_engine(
                "<", "the answer to a POST", Transport.POLLING, status=status
            ),
        )

    # -- upgrading ---------------------------------------------------------------------------------------------

    async def upgrade(self, *, give_up: bool = False) -> bool:
        """Move from polling to WebSocket as the JavaScript client does: probe, let the running poll and post end,
        upgrade. What is sent meanwhile goes out on polling until then, on the WebSocket after. False when the
        target does not complete it (the connection then stays on polling). ``give_up``: as where the line drops then,
        close the WebSocket once the probe is answered, and stay on polling."""
        try:
            async with asyncio.timeout(self._deadline):
                websocket = await WebSocket.connect(self._http)
                await websocket.probe()
                self._listener.on_engine(">", "ping probe", websocket.kind)
                instead = await websocket.probed()
        except (HandshakeFailed, *NETWORK_ERRORS):
            return False
        if instead is not None:
            self._listener.on_engine("<", f"no probe answer: {instead}", websocket.kind)
            return False
        self._listener.on_engine("<", "pong probe", websocket.kind)
        if give_up:
            await websocket.close()
            return False
        return await self._switch(websocket)

    async def _switch(self, websocket: WebSocket) -> bool:
        assert isinstance(self._transport, Polling)
        self._transport.pause()
        async with self._writing:  # the running post has ended; the next write finds the WebSocket
            _, still_polling = await asyncio.wait([self._reading] if self._reading else [], timeout=self._deadline)
            if still_polling:
                self._end(CloseReason("target", reason="did not release the running poll for the upgrade"))
            if self.closed:
                return False
            self._transport = websocket
            upgrade = Outgoing(PacketType.UPGRADE, lambda via: self._listener.on_engine(">", "upgrade", via))
            await self._write(websocket, [upgrade])
        self._reading = self._start(partial(self._read_loop, websocket))
        return not self.closed

    # -- writing -----------------------------------------------------------------------------------------------

    def send(self, message: str, written: Callable[[Transport], None]) -> None:
        """Queue a message; it goes out in order, on whatever the transport then is. Lost when the connection is
        closed."""
        self._queue(Outgoing(PacketType.MESSAGE + message, written))

    def _queue(self, packet: Outgoing) -> None:
        if not self.closed:
            self._outgoing.append(packet)
            self._all_written.clear()
            self._something_to_write.set()

    async def flush(self) -> None:
        """Wait until what was queued is written, for no longer than a step of a goodbye."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(goodbyes.CLOSING):
                await self._all_written.wait()

    async def _write_loop(self) -> None:
        while True:
            await self._something_to_write.wait()
            async with self._writing:
                transport = self._transport
                if self.closed or transport is None:
                    return
                limits = {"max_packets": transport.max_packets, "max_bytes": self._max_payload}
                await self._write(transport, next_batch(self._outgoing, **limits))
            if not self._outgoing:
                self._something_to_write.clear()
                self._all_written.set()

    async def _write(self, transport: Polling | WebSocket, batch: list[Outgoing]) -> None:
        for outgoing in batch:
            outgoing.written(transport.kind)
        try:
            await transport.write([outgoing.packet for outgoing in batch])
        except TransportClosed as closed:
            self._end(closed.reason)

    # -- reading -----------------------------------------------------------------------------------------------

    async def _read_loop(self, transport: Polling | WebSocket) -> None:
        while transport.goes_on and await self._read(transport):
            pass

    async def _read(self, transport: Polling | WebSocket) -> bool:
        """Wait for packets, and hand them over; whether it goes on. Nothing of them is held while the next are waited
        for: they may be large."""
        try:
            packets = await transport.read()
        except TransportClosed as closed:
            self._end(closed.reason)
            return False
        for packet in packets:
            self._receive(packet, transport.kind)
            self._received += 1
            if self.closed:
                break
            if self._received % AT_ONCE == 0:
                await asyncio.sleep(0)  # whoever has heard enough may end it
        return self._pongs.too_many is None

    def _receive(self, received: Received, via: Transport) -> None:
        match received:
            case Packet(PacketType.MESSAGE, body):
                self._listener.on_message(body, via)
            case Packet(PacketType.PING, body):
                self._listener.on_engine("<", "ping", via)
                self._queue(self._pongs.to(body, lambda via: self._listener.on_engine(">", "pong", via)))
                if (too_many := self._pongs.too_many) is not None:
                    self._end(too_many)
                    self._http.cut()
            case Packet(PacketType.CLOSE):
                self._end(CloseReason("target", reason="Engine.IO close packet"))
            case Packet():
                self._listener.on_engine("<", "noop", via)
            case Attachment(data):
                self._listener.on_attachment(data, via)
            case Garbled(text, why):
                self._listener.on_garbled(text, why)

    # -- ending ------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Say goodbye as a client does, and let go. Never takes longer than CLOSING seconds a step. Raises what went
        wrong in the harness while the connection was open."""
        if not self.closed and not self._tasks:  # it was never opened: what was queued cannot be written
            await self.drop()
        try:
            if not self.closed:
                await self.flush()
                self._end(CloseReason("harness", reason="closed"))
                with contextlib.suppress(TransportClosed, *NETWORK_ERRORS):
                    await self._goodbye()
        finally:  # also when there is no time left for a goodbye
            await self._release()
        if self._broken is not None:
            raise self._broken

    async def _goodbye(self) -> None:
        if (transport := self._transport) is not None:
            async with self._goodbyes[transport.kind].awaited(), self._writing:
                await transport.close()

    async def drop(self) -> None:
        """Cut the line without a word, as a phone in a tunnel does: no close frame, no close packet."""
        self._end(CloseReason("harness", reason="dropped"))
        await self._release()

    def _end(self, reason: CloseReason) -> None:
        if not self.closed:
            self.closed = True
            if self._transport is not None:
                self._meter.ended()
            self._all_written.set()  # nothing more will be
            self._listener.on_closed(reason)

    async def _release(self) -> None:
        running = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        try:
            await asyncio.gather(*running, return_exceptions=True)
        finally:
            await self._http.release(within=goodbyes.CLOSING)
            self._transport = None

    # -- tasks -------------------------------------------------------------------------------------------------

    def _start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._watched(work))
        self._tasks.append(task)
        return task

    async def _watched(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Keep an error of the harness for whoever closes, instead of a connection that is silent for no visible
        reason."""
        try:
            await work()
        except Exception as error:
            self._broken = self._broken or error
            self._end(CloseReason("harness", reason=f"error of the harness: {describe_error(error)}"))
