"""Engine.IO 4 without I/O: packets, payloads and the handshake as text in, values out, and the other way round.

No sockets, no clock, no event loop (as h11 does it for HTTP): ``polling`` and ``websocket`` read and write the text,
``connection`` acts on the values.
"""

from __future__ import annotations

import base64
import contextlib
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from conformance import strict_json
from conformance.formatting import shortened
from conformance.protocol import is_a_time
from conformance.transport.close_reason import CloseReason, HandshakeFailed

SEPARATOR = "\x1e"
"""Between the packets of a payload: the body of a polling request or answer."""
PROBE, PROBED = "2probe", "3probe"
"""What a client sends first on a WebSocket that it may upgrade to, and what the server has to answer."""
DEFAULT_MAX_PAYLOAD = 100_000
"""Bytes that a server takes in one request, where it does not say."""
MOST_PONGS, LONGEST_PONGS = 10_000, 65_536
"""How many wait to be written, at most, and of how many characters: the pings of servers have no body."""
LONGEST_SID = 1000
"""Characters. It stands in the URL of each request, and servers of Engine.IO have twenty."""


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


_SENT_BY_SERVERS = frozenset({PacketType.CLOSE, PacketType.PING, PacketType.MESSAGE, PacketType.NOOP})
"""After the handshake."""


# -- receiving -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Packet:
    """A text packet that a server may send."""

    type: PacketType
    body: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """Bytes of a binary packet of Socket.IO: a WebSocket frame of their own, or base64 in a payload."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Garbled:
    """What is not an Engine.IO packet, and why."""

    text: str
    why: str


Received = Packet | Attachment | Garbled


def parse_packet(text: str, via: Transport) -> Received:
    """A packet after the handshake, as a text frame or a part of a payload holds it."""
    if via is Transport.POLLING and text.startswith("b"):
        with contextlib.suppress(ValueError):
            return Attachment(base64.b64decode(text[1:], validate=True))
    if text[:1] in _SENT_BY_SERVERS:
        return Packet(PacketType(text[0]), text[1:])
    return Garbled(text, "not an Engine.IO packet that a server sends")


def parse_payload(body: str) -> Iterator[Received]:
    """The packets in the body of an answer to a poll."""
    begin = 0
    while (end := body.find(SEPARATOR, begin)) >= 0:
        yield parse_packet(body[begin:end], Transport.POLLING)
        begin = end + len(SEPARATOR)
    yield parse_packet(body[begin:], Transport.POLLING)


@dataclass(frozen=True, slots=True)
class Handshake:
    """What the server says first. ``fields``: all of it, as it came."""

    sid: str
    max_payload: int
    fields: Mapping[str, Any]


def parse_handshake(packet: str | bytes) -> Handshake:
    """The first packet of a connection. Raises HandshakeFailed where it is not a handshake."""
    if isinstance(packet, str) and _OF_THREE.match(packet):
        raise HandshakeFailed(CloseReason("target", reason="a handshake of Engine.IO 3", engine_io=3))
    try:
        fields = strict_json.loads(packet[1:])
        sid = fields["sid"]
        if packet[:1] != PacketType.OPEN or not isinstance(sid, str):
            raise ValueError(packet)
    except (ValueError, TypeError, LookupError, RecursionError):
        raise HandshakeFailed(CloseReason("target", reason=f"not an Engine.IO handshake: {packet!r}")) from None
    if len(sid) > LONGEST_SID:
        reason = f"not an Engine.IO handshake: a sid of {len(sid):,} characters, for the URL of each request"
        raise HandshakeFailed(CloseReason("target", reason=reason))
    for name in ("pingInterval", "pingTimeout"):
        if not is_a_time(fields.get(name)):
            actual = shortened(fields[name]) if name in fields else "missing"
            raise HandshakeFailed(CloseReason("target", reason=f"not an Engine.IO handshake: {name} is {actual}"))
    limit = fields.get("maxPayload")
    return Handshake(sid, limit if isinstance(limit, int) else DEFAULT_MAX_PAYLOAD, fields)


_OF_THREE = re.compile(r"\d+:0\{")
"""How a payload of Engine.IO 3 begins: with the length of its first packet, the handshake."""


# -- sending -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An Engine.IO packet to write; ``written`` is called at the moment it goes out."""

    packet: str
    written: Callable[[Transport], None]

    @property
    def size(self) -> int:
        """Bytes of UTF-8."""
        return len(self.packet.encode("utf-8", "surrogatepass"))


def next_batch(queue: deque[Outgoing], *, max_packets: int, max_bytes: int) -> list[Outgoing]:
    """Take from the queue as many packets as may be written at once: at least one, however large it is."""
    batch = [queue.popleft()]
    size = batch[0].size
    while queue and len(batch) < max_packets:
        size += queue[0].size + len(SEPARATOR)
        if size > max_bytes:
            break
        batch.append(queue.popleft())
    return batch


@dataclass(slots=True)
class Pongs:
    """Those that wait to be written, each with the body of its ping: whoever pings without end, or with much, and does
    not read, gets no more answers."""

    packets: int = 0
    size: int = 0
    """Characters."""

    def add(self, body: str) -> None:
        self.packets += 1
        self.size += len(body)

    def written(self, body: str) -> None:
        self.packets -= 1
        self.size -= len(body)

    def to(self, body: str, written: Callable[[Transport], None]) -> Outgoing:
        """One of them, which is counted until it is written. It is queued like everything else: engine.io ends a
        connection that posts twice at the same time."""
        self.add(body)

        def counted(via: Transport) -> None:
            self.written(body)
            written(via)

        return Outgoing(PacketType.PONG + body, counted)

    @property
    def too_many(self) -> CloseReason | None:
        """How the connection ends, where there are too many."""
        if self.packets <= MOST_PONGS and self.size <= LONGEST_PONGS:
            return None
        return CloseReason("target", reason=f"{self.packets:,} unanswered pings of {self.size:,} characters")


def encode_payload(packets: Iterable[str]) -> str:
    return SEPARATOR.join(packets)


def query(transport: Transport, sid: str) -> dict[str, str]:
    """Of a request's URL; without a sid it asks for a new session."""
    return {"EIO": "4", "transport": str(transport), **({"sid": sid} if sid else {})}
