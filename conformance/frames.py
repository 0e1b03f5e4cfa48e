"""Socket.IO packets, as they arrive and as the record keeps them. Encoding and decoding are python-socketio's."""

from __future__ import annotations

import json

from socketio.packet import Packet
from socketio.packet import packet_names as PACKET_NAMES

from conformance.transcript import Json


class Received(Packet):  # type: ignore[misc]  # the base class has no types
    """A packet whose JSON is read as JavaScript reads it: NaN and Infinity, which Python takes, are no JSON."""

    class json:
        @staticmethod
        def loads(text: str) -> Json:
            return json.loads(text, parse_constant=no_constant)


def no_constant(name: str) -> None:
    """For ``json.loads``: Python takes these words for numbers, JSON does not."""
    raise ValueError(f"{name} is no JSON")


def only(args: Json) -> Json:
    return args[0] if isinstance(args, list) and len(args) == 1 else None


def first(args: Json) -> Json:
    return args[0] if isinstance(args, list) and args else None


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
