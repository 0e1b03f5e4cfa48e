"""General laws: what holds in every transcript of a run, whichever scenario it was recorded for.

A law is judged with ``over``: *items* are picked from each record, *a judge* holds one item against the document. What
is nobody's business here is left out by the items: roads that other requirements test, connections that the target
ended, acks that nobody waited for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from conformance.checks.assertions import every, expect, fits, outcome_of
from conformance.checks.doubts import not_in_doubt
from conformance.checks.limits import not_limited
from conformance.errors import Deviation, Unverified
from conformance.protocol import CONNECTED, EMITTED, ERROR, MESSAGE, TYPING, Json
from conformance.record.payloads import Message, shown
from conformance.record.transcript import Entry, Kind
from conformance.record.views import Connection, Event, Record, Send
from conformance.record.waits import GREETING, given_up

T = TypeVar("T")


def over(
    everything: Iterable[Record],
    items: Callable[[Record], Iterable[T]],
    judge: Callable[[T], None],
    *,
    nothing: str | None = None,
) -> None:
    """Judge the items of all records, each deviation with the transcript it stands in. A misshapen item leaves the law
    unverified, but does not hide what other items did wrong. ``nothing``: as in ``judge.every``."""
    pairs = ((record, item) for record in everything for item in items(record))
    every(pairs, lambda pair: _judged(judge, *pair), nothing=nothing)


def _judged(judge: Callable[[T], None], record: Record, item: T) -> None:
    outcome = outcome_of(judge, item)
    if isinstance(outcome, Deviation):
        outcome.transcript = outcome.transcript or record.transcript.key
    if outcome is not None:
        raise outcome


# -- connections -------------------------------------------------------------------------------------------------


def good_connections(record: Record) -> Iterator[Connection]:
    """Those that presented a token which must be accepted."""
    return (connection for connection in record.connections if connection.good)


def lasting(connection: Connection) -> bool:
    """Whether its token outlives the scenario: what becomes of the others is observed (OBS-EXPIRY)."""
    return connection.lasting


def raw(connection: Connection) -> bool:
    """Whether it sent packets that were written by hand, whose meaning the record does not know."""
    return any(entry.kind is Kind.SENT and entry.get("packet") == "RAW" for entry in connection.entries)


def displaced(connection: Connection) -> bool:
    """Whether the target ended it while the user had another connection: that is DEVICE-COEXIST's (a SHOULD)."""
    return connection.displaced


def first_arrivals(record: Record) -> Iterator[Connection]:
    """The first connection of each device that took the usual road and was waited for. Later ones are judged by
    RECONNECT-GREETED, other roads and refusals by the AUTH requirements."""
    devices: set[str] = set()
    for connection in record.connections:
        if not (connection.shaken and connection.usual) or connection.device in devices:
            continue
        devices.add(connection.device)
        waited = given_up(connection, GREETING) or (connection.opened.get("greet") and _left_without(connection))
        refused = connection.received("CONNECT_ERROR") or connection.events(ERROR) or displaced(connection)
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
        lambda: ", ".join(f"{event.name} {shown(list(event.args))}" for event in early),
        at=[e.entry.serial for e in (*early, greeting)],
    )


def _somebody_else(connection: Connection, event: Event, greeting: Event) -> bool:
    """Whether what came before the greeting may be news: of what was emitted before, or a late answer of support."""
    if _id_of(event) in _told_before(connection):
        return False
    own = [c for c in connection.record.connections if c.user == connection.user]
    emitted = any(_emits(e) and e.serial < greeting.entry.serial for c in own for e in c.entries)
    return emitted or (_by_support(event) and _has_written(greeting))


def _told_before(connection: Connection) -> set[str]:
    """The ids of the messages that the user's devices had heard of when this one connected."""
    own = [c for c in connection.record.connections if c.user == connection.user]
    told = [event for c in own for event in c.events(MESSAGE) if event.entry.serial < connection.opened.serial]
    return {name for event in told if (name := _id_of(event)) is not None}


def _id_of(event: Event) -> str | None:
    name = event.payload.get("id") if isinstance(event.payload, dict) else None
    return name if isinstance(name, str) else None


def _emits(entry: Entry) -> bool:
    return entry.kind is Kind.SENT and entry.get("packet") in ("EVENT", "RAW")


def _by_support(event: Event) -> bool:
    told = event.payload
    return event.name in (MESSAGE, TYPING) and isinstance(told, dict) and told.get("sender") == "support"


