"""Socket.IO packets, as they arrive and as the record keeps them. Encoding and decoding are python-socketio's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from types import SimpleNamespace

from socketio.packet import Packet
from socketio.packet import packet_names as PACKET_NAMES

from conformance.protocol import Json

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_HALF = re.compile("[\ud800-\udfff]")


class Sending(Packet):  # type: ignore[misc]  # the base class has no types
    """A packet whose JSON is written as JavaScript's ``JSON.stringify`` does."""

    class json:
        @staticmethod
        def dumps(value: Json, separators: tuple[str, str]) -> str:
            return stringified(value, separators)


class Received(Packet):  # type: ignore[misc]  # the base class has no types
    """A packet whose JSON is read by ``loads``: as JavaScript does, to which NaN and Infinity are no JSON."""

    def __init__(self, text: str, loads: Callable[[str], Json]) -> None:
        self.json = SimpleNamespace(loads=loads)
        super().__init__(encoded_packet=text)


def stringified(value: Json, separators: tuple[str, str] = (",", ":")) -> str:
    """JSON with every character as it is; halves of surrogate pairs, which UTF-8 cannot hold, are escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=separators)
    if _HALF.search(text) is None:
        return text
    whole = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
    return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", whole)


def fields_of(packet: Packet) -> dict[str, Json]:
    """A Socket.IO packet as the record keeps it."""
    name = PACKET_NAMES[packet.packet_type]
    fields: dict[str, Json] = {"packet": name, "namespace": packet.namespace or "/", "id": packet.id}
    if name in ("EVENT", "BINARY_EVENT"):
        if not isinstance(packet.data, list) or not packet.data:
            return fields | {"event": None, "args": [], "data": packet.data}
        return fields | {"event": packet.data[0], "args": packet.data[1:]}
    if name in ("ACK", "BINARY_ACK"):
        return fields | {"args": packet.data}
    return fields | {"data": packet.data}
