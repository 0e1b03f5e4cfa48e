"""General laws: what holds in every transcript of a run, whichever scenario it was recorded for.

A law is judged with ``over``: *items* are picked from each record, *a judge* holds one item against the document. What
is nobody's business here is left out by the items: roads that other requirements test, connections that the target
ended, acks that nobody waited for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from conformance.errors import Deviation, Unverified
from conformance.failure import one_line
from conformance.judge import every, expect, fits
from conformance.payloads import Message, Misshapen, shown
from conformance.protocol import CONNECTED, ERROR, MESSAGE, TYPING
from conformance.record import Connection, Event, Everything, Record, Send
from conformance.transcript import Entry, Json, Kind

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
    try:
        judge(item)
    except Misshapen as missing:
        reason = f"a payload lacks what this needs: {one_line(missing)}"
        raise Unverified(reason, because=missing.because) from missing
    except Deviation as deviation:
        deviation.transcript = deviation.transcript or record.transcript.key
        raise


# -- connections -------------------------------------------------------------------------------------------------


def good_connections(record: Record) -> Iterator[Connection]:
    """Those that presented a token which must be accepted."""
    return (connection for connection in record.connections if connection.good)


def lasting(connection: Connection) -> bool:
    """Whether its token outlives the scenario: what becomes of the others is observed (OBS-EXPIRY)."""
    return connection.good and not str(connection.opened.get("token")).startswith("token of")


def raw(connection: Connection) -> bool:
    """Whether it sent packets that were written by hand, whose meaning the record does not know."""
    return any(entry.kind is Kind.SENT and entry.get("packet") == "RAW" for entry in connection.entries)


def in_vain(connection: Connection, waiting: str) -> Entry | None:
    """The entry that says that this was waited for until the deadline, on a connection that was still there."""
    ended = connection.ended_by_target
    for entry in connection.entries:
        if entry.kind is Kind.EXPIRED and entry.get("waiting") == waiting:
            return entry if ended is None or ended.serial > entry.serial else None
    return None


def displaced(connection: Connection) -> bool:
    """Whether the target ended it while the user had another connection: that is DEVICE-COEXIST's (a SHOULD)."""
    if connection.ended_by_target is None:
        return False
    first, last = connection.entries[0].serial, connection.entries[-1].serial
    others = (c for c in connection.record.connections if c.user == connection.user and c is not connection)
    return any(other.entries[0].serial < last and other.entries[-1].serial > first for other in others)


def first_arrivals(record: Record) -> Iterator[Connection]:
    """The first connection of each device that took the usual road and was waited for. Later ones are judged by
    RECONNECT-GREETED, other roads and refusals by the AUTH requirements."""
    devices: set[str] = set()
    for connection in record.connections:
        if not (connection.shaken and connection.usual) or connection.device in devices:
            continue
        devices.add(connection.device)
        waited = connection.opened.get("greet") or in_vain(connection, CONNECTED)
        refused = connection.received("CONNECT_ERROR") or connection.events(ERROR) or displaced(connection)
        if connection.good and (connection.greeted or (waited and not refused)):
            yield connection


def greeted(connection: Connection) -> None:
    """CONNECTED-SENT."""
    at = [connection.opened.serial, connection.entries[-1].serial]
    heard = ", ".join(str(event.name) for event in connection.events()) or "no event"
    expect(connection.greeted, f"{CONNECTED} on {connection.title}", heard, at=at)


def quiet_arrivals(record: Record) -> Iterator[Connection]:
    """Greeted connections before whose greeting their user had emitted nothing."""
    emitted = [(c.user, e.serial) for c in record.connections for e in c.entries if _emits(e)]
    for connection in good_connections(record):
        if connection.greeted:
            greeting = connection.events(CONNECTED)[0].entry.serial
            if all(user != connection.user or serial > greeting for user, serial in emitted):
                yield connection


def _emits(entry: Entry) -> bool:
    return entry.kind is Kind.SENT and entry.get("packet") in ("EVENT", "RAW")


