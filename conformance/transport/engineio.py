"""Engine.IO 4 in words: its packets and transports, what a listener hears, and how a connection ends."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import aiohttp

SEPARATOR = "\x1e"


class Transport(StrEnum):
    WEBSOCKET = "websocket"
    POLLING = "polling"


class PacketType(StrEnum):
    """Engine.IO 4 packet types, by their first character."""

    OPEN = "0"
    CLOSE = "1"
    PING = "2"
    PONG = "3"
    MESSAGE = "4"
    UPGRADE = "5"
    NOOP = "6"


class Listener(Protocol):
    """Hears everything that happens on a connection, in order, before anything else does."""

    def on_handshake(self, handshake: Mapping[str, Any], via: Transport) -> None: ...
    def on_message(self, text: str, via: Transport) -> None: ...
    def on_attachment(self, data: bytes, via: Transport) -> None: ...
    def on_engine(self, direction: str, packet: str, via: Transport) -> None: ...
    def on_garbled(self, text: str, why: str) -> None: ...
    def on_closed(self, ending: CloseReason) -> None: ...


@dataclass(frozen=True, slots=True)
class CloseReason:
    """How a connection ended. ``by``: target, harness or network; ``code``: of the WebSocket's close frame;
    ``status``: HTTP's, where it was not 200 (or 101); ``retry_after``: the seconds that it asked for then. The reason
    may quote the target, secrets and all."""

    by: str
    code: int | None = None
    status: int | None = None
    reason: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An Engine.IO packet to write; ``written`` is called at the moment it goes out."""

    packet: str
    written: Callable[[Transport], None]

    @property
    def size(self) -> int:
        """Bytes of UTF-8."""
        return len(self.packet.encode("utf-8", "surrogatepass"))


REDIRECTED = "redirected to "


class HandshakeFailed(Exception):
    """The transport could not be opened. The listener does not hear of it: there never was a connection."""

    def __init__(self, close_reason: CloseReason) -> None:
        code, status, reason = close_reason.code, close_reason.status, close_reason.reason
        where = f", {reason}" if reason.startswith(REDIRECTED) else ""
        closed = f"closed with code {code}" if code else reason
        super().__init__(f"HTTP {status}{where}" if status else closed)
        self.close_reason = close_reason


class HandshakeTimeout(HandshakeFailed):
    """None came within so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(CloseReason("network", reason=f"no handshake within {seconds:.1f} s"))
        self.seconds = round(seconds, 2)


ENDS = frozenset(
    {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
)
"""What ``receive`` of a WebSocket gives last."""


def ending_of(last: aiohttp.WSMessage) -> CloseReason:
    """How a WebSocket ended that gave this last (aiohttp gives one without a close frame code 1000)."""
    if last.type is aiohttp.WSMsgType.CLOSE:
        return CloseReason("target", code=last.data, reason=str(last.extra or ""))
    if isinstance(last.data, aiohttp.WebSocketError):
        return CloseReason("target", reason=f"no WebSocket frame: {last.data}")
    return CloseReason("network", reason="the connection ended without a close frame")


def describe_error(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def attachment(packet: str) -> bytes | None:
    """The bytes in a packet of a polling body that has any; None for all other packets."""
    if not packet.startswith("b"):
        return None
    try:
        return base64.b64decode(packet[1:], validate=True)
    except ValueError:
        return None


def no_redirects() -> aiohttp.TraceConfig:
    """A redirected WebSocket handshake is a refused one, as for all clients; aiohttp would follow."""

    async def refuse(_session: object, _context: object, params: aiohttp.TraceRequestRedirectParams) -> None:
        answer = params.response
        answer.close()
        where = answer.headers.get("Location", "nowhere")
        raise HandshakeFailed(CloseReason("target", status=answer.status, reason=f"{REDIRECTED}{where}"))

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(refuse)
    return trace