def _has_written(greeting: Event) -> bool:
    """Whether the conversation that is shown holds a message of the user."""
    messages = greeting.payload.get("messages") if isinstance(greeting.payload, dict) else None
    listed = messages if isinstance(messages, list) else []
    return any(isinstance(message, dict) and message.get("sender") == "user" for message in listed)


def once_connected(record: Record) -> Iterator[Connection]:
    """Greeted connections that entered the namespace once."""
    return (c for c in good_connections(record) if c.greeted and not raw(c))


def greeted_once(connection: Connection) -> None:
    """CONNECTED-ONCE."""
    greetings = connection.heard(CONNECTED)
    at = [event.entry.serial for event in greetings]
    expect(len(greetings) == 1, f"one {CONNECTED} on {connection.title}", lambda: f"{len(greetings)}", at=at)


# -- events ------------------------------------------------------------------------------------------------------


def help_center_events(record: Record) -> Iterator[Event]:
    """What the document names (section 3.1), on every connection; of other events it says nothing."""
    return (event for event in record.events() if event.name in EMITTED)


def one_object(event: Event) -> None:
    """EVENT-ARGUMENT. The offset that Socket.IO itself adds where it recovers connections is no argument."""
    holds = len(event.args) == 1 and isinstance(event.payload, dict)
    what = f"{event.name} with one argument, an object"
    expect(holds, what, lambda: f"the arguments {shown(list(event.args))}", at=[event.entry.serial])


def object_of(event: Event) -> Json:
    """The payload of an event; whether it is the only argument, and an object, is EVENT-ARGUMENT's."""
    if len(event.args) != 1 or not isinstance(event.payload, dict):
        raise Unverified(f"{event.name} without one object: {shown(list(event.args))}", because="EVENT-ARGUMENT")
    return event.payload


def greetings(record: Record) -> Iterator[Event]:
    return (event for connection in good_connections(record) for event in connection.events(CONNECTED))


def greeting_fits(event: Event) -> None:
    """CONNECTED-SHAPE."""
    fits("connected", object_of(event), CONNECTED, at=[event.entry.serial])


def messages(record: Record) -> Iterator[Event]:
    return (event for connection in good_connections(record) for event in connection.events(MESSAGE))


def message_fits(event: Event) -> None:
    """MESSAGE-SHAPE."""
    fits("message", object_of(event), MESSAGE, at=[event.entry.serial])


def told_once(connection: Connection) -> None:
    """MESSAGE-ONCE."""
    told = connection.heard(MESSAGE)
    times = Counter((event.message.id, event.message.text) for event in told)
    twice = [event for event in told if times[event.message.id, event.message.text] > 1]
    actual = ", ".join(f"{shown(event.message.id)}" for event in twice[:4])
    at = [event.entry.serial for event in twice]
    expect(not twice, f"each message once on {connection.title}", f"again: {actual}", at=at)


class OneMessageForEachId:
    """MESSAGE-ID, over the message events of a whole run. Ids that are unique within each conversation will do: clients
    use them nowhere else."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], str] = {}

    def __call__(self, event: Event) -> None:
        message = event.message
        seen = self._seen.setdefault((message.conversation_id, message.id), message.text)
        expect(
            seen == message.text,
            f"one message with the id {message.id}",
            lambda: f"{shown(seen)} and {shown(message.text)}",
            at=[event.entry.serial],
        )


def said(record: Record) -> Iterator[tuple[Connection, Message]]:
    """Every message in an event or ack, with the connection it came on."""
    for connection in good_connections(record):
        if connection.greeted:
            yield from ((connection, event.message) for event in connection.events(MESSAGE))
    yield from ((send.connection, send.message) for send in saved(record) if send.connection.greeted)


def saved(record: Record) -> list[Send]:
    """Sends of good connections that were acked with a message."""
    return [send for send in record.accepted() if send.connection.good and isinstance(send.answer["message"], dict)]


def in_its_conversation(pair: tuple[Connection, Message]) -> None:
    """MESSAGE-CONVERSATION."""
    connection, message = pair
    own = connection.history.conversation.id
    expect(
        message.conversation_id == own,
        lambda: f"{message.where}.conversationId to be the conversation of the greeting, {shown(own)}",
        lambda: shown(message.conversation_id),
        at=[message.at],
    )
