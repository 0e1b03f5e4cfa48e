"""Engine.IO 4 in words: its packets and transports, what is told of a connection, and how one ends."""

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
    def on_attachment(self, data: bytes, via: Transport) -> None: ...
    def on_engine(self, direction: str, packet: str, via: Transport) -> None: ...
    def on_garbled(self, text: str, why: str) -> None: ...
    def on_closed(self, ending: Ending) -> None: ...


@dataclass(frozen=True, slots=True)
class Ending:
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


class WireRefused(Exception):
    """The transport could not be opened. The listener is not told: there never was a connection."""

    def __init__(self, ending: Ending) -> None:
        closed = f"closed with code {ending.code}" if ending.code else ending.reason
        where = f", {ending.reason}" if ending.reason.startswith(REDIRECTED) else ""
        super().__init__(f"HTTP {ending.status}{where}" if ending.status else closed)
        self.ending = ending


class NoHandshake(WireRefused):
    """None came within so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(Ending("network", reason=f"no handshake within {seconds:.1f} s"))
        self.seconds = round(seconds, 2)


ENDS = frozenset(
    {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
)
"""What ``receive`` of a WebSocket gives last."""


def ending_of(last: aiohttp.WSMessage) -> Ending:
    """How a WebSocket ended that gave this last (aiohttp gives one without a close frame code 1000)."""
    if last.type is aiohttp.WSMsgType.CLOSE:
        return Ending("target", code=last.data, reason=str(last.extra or ""))
    if isinstance(last.data, aiohttp.WebSocketError):
        return Ending("target", reason=f"no WebSocket frame: {last.data}")
    return Ending("network", reason="the connection ended without a close frame")


def told(error: Exception) -> str:
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
        raise WireRefused(Ending("target", status=answer.status, reason=f"{REDIRECTED}{where}"))

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(refuse)
    return trace
