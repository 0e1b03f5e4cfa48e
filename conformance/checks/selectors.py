"""What several laws pick from a record: connections, sends, payloads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conformance.errors import Unverified
from conformance.formatting import preview
from conformance.protocol import Json
from conformance.record.transcript import Kind
from conformance.record.views import Connection, Event, Record, Send
from conformance.schema import validator


def good_connections(record: Record) -> Iterator[Connection]:
    """Those that presented a token which must be accepted."""
    return (connection for connection in record.connections if connection.good)


def raw(connection: Connection) -> bool:
    """Whether it sent packets that were written by hand, whose meaning the record does not know."""
    return any(entry.kind is Kind.SENT and entry.get("packet") == "RAW" for entry in connection.entries)


def closed_beside_another(connection: Connection) -> bool:
    """Whether the target ended it while the user had another connection: that is DEVICE-COEXIST's (a SHOULD)."""
    return connection.displaced


def saved(record: Record) -> list[Send]:
    """Sends of good connections that were acked with a message."""
    return [send for send in record.accepted() if send.connection.good and isinstance(send.answer["message"], dict)]


def saved_oddities(record: Record) -> list[Send]:
    """The same of unjudged devices: texts that a target may accept or refuse, but is held to what it acked. Not those
    with half of a surrogate pair, which are no Unicode, and writers of JSON do as they like with them; nor those whose
    ack has no id of its own."""
    asked = [send for send in record.trials if send.connection.good and send.acks and send.accepted]
    fitting = [send for send in asked if validator.fits("message", send.answer["message"]) and not _has_half(send.text)]
    times = Counter(send.message.raw["id"] for send in fitting)
    times.update(str(send.answer["message"].get("id")) for send in saved(record))
    return [send for send in fitting if times[send.message.id] == 1]


def _has_half(text: Json) -> bool:
    return isinstance(text, str) and any("\ud800" <= one <= "\udfff" for one in text)


def object_of(event: Event) -> Json:
    """The payload of an event; whether it is the only argument, and an object, is EVENT-ARGUMENT's."""
    if len(event.args) != 1 or not isinstance(event.payload, dict):
        raise Unverified(f"{event.name} without one object: {preview(list(event.args))}", because="EVENT-ARGUMENT")
    return event.payload
