"""How every connection of a run begins (section 4.1): greeted, first of all, once."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.assertions import expect, expect_schema
from conformance.checks.doubts import not_in_doubt
from conformance.checks.limits import not_limited
from conformance.checks.selectors import closed_beside_another, good_connections, object_of, raw
from conformance.formatting import preview
from conformance.protocol import CONNECTED, ERROR, MESSAGE, SUPPORT, TYPING, USER
from conformance.record.transcript import Entry, Kind
from conformance.record.views import Connection, Event, Record
from conformance.record.waits import GREETING, given_up


def first_arrivals(record: Record) -> Iterator[Connection]:
    """The first connection of each device that took the default route and was waited for. Later ones are judged by
    RECONNECT-GREETED, other routes and refusals by the AUTH requirements."""
    devices: set[str] = set()
    for connection in record.connections:
        if not (connection.handshake_completed and connection.default_route) or connection.device in devices:
            continue
        devices.add(connection.device)
        waited = given_up(connection, GREETING) or (connection.opened.get("greet") and _left_without(connection))
        refused = connection.received("CONNECT_ERROR") or connection.events(ERROR) or closed_beside_another(connection)
        if connection.good and (connection.greeted or (waited and not refused)):
            yield connection


def _left_without(connection: Connection) -> bool:
    """Whether the wait for the greeting ended by itself: not by the scenario's limit, nor because another device had
    waited in vain."""
    old = "late" not in connection.record.transcript.facts
    return old or connection.ended_by_target is not None


def greeted(connection: Connection) -> None:
    """CONNECTED-SENT."""
    if not connection.greeted:
        not_in_doubt(connection, GREETING)
        not_limited(connection)
    at = [connection.opened.serial, connection.entries[-1].serial]
    expect(
        connection.greeted,
        f"{CONNECTED} on {connection.title}",
        lambda: ", ".join(str(event.name) for event in connection.events()) or "no event",
        at=at,
    )


def arrivals(record: Record) -> Iterator[Connection]:
    """Every greeted connection that did not ask for what it had missed: Socket.IO itself emits that, at once."""
    return (connection for connection in good_connections(record) if connection.greeted and not connection.recovers)


def greeted_first(connection: Connection) -> None:
    """CONNECTED-FIRST. Somebody else may be writing: the user on another device, or support, which still answers."""
    greeting = connection.events(CONNECTED)[0]
    before = [event for event in connection.events() if event.entry.serial < greeting.entry.serial]
    early = [event for event in before if not _somebody_else(connection, event, greeting)]
    expect(
        not early,
        f"{CONNECTED} before any other event",
        lambda: ", ".join(f"{event.name} {preview(list(event.args))}" for event in early),
        at=[e.entry.serial for e in (*early, greeting)],
    )


def _somebody_else(connection: Connection, event: Event, greeting: Event) -> bool:
    """Whether what came before the greeting may be news: of what was emitted before, or a late answer of support."""
    if _id_of(event) in _received_before(connection):
        return False
    own = [c for c in connection.record.connections if c.user == connection.user]
    emitted = any(_emits(e) and e.serial < greeting.entry.serial for c in own for e in c.entries)
    return emitted or (_by_support(event) and _has_written(greeting))


def _received_before(connection: Connection) -> set[str]:
    """The ids of the messages that the user's devices had heard of when this one connected."""
    own = [c for c in connection.record.connections if c.user == connection.user]
    received = [event for c in own for event in c.events(MESSAGE) if event.entry.serial < connection.opened.serial]
    return {name for event in received if (name := _id_of(event)) is not None}


def _id_of(event: Event) -> str | None:
    name = event.payload.get("id") if isinstance(event.payload, dict) else None
    return name if isinstance(name, str) else None


def _emits(entry: Entry) -> bool:
    return entry.kind is Kind.SENT and entry.get("packet") in ("EVENT", "RAW")


def _by_support(event: Event) -> bool:
    payload = event.payload
    return event.name in (MESSAGE, TYPING) and isinstance(payload, dict) and payload.get("sender") == SUPPORT


def _has_written(greeting: Event) -> bool:
    """Whether the conversation that is shown holds a message of the user."""
    messages = greeting.payload.get("messages") if isinstance(greeting.payload, dict) else None
    listed = messages if isinstance(messages, list) else []
    return any(isinstance(message, dict) and message.get("sender") == USER for message in listed)


def once_connected(record: Record) -> Iterator[Connection]:
    """Greeted connections that entered the namespace once."""
    return (c for c in good_connections(record) if c.greeted and not raw(c))


def greeted_once(connection: Connection) -> None:
    """CONNECTED-ONCE."""
    greetings = connection.heard(CONNECTED)
    at = [event.entry.serial for event in greetings]
    expect(len(greetings) == 1, f"one {CONNECTED} on {connection.title}", lambda: f"{len(greetings)}", at=at)


def greetings(record: Record) -> Iterator[Event]:
    return (event for connection in good_connections(record) for event in connection.events(CONNECTED))


def greeting_fits(event: Event) -> None:
    """CONNECTED-SHAPE."""
    expect_schema("connected", object_of(event), CONNECTED, at=[event.entry.serial])
