"""Engine.IO over HTTP long-polling: packets come as answers to GETs, and go out in POSTs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from conformance.record.rate_limits import SLOWER
from conformance.transport.close_reason import CloseReason, HandshakeFailed, TransportClosed, describe_error
from conformance.transport.engineio import (
    SEPARATOR,
    Handshake,
    PacketType,
    Received,
    Transport,
    encode_payload,
    parse_handshake,
    parse_payload,
)
from conformance.transport.http_session import NETWORK_ERRORS, HttpSession, Reply

FIRST_PAUSE, LIMITED = 0.1, 12.0
"""Seconds: of the pauses, ever longer, between tries of a request inside a session, the first and all. A server waits
longer for a pong."""
ODD_SUCCESSES = range(201, 300)
"""HTTP statuses by which a POST was taken, too. Not all clients know others than 200: that is judged."""
MANY = 10
"""After so many answers in a row that say nothing, each next poll comes after a pause: some servers give them as long
as a client probes a WebSocket, and a broken one for ever."""


class Polling:
    """``is_closed``: whether the connection has ended, and no request is to be made again; ``on_retry`` hears of each
    that is, ``on_odd_status`` of the first answer to a POST that means success in another way than clients know."""

    kind = Transport.POLLING
    max_packets = 16
    """Of one write: what python-engineio takes; it ends a connection whose request holds more."""

    def __init__(
        self,
        http: HttpSession,
        *,
        is_closed: Callable[[], bool],
        on_retry: Callable[[str], None],
        on_odd_status: Callable[[int], None],
    ) -> None:
        self._http = http
        self._is_closed = is_closed
        self._on_retry = on_retry
        self._on_odd_status: Callable[[int], None] | None = on_odd_status
        self._paused = False
        self._noops = 0
        """How many answers in a row were nothing but a NOOP."""

    @property
    def goes_on(self) -> bool:
        """Whether to poll again."""
        return not (self._paused or self._is_closed())

    def pause(self) -> None:
        """Make the running poll the last one, for an upgrade."""
        self._paused = True

    async def open(self) -> tuple[Handshake, Iterable[Received]]:
        """Shake hands: the handshake, and the packets that came with it. Raises HandshakeFailed or NETWORK_ERRORS."""
        reply = await self._http.get()
        if reply.failure is not None:
            raise HandshakeFailed(reply.failure)
        first, separator, rest = reply.body.partition(SEPARATOR)
        handshake = parse_handshake(first)
        self._http.sid = handshake.sid
        return handshake, parse_payload(rest) if separator else ()

    async def read(self) -> Iterable[Received]:
        """Wait for packets. Raises TransportClosed."""
        try:
            reply = await self._until_allowed(self._http.get)
        except NETWORK_ERRORS as error:
            raise TransportClosed(CloseReason("network", reason=f"poll failed: {describe_error(error)}")) from error
        if reply.failure is not None:
            raise TransportClosed(reply.failure)
        self._noops = self._noops + 1 if reply.body == PacketType.NOOP else 0
        if self._noops > MANY:
            await asyncio.sleep(FIRST_PAUSE)
        return parse_payload(reply.body)

    async def write(self, packets: Sequence[str]) -> None:
        """Raises TransportClosed."""
        body = encode_payload(packets)
        try:
            reply = await self._until_allowed(lambda: self._http.post(body))
        except NETWORK_ERRORS as error:
            raise TransportClosed(CloseReason("network", reason=f"write failed: {describe_error(error)}")) from error
        if reply.failure is None:
            return
        if reply.status not in ODD_SUCCESSES:
            raise TransportClosed(reply.failure)
        if self._on_odd_status is not None:
            self._on_odd_status(reply.status)
            self._on_odd_status = None

    async def close(self) -> None:
        """Tell the server that the session is over. Raises TransportClosed."""
        await self.write([PacketType.CLOSE])

    async def _until_allowed(self, request: Callable[[], Awaitable[Reply]]) -> Reply:
        """The answer to a request inside a session, made again after pauses while HTTP 429 or 503 asks for patience: a
        gateway that limits the rate has not handed it on. (Official clients take it for the end of the session.)"""
        reply, pause, spent = await request(), FIRST_PAUSE, 0.0
        while (why := reply.failure) and reply.status in SLOWER and spent < LIMITED and not self._is_closed():
            wait = max(pause, min(why.retry_after or 0.0, LIMITED - spent))
            self._on_retry(f"HTTP {reply.status}: tries again after {wait:g} s")
            await asyncio.sleep(wait)
            spent, pause = spent + wait, 2 * pause
            reply = await request()
        return reply
