"""Engine.IO over a WebSocket: a packet is a frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import aiohttp

from conformance.transport.close_reason import CloseReason, HandshakeFailed, TransportClosed, describe_error, quoted
from conformance.transport.engineio import (
    PROBE,
    PROBED,
    Attachment,
    Garbled,
    Handshake,
    Received,
    Transport,
    parse_handshake,
    parse_packet,
)
from conformance.transport.http_session import NETWORK_ERRORS, HttpSession, RawWebSocket
from conformance.transport.limits import MESSAGE, Intake, TooMuch, oversized

ENDS = frozenset(
    {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
)
"""What ``receive`` of a WebSocket gives last."""


class WebSocket:
    """Made by ``connect``; then either ``open`` begins an Engine.IO session on it, or ``probe`` tries to move one."""

    kind = Transport.WEBSOCKET
    max_packets = 1
    """Of one write."""
    goes_on = True
    """It is read to its end, whoever ends it: a close frame comes last."""

    def __init__(self, http: HttpSession, raw: RawWebSocket) -> None:
        self._http = http
        self._raw = raw

    @classmethod
    async def connect(cls, http: HttpSession) -> WebSocket:
        """Raises HandshakeFailed or NETWORK_ERRORS."""
        return cls(http, await http.websocket())

    async def open(self) -> tuple[Handshake, Iterable[Received]]:
        """Shake hands. Raises HandshakeFailed or NETWORK_ERRORS."""
        first = await self._receive()
        if first.type in ENDS:
            raise HandshakeFailed(close_reason_of(first, self._http.intake))
        handshake = parse_handshake(first.data)
        self._http.sid = handshake.sid
        return handshake, ()

    async def probe(self) -> None:
        await self._send(PROBE)

    async def probed(self) -> str | None:
        """Wait for the answer to a probe: what came in its place, None where it is the right one."""
        answer = await self._receive()
        return None if answer.data == PROBED else repr(answer.data)

    async def read(self) -> Iterable[Received]:
        """Wait for a packet. Raises TransportClosed."""
        try:
            frame = await self._receive()
        except NETWORK_ERRORS as error:  # a pong that could not be written
            raise TransportClosed(CloseReason("network", reason=describe_error(error))) from error
        if frame.type in ENDS:
            raise TransportClosed(close_reason_of(frame, self._http.intake))
        return (_parse_frame(frame),)

    async def write(self, packets: Sequence[str]) -> None:
        """Raises TransportClosed."""
        try:
            for packet in packets:
                await self._send(packet)
        except NETWORK_ERRORS as error:
            raise TransportClosed(CloseReason("network", reason=f"write failed: {describe_error(error)}")) from error

    async def _send(self, packet: str) -> None:
        self._http.intake.meter.sent(packet)
        await self._raw.send_str(packet)

    async def _receive(self) -> aiohttp.WSMessage:
        frame = await self._raw.receive()
        self._http.intake.meter.received(frame.data)
        return frame

    async def close(self) -> None:
        """Send a close frame, and wait for the server's."""
        await self._raw.close()


def _parse_frame(frame: aiohttp.WSMessage) -> Received:
    if frame.type is aiohttp.WSMsgType.TEXT:
        return parse_packet(frame.data, Transport.WEBSOCKET)
    if frame.type is aiohttp.WSMsgType.BINARY:
        return Attachment(frame.data)
    return Garbled(repr(frame.data), f"a {frame.type.name} frame")


def close_reason_of(last: aiohttp.WSMessage, intake: Intake) -> CloseReason:
    """Why a WebSocket ended that gave this last (aiohttp gives one without a close frame code 1000)."""
    if last.type is aiohttp.WSMsgType.CLOSE:
        return CloseReason("target", code=last.data, reason=quoted(last.extra or ""))
    if isinstance(last.data, TooMuch):
        return CloseReason("target", reason=str(last.data), oversized=last.data.limit)
    if isinstance(last.data, aiohttp.WebSocketError):
        if last.data.code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
            limit = intake.limit(MESSAGE)
            intake.exceeded.add(MESSAGE)
            return CloseReason("target", reason=str(oversized(limit, MESSAGE)), oversized=limit)
        return CloseReason("target", reason=f"no WebSocket frame: {last.data}")
    return CloseReason("network", reason="the connection ended without a close frame")