def greeted_first(connection: Connection) -> None:
    """CONNECTED-FIRST. Support may still be answering what a user wrote before the scenario began."""
    greeting = connection.events(CONNECTED)[0]
    before = [event for event in connection.events() if event.entry.serial < greeting.entry.serial]
    early = [event for event in before if not (_by_support(event) and _has_written(greeting))]
    told = ", ".join(f"{event.name} {shown(list(event.args))}" for event in early)
    expect(not early, f"{CONNECTED} before any other event", told, at=[e.entry.serial for e in (*early, greeting)])


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
    greetings = connection.events(CONNECTED)
    at = [event.entry.serial for event in greetings]
    expect(len(greetings) == 1, f"one {CONNECTED} on {connection.title}", f"{len(greetings)}", at=at)


# -- events ------------------------------------------------------------------------------------------------------


def help_center_events(record: Record) -> Iterator[Event]:
    """What the document names (section 3.1), on every connection."""
    return (event for event in record.events() if str(event.name).startswith("help_center:"))


def one_object(event: Event) -> None:
    """EVENT-ARGUMENT."""
    holds = len(event.args) == 1 and isinstance(event.payload, dict)
    what = f"{event.name} with one argument, an object"
    expect(holds, what, f"the arguments {shown(list(event.args))}", at=[event.entry.serial])


def object_of(event: Event) -> Json:
    """The payload of an event; whether it is an object is EVENT-ARGUMENT's."""
    if not isinstance(event.payload, dict):
        raise Unverified(f"{event.name} without an object: {shown(event.payload)}", because="EVENT-ARGUMENT")
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
    told = connection.events(MESSAGE)
    twice = [name for name, times in Counter(event.message.id for event in told).items() if times > 1]
    at = [event.entry.serial for event in told if event.message.id in twice]
    expect(not twice, f"each message once on {connection.title}", f"more than once: {', '.join(twice)}", at=at)


class OneMessageForEachId:
    """MESSAGE-ID, over the message events of a whole run. Ids that are unique within each conversation will do: clients
    use them nowhere else."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[str, str]] = {}

    def __call__(self, event: Event) -> None:
        message = event.message
        content = (message.sender, message.text)
        seen = self._seen.setdefault((message.conversation_id, message.id), content)
        actual = f"{shown(list(seen))} and {shown(list(content))}"
        expect(seen == content, f"one message with the id {message.id}", actual, at=[event.entry.serial])


def said(record: Record) -> Iterator[tuple[Connection, Message]]:
    """Every message in an event or ack, with the connection it came on."""
    for connection in good_connections(record):
        if connection.greeted:
            yield from ((connection, event.message) for event in connection.events(MESSAGE))
    yield from ((send.connection, send.message) for send in saved(record) if send.connection.greeted)


def in_its_conversation(pair: tuple[Connection, Message]) -> None:
    """MESSAGE-CONVERSATION."""
    connection, message = pair
    own = connection.history.conversation.id
    what = f"{message.where}.conversationId to be the conversation of the greeting, {shown(own)}"
    expect(message.conversation_id == own, what, shown(message.conversation_id), at=[message.at])


# -- sends and acks ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ack:
    """One ack of one send."""

    send: Send
    entry: Entry

    @property
    def args(self) -> list[Json]:
        args = self.entry.get("args")
        return args if isinstance(args, list) else []


def with_object(send: Send) -> bool:
    """Whether its payload was an object: what becomes of others is judged by SEND-NO-OBJECT and REJECT-NO-OBJECT."""
    return bool(send.args) and isinstance(send.args[0], dict)


def acks(record: Record) -> Iterator[Ack]:
    """The acks of sends with an object, on connections that were let in."""
    for send in record.sends:
        if send.connection.good and with_object(send):
            yield from (Ack(send, entry) for attempt in send.attempts for entry in attempt.acks)


def saved(record: Record) -> list[Send]:
    """Sends of good connections that were acked with a message."""
    return [send for send in record.accepted() if send.connection.good and isinstance(send.answer["message"], dict)]


def awaited_acks(record: Record) -> Iterator[Send]:
    """Sends to which an ack is owed: asked for, with an object, after the greeting; and which got it, or had to."""
    for send in record.sends:
        connection = send.connection
        if not (send.asked and with_object(send) and lasting(connection) and connection.greeted):
            continue
        if connection.events(CONNECTED)[0].entry.serial > send.entry.serial:
            continue  # BURST-AFTER-CONNECT judges those
        if send.acks or in_vain(connection, f"the ack of send #{send.number}") or _fenced(send):
            yield send


def _fenced(send: Send) -> bool:
    """Whether a later send on the same connection was acked, and a quiet window has passed since."""
    connection = send.connection
    if connection.ended_by_target is not None:
        return False
    settle = float(connection.record.transcript.facts.get("settle", 0.0))
    later = (s for s in connection.record.sends if s.connection is connection and s.number > send.number)
    closing = connection.entries[-1].at
    return any(other.plain and other.acks and closing - other.acks[0].at >= settle for other in later)


def acked(send: Send) -> None:
    """ACK-CALLED."""
    expect(send.acks, f"an ack of send #{send.number} {shown(send.args[0])}", "none", at=[send.entry.serial])


def acked_once(connection: Connection) -> None:
    """ACK-ONCE."""
    received = connection.received("ACK", "BINARY_ACK")
    asked = {entry.get("id") for entry in connection.entries if entry.kind is Kind.SENT}
    times = Counter(entry.get("id") for entry in received)
    wrong = [entry for entry in received if times[entry.get("id")] > 1 or entry.get("id") not in asked]
    told = ", ".join(f"id {entry.get('id')} {'twice' if entry.get('id') in asked else 'unasked'}" for entry in wrong)
    expect(not wrong, "one ack for each id that asked for one", told, at=[entry.serial for entry in wrong])


def one_answer(ack: Ack) -> None:
    """ACK-ARGUMENT."""
    holds = len(ack.args) == 1 and isinstance(ack.args[0], dict)
    at = [ack.send.entry.serial, ack.entry.serial]
    expect(holds, "an ack with one argument, an object", f"the arguments {shown(ack.args)}", at=at)


def ack_fits(ack: Ack) -> None:
    """ACK-SHAPE: all but what is inside an error."""
    if not (len(ack.args) == 1 and isinstance(ack.args[0], dict)):
        raise Unverified(f"an ack without an object: {shown(ack.args)}", because="ACK-ARGUMENT")
    answer = ack.args[0]
    if answer.get("error") is not None and answer.get("message") is None:
        answer = {**answer, "error": {"code": "ANY", "message": "any"}}
    fits("send-ack", answer, "the ack", at=[ack.send.entry.serial, ack.entry.serial])


def answers_its_own(send: Send) -> None:
    """ACK-MATCH. A text that is neither its own nor another's was changed, which SEND-VERBATIM judges."""
    own, text = str(send.text).strip(), send.message.text
    others = {str(other.text).strip() for other in send.record.sends} - {own}
    expect(text not in others, f"the ack of send #{send.number} to be about {shown(own)}", shown(text), at=send.at)
    if text != own:
        raise Unverified(f"the text came back changed: {shown(text)}", because="SEND-VERBATIM")


