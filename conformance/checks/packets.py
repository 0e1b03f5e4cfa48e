"""Whether what arrives is made of whole Socket.IO packets (protocol version 5), as an official client checks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.checks.blame import of_greeting
from conformance.checks.limits import not_limited
from conformance.errors import Deviation, Unverified
from conformance.formatting import preview
from conformance.protocol import EMITTED, NAMESPACE, Json
from conformance.record.transcript import Entry, Kind
from conformance.record.views import Connection, Record

RESERVED = frozenset({"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"})
"""Names that no event may have: the JavaScript client takes such an EVENT for a broken packet."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a packet of one type has in it. ``says``: the same for a person."""

    fits: Callable[[Entry], bool]
    says: str


def _has_sid(entry: Entry) -> bool:
    data = entry.get("data")
    return isinstance(data, dict) and isinstance(data.get("sid"), str)


def _has_name(entry: Entry) -> bool:
    name = entry.get("event")
    return isinstance(name, str) and name not in RESERVED


def _is_another(entry: Entry) -> bool:
    return _has_name(entry) and entry.get("event") not in EMITTED


_BINARY = Form(_is_another, "no binary packet but for other events: every payload of the document is JSON")
FORMS = {
    "CONNECT": Form(_has_sid, "a CONNECT packet with an object that has a sid"),
    "DISCONNECT": Form(lambda entry: entry.get("data") is None, "a DISCONNECT packet without data"),
    "EVENT": Form(_has_name, "an EVENT packet with an array that begins with the event's name"),
    "ACK": Form(lambda e: e.get("id") is not None and isinstance(e.get("args"), list), "an ACK packet: id and array"),
    "CONNECT_ERROR": Form(lambda e: isinstance(e.get("data"), (dict, str)), "a CONNECT_ERROR packet with an object"),
    "BINARY_EVENT": _BINARY,
    "BINARY_ACK": _BINARY,
}


def arrivals(record: Record) -> Iterator[Entry]:
    """Everything that arrived on a connection before the device left it, packet or not; nothing on one that it had left
    before, and entered again on the same transport: servers end polls in their own ways when a client leaves."""
    for entry in record.transcript.of(Kind.RECEIVED, Kind.GARBLED):
        connection = record.connection_of(entry)
        if connection is None or not (connection.entered_again or entry.serial >= connection.left):
            yield entry


def whole(entry: Entry) -> None:
    """Deviate when what arrived is not a packet, or one without the data of its type."""
    if entry.kind is Kind.GARBLED:
        garbled = f"{entry.get('why')}: {preview(entry.get('text'))}"
        raise Deviation("only Engine.IO and Socket.IO packets", garbled, at=[entry.serial])
    form = FORMS[str(entry.get("packet"))]
    if not form.fits(entry):
        raise Deviation(form.says, _described(entry), at=[entry.serial])


def handshakes(record: Record) -> list[Entry]:
    return record.transcript.of(Kind.HANDSHAKE)


def lists_upgrades(handshake: Entry) -> None:
    """Deviate when the Engine.IO handshake has no list of upgrades: the JavaScript client reads it all
    the same, and never opens."""
    upgrades = handshake.get("upgrades")
    if not isinstance(upgrades, list):
        raise Deviation("a handshake with upgrades, an array", f"upgrades: {preview(upgrades)}", at=[handshake.serial])


def spoken(record: Record) -> Iterator[Entry]:
    """Every event and ack that arrived."""
    kinds = ("EVENT", "BINARY_EVENT", "ACK", "BINARY_ACK")
    return (entry for entry in arrivals(record) if entry.get("packet") in kinds)


def in_the_namespace(entry: Entry) -> None:
    """Deviate when an event or ack came in a namespace that the client never entered: its library drops it."""
    namespace = entry.get("namespace")
    if namespace != NAMESPACE:
        actual = f"{_described(entry)} in the namespace {namespace}"
        raise Deviation(f"events and acks in {NAMESPACE}", actual, at=[entry.serial])


def entered(connection: Connection) -> None:
    """Deviate when the CONNECT packet of a good connection was not answered with one. Raises Unverified when a
    transport or the authentication kept it from that."""
    if any(entry.get("namespace") == NAMESPACE for entry in connection.received("CONNECT")):
        return
    not_limited(connection)
    if of_greeting(connection) not in (None, "CONN-NAMESPACE", "CONNECTED-SENT"):
        raise Unverified(f"{connection.title} got no further", because=of_greeting(connection))
    answers = connection.received()
    raise Deviation(
        f"CONNECT {NAMESPACE} to be answered with CONNECT {NAMESPACE}",
        f"{_described(answers[0])} in the namespace {answers[0].get('namespace')}" if answers else "no answer",
        at=[connection.opened.serial, *(entry.serial for entry in answers[:1])],
    )


def _described(entry: Entry) -> str:
    content: Json = {name: entry.get(name) for name in ("id", "event", "args", "data") if entry.get(name) is not None}
    return f"{entry.get('packet')} {preview(content) if content else 'with nothing in it'}"
