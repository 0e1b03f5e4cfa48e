"""Laws of what a client is answered: acks (section 4.6) and errors (section 4.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.checks.assertions import expect, expect_schema
from conformance.checks.doubts import is_acked
from conformance.checks.selectors import closed_beside_another, good_connections, raw
from conformance.errors import Unverified
from conformance.formatting import preview
from conformance.protocol import CONNECTED, ERROR, SEND, Json
from conformance.record.exchanges import Attempt
from conformance.record.payloads import Payload
from conformance.record.rate_limits import error_of
from conformance.record.transcript import Entry, Kind
from conformance.record.views import Connection, Record, Send
from conformance.record.waits import ack_of, given_up

ALL_ALONE = "no plain text was accepted while another one was in flight"

# -- acks ----------------------------------------------------------------------------------------------


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


def awaited_acks(record: Record) -> Iterator[Send]:
    """Sends to which an ack is owed: asked for, with an object, after the greeting; and which got it, or had to."""
    for send in record.sends:
        connection = send.connection
        if not (send.asked and with_object(send) and connection.lasting and connection.greeted):
            continue
        if connection.events(CONNECTED)[0].entry.serial > send.entry.serial:
            continue  # BURST-AFTER-CONNECT judges those
        if send.acks or given_up(connection, ack_of(send.number)) or _fenced(send):
            yield send


def _fenced(send: Send) -> bool:
    """Whether a later send on the same connection was acked, and as long a silence has passed since as the run waits
    for what must come."""
    connection = send.connection
    if connection.ended_by_target is not None:
        return False
    facts = connection.record.transcript.facts
    late = float(facts["late"] if "late" in facts else facts.get("settle", 0.0))
    later = (s for s in connection.record.sends if s.connection is connection and s.number > send.number)
    closing = connection.entries[-1].at
    return any(other.plain and other.acks and closing - other.acks[0].at >= late for other in later)


def acked(send: Send) -> None:
    """ACK-CALLED."""
    acked = is_acked(send)
    expect(acked, lambda: f"an ack of send #{send.number} {preview(send.args[0])}", "none", at=[send.entry.serial])


def acking(record: Record) -> Iterator[Connection]:
    """Connections that got acks, for what they sent as documented packets."""
    return (c for c in good_connections(record) if c.received("ACK", "BINARY_ACK") and not raw(c))


def acked_once(connection: Connection) -> None:
    """ACK-ONCE."""
    received = connection.received("ACK", "BINARY_ACK")
    asked = {entry.get("id") for entry in connection.entries if entry.kind is Kind.SENT}
    times = Counter(entry.get("id") for entry in received)
    wrong = [entry for entry in received if times[entry.get("id")] > 1 or entry.get("id") not in asked]
    expect(
        not wrong,
        "one ack for each id that asked for one",
        lambda: ", ".join(
            f"id {entry.get('id')} {'twice' if entry.get('id') in asked else 'unasked'}" for entry in wrong
        ),
        at=[entry.serial for entry in wrong],
    )


def one_answer(ack: Ack) -> None:
    """ACK-ARGUMENT."""
    holds = len(ack.args) == 1 and isinstance(ack.args[0], dict)
    at = [ack.send.entry.serial, ack.entry.serial]
    expect(holds, "an ack with one argument, an object", lambda: f"the arguments {preview(ack.args)}", at=at)


def ack_fits(ack: Ack) -> None:
    """ACK-SHAPE: all but what is inside an error."""
    if not (len(ack.args) == 1 and isinstance(ack.args[0], dict)):
        raise Unverified(f"an ack without an object: {preview(ack.args)}", because="ACK-ARGUMENT")
    answer = ack.args[0]
    if answer.get("error") is not None and answer.get("message") is None:
        answer = {**answer, "error": {"code": "ANY", "message": "any"}}
    expect_schema("send-ack", answer, "the ack", at=[ack.send.entry.serial, ack.entry.serial])


def acked_sends(record: Record) -> list[Send]:
    return list(record.acked())


def acked_in_flight(record: Record) -> Iterator[Send]:
    """Accepted plain texts that were sent while another one of the same connection was not acked yet, or the other way
    round; the other one may have been refused, for its pace."""
    for spans in _tried(record).values():
        ended = 0
        for place, (attempt, send) in enumerate(spans):
            end = attempt.acks[0].serial
            following = spans[place + 1 : place + 2]
            together = ended > attempt.entry.serial or any(later.entry.serial < end for later, _ in following)
            if together and attempt is send.attempts[-1] and send.accepted:
                yield send
            ended = max(ended, end)


def _tried(record: Record) -> Mapping[int, Sequence[tuple[Attempt, Send]]]:
    """For each good connection: every attempt to send a plain text that was acked, in the order in which they went."""
    by_connection: dict[int, list[tuple[Attempt, Send]]] = {}
    for send in record.acked():
        if send.plain and send.connection.good:
            acked = ((attempt, send) for attempt in send.attempts if attempt.acks)
            by_connection.setdefault(send.connection.number, []).extend(acked)
    for tried in by_connection.values():
        tried.sort(key=lambda one: one[0].entry.serial)
    return by_connection


def alone(records: Sequence[Record]) -> str:
    """Why ACK-MATCH was not put to the test: with what most of the texts were refused that were not alone."""
    tried = [one for record in records for spans in _tried(record).values() for one in spans]
    errors = [error for attempt, _ in tried if isinstance(error := error_of(attempt.acks[0]), dict)]
    said = Counter(f"{preview(error.get('code'))}, {preview(error.get('message'))}" for error in errors)
    if not said:
        return f"{ALL_ALONE}: no two were ever in flight together"
    [(most, times)] = said.most_common(1)
    remedy = "lift that limit for the run, or pass --users whom it does not hold for"
    return f"{ALL_ALONE}: {times} of {len(tried)} were refused with {most}: {remedy}"


def answers_its_own(send: Send) -> None:
    """ACK-MATCH. A text that is neither its own nor another's was changed, which SEND-VERBATIM judges."""
    own, text = str(send.text).strip(), send.message.text
    expect(
        text == own or text not in send.record.senders,
        lambda: f"the ack of send #{send.number} to be about {preview(own)}",
        lambda: preview(text),
        at=send.at,
    )
    if text != own:
        raise Unverified(f"the text came back changed: {preview(text)}", because="SEND-VERBATIM")