# -- errors ------------------------------------------------------------------------------------------------------


def problems(record: Record) -> Iterator[tuple[str, Json, Entry]]:
    """Every error: what carries it, its payload, where. What is no object in an event is EVENT-ARGUMENT's."""
    for event in record.events(ERROR):
        if isinstance(event.payload, dict):
            yield ERROR, event.payload, event.entry
    for send in record.sends:
        for entry in (entry for attempt in send.attempts for entry in attempt.acks):
            answer = next(iter(entry.get("args") or []), None)
            if isinstance(answer, dict) and answer.get("error") is not None:
                yield "ack.error", answer["error"], entry


def problem_fits(problem: tuple[str, Json, Entry]) -> None:
    """ERROR-SHAPE."""
    where, payload, entry = problem
    fits("error", payload, where, at=[entry.serial])


def blameless(record: Record) -> Iterator[Connection]:
    """Good connections that did what is documented, and had all of it accepted at the first try."""
    if record.transcript.wave != 1:
        return
    for connection in good_connections(record):
        sends = [send for send in record.sends if send.connection is connection]
        refused = any(len(s.attempts) > 1 or (s.asked and not (s.acks and s.accepted)) for s in sends)
        documented = lasting(connection) and not raw(connection) and not displaced(connection)
        if documented and connection.greeted and not connection.conversation_closed and not refused:
            yield connection


def heard_no_error(connection: Connection) -> None:
    """ERROR-UNPROVOKED."""
    errors = connection.events(ERROR)
    told = ", ".join(shown(event.payload) for event in errors)
    expect(not errors, f"no {ERROR} on {connection.title}", told, at=[event.entry.serial for event in errors])
