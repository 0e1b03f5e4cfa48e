"""Which events official clients hand to an app: not all that cross the wire (sections 2.2 and 3.1).

The JavaScript client is the measure, for it is run in the tests (``tests/live/interop/test_delivery.py``). It keeps
what comes before the answer to its CONNECT packet until that answer is there, and drops what comes once the namespace
or the transport has ended. The Java and Dart clients do as much; the Swift client drops what comes too early.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.errors import Deviation
from conformance.formatting import preview
from conformance.protocol import NAMESPACE
from conformance.record.transcript import Entry
from conformance.record.views import Connection, Event, Record


def entrance(connection: Connection) -> Entry | None:
    """The answer to CONNECT with which a client takes itself for connected: one with a ``sid``, while the namespace
    has not ended."""
    end = _end(connection)
    answers = (entry for entry in connection.received("CONNECT") if _own(entry) and _has_sid(entry))
    return next((entry for entry in answers if end is None or entry.serial < end.serial), None)


def entered_without_sid(connection: Connection) -> bool:
    """Whether CONNECT was answered, and never with a ``sid``: a client takes that for another version of Socket.IO."""
    answers = [entry for entry in connection.received("CONNECT") if _own(entry)]
    return bool(answers) and not any(map(_has_sid, answers))


def delivered(connection: Connection, name: str | None = None) -> list[Event]:
    """The events, all or those of one name, that an app on an official client gets to hear."""
    events = connection.events(name)
    return [event for event in events if undelivered(connection, event) is None] if events else []


def undelivered(connection: Connection, event: Event) -> str | None:
    """Why no official client hands this event to the app; None where they do."""
    end = _end(connection)
    if not _own(event.entry):
        return f"it came in the namespace {event.entry.get('namespace')}"
    if end is not None and event.entry.serial > end.serial:
        return f"it came after {_named(end)}"
    if entrance(connection) is None:
        return f"it came before {_named(end)}, and CONNECT was never answered" if end else "CONNECT was never answered"
    return None


def early(record: Record) -> Iterator[tuple[Connection, Sequence[Event]]]:
    """The connections whose client was let into the namespace, each with the events that came before that and were
    delivered with it. Not those that were recovered: Socket.IO itself sends what they have missed before it answers."""
    for connection in record.connections:
        if (entered := entrance(connection)) is not None and not connection.recovered:
            heard = delivered(connection)
            yield connection, [event for event in heard if event.entry.serial < entered.serial]


def in_time(pair: tuple[Connection, Sequence[Event]]) -> None:
    """EVENT-AFTER-CONNECT."""
    connection, events = pair
    entered = entrance(connection)
    if events and entered is not None:
        actual = ", ".join(f"{event.name} {preview(event.payload)}" for event in events)
        at = [*(event.entry.serial for event in events), entered.serial]
        raise Deviation("no event before the answer to CONNECT", f"{actual} came before it", at=at)


def _end(connection: Connection) -> Entry | None:
    """What ends the namespace for a client: a packet of its namespace, or the end of the transport."""
    packets = [entry for entry in connection.received("DISCONNECT", "CONNECT_ERROR") if _own(entry)]
    closed = [connection.closed] if connection.closed is not None else []
    return min([*packets, *closed], key=lambda entry: entry.serial, default=None)


def _named(end: Entry) -> str:
    return str(end.get("packet") or "the end of the connection")


def _own(entry: Entry) -> bool:
    return bool(entry.get("namespace") == NAMESPACE)


def _has_sid(entry: Entry) -> bool:
    data = entry.get("data")
    return isinstance(data, dict) and isinstance(data.get("sid"), str)