# -- errors ------------------------------------------------------------------------------------------------------


def problems(record: Record) -> Iterator[Payload]:
    """Every error in an event or an ack; but one beside a message is ACK-SHAPE's."""
    for problem, entry in record.problems():
        args = entry.get("args")
        beside = args[0].get("message") if problem.where == "ack.error" else None
        if beside is None:
            yield problem


def problem_fits(problem: Payload) -> None:
    """ERROR-SHAPE."""
    if problem.where == ERROR and not isinstance(problem.raw, dict):
        raise Unverified(f"{ERROR} without an object: {preview(problem.raw)}", because="EVENT-ARGUMENT")
    expect_schema("error", problem.raw, problem.where, at=[problem.at])


def did_nothing_wrong(record: Record) -> Iterator[Connection]:
    """Good connections that did what is documented, and had all of it accepted at the first try, whatever others did
    meanwhile. What typing leads to is judged by TYPING-HARMLESS."""
    for connection in good_connections(record):
        sends = [send for send in record.sends if send.connection is connection]
        refused = any(len(s.attempts) > 1 or (s.asked and not (s.acks and s.accepted)) for s in sends)
        other = any(e.kind is Kind.SENT and e.get("event") not in (None, SEND) for e in connection.entries)
        odd = other or raw(connection) or not all(send.valid for send in sends)
        documented = connection.lasting and not (odd or closed_beside_another(connection))
        if documented and connection.greeted and not connection.conversation_closed and not refused:
            yield connection


def heard_no_error(connection: Connection) -> None:
    """ERROR-UNPROVOKED."""
    errors = connection.heard(ERROR)
    actual = ", ".join(preview(event.payload) for event in errors)
    at = [event.entry.serial for event in errors]
    unheard = any(not send.asked for send in connection.record.sends if send.connection is connection)
    unless = "SEND-PLAIN" if unheard else None  # who refuses a text that asks for no ack says so by an event
    expect(not errors, f"no {ERROR} on {connection.title}", actual, at=at, unless=unless)
