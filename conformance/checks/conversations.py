"""The model of a conversation: at every step of a random program each channel shows what was sent and accepted so
far, and nothing else (sections 3 to 7).

The model is read from the record itself: the sends in the order of their acks. A rule picks items of one program's
record and judges each of them, as the general laws do, which hold here as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from conformance.checks import ack
from conformance.checks.assertions import outcome_of
from conformance.checks.history_window import HistoryWindow, windows
from conformance.checks.law import Law
from conformance.checks.parity import heard_by
from conformance.checks.selectors import good_connections, saved
from conformance.checks.sending import is_accepted, is_refused
from conformance.checks.unexpected_messages import nothing_unexpected, unexpected_emitted, unexpected_listed
from conformance.errors import Deviation
from conformance.protocol import TYPING
from conformance.record.payloads import Message
from conformance.record.transcript import Kind, Point
from conformance.record.views import Connection, Record, Send


def smallest_deviation(played: Iterable[Record], law: Law[Any]) -> None:
    """Judge each program's record by itself; deviate for the smallest that does, and tell its steps as a script."""
    smallest_first = sorted(played, key=lambda part: len(part.transcript.entries))
    found = [(part, deviation) for part in smallest_first if (deviation := _deviation(part, law))]
    found = [pair for pair in found if pair[1].unless is None] or found
    if found:
        part, first = found[0]
        said = "\n".join(f"{number}. {step}" for number, step in enumerate(script(part), 1))
        actual = f"{first.actual}\nin the smallest of {len(found)} such conversations:\n{said}"
        raise Deviation(first.expected, actual, at=first.at, transcript=part.transcript.key, unless=first.unless)


def _deviation(part: Record, law: Law[Any]) -> Deviation | None:
    outcome = outcome_of(law.check, [part])
    return outcome if isinstance(outcome, Deviation) else None  # what is unverified, its chapter says


def script(part: Record) -> list[str]:
    """The steps of a program, for a person to follow."""
    steps = [str(entry.get("label")) for entry in part.transcript.marks if entry.get("point") is None]
    return [*steps, "all leave; then each user connects, sends a plain text, asks REST and connects again"]


def of(what: str) -> Callable[[Record], Iterator[Send]]:
    """The acked sends of one kind (``WHAT`` of the programs), where no other was in flight whose ack this may be."""
    return lambda record: (send for send in record.acked() if send.tag == what and _alone(send))


def unprovoked(what: str) -> Callable[[Record], Iterator[Send]]:
    """The same of those before which the user had sent nothing that is to be refused (REJECT-SURVIVED judges that)."""
    return lambda record: (send for send in of(what)(record) if not _provoked(send))


def _provoked(send: Send) -> bool:
    own = (other for other in send.record.sends if other.connection.user == send.connection.user)
    return any(not other.valid and other.entry.serial < send.entry.serial for other in own)


def _alone(send: Send) -> bool:
    sent, answered = send.entry.serial, send.acks[0].serial
    others = (other for other in send.record.sends if other.number != send.number)
    return not any(
        other.entry.serial < answered and (not other.acks or other.acks[0].serial > sent) for other in others
    )


def accepted(record: Record) -> Iterator[Send]:
    return (send for send in saved(record) if send.valid)


def next_windows(record: Record) -> Iterator[tuple[HistoryWindow, HistoryWindow]]:
    """The first history of each user over each channel, with each later one there."""
    first: dict[tuple[str, str], HistoryWindow] = {}
    for window in windows(record):
        before = first.setdefault((window.user, window.channel), window)
        if before is not window:
            yield before, window


def nothing_else(pair: tuple[HistoryWindow, HistoryWindow]) -> None:
    """No history shows a message of the user that was not accepted."""
    before, after = pair
    texts = set(before.history.all("text"))  # what was there already is doubled: RECONNECT-RESYNC's
    unexpected = unexpected_listed(after.record, before.history, after.history)
    _explained(after.record, [message for message in unexpected if message.text not in texts])


def nothing_else_is_emitted(record: Record) -> None:
    _explained(record, unexpected_emitted(record))


def _explained(record: Record, unexpected: Sequence[Message]) -> None:
    """Of sends that asked for no ack the ids are not known: as many may be theirs, with a changed text. Where
    somebody typed they may come from that, which TYPING-NO-MESSAGE judges."""
    if any(entry.get("event") == TYPING for entry in record.transcript.of(Kind.SENT)):
        return
    unacked = sum(send.valid and not send.asked for send in record.sends)
    if len({message.id for message in unexpected}) > unacked:
        nothing_unexpected(unexpected)


def listeners(record: Record) -> Iterator[tuple[Connection, Send]]:
    """Each accepted message with the user's other connections that were there before it was sent, and still were when
    all had become quiet."""
    quiet = next((entry.serial for entry in record.transcript.of(Kind.MARK) if entry.get("point") == Point.QUIET), 0)
    own = (send for send in accepted(record) if send.message.text == str(send.text).strip())  # else: ACK-MATCH's
    for send in (send for send in own if send.entry.serial < quiet):
        for connection in good_connections(record):
            other = connection is not send.connection and connection.user == send.connection.user
            if other and _there(connection, send.attempts[0].entry.serial, quiet):
                yield connection, send


def _there(connection: Connection, since: int, until: int) -> bool:
    stayed = connection.closed is None or connection.closed.serial > until
    return stayed and connection.greeted and connection.history.at < since


RULES: Sequence[Law[Any]] = (
    Law("SEND-PLAIN", "a plain text is accepted", unprovoked("a plain text"), is_accepted),
    Law("SEND-EMPTY", "an empty text is refused", of("an empty text"), is_refused),
    Law("SEND-MAX", "a long text is refused", of("a text that is too long"), is_refused),
    Law("SEND-ABSENT", "null is refused", of("null"), is_refused),
    Law("ACK-MATCH", "each ack answers its own send", accepted, ack.answers_its_own),
    Law("REJECT-EMITTED", "nothing is emitted that was refused", lambda record: [record], nothing_else_is_emitted),
    Law("REJECT-STORED", "nothing is shown that was refused", next_windows, nothing_else),
    Law("MESSAGE-DEVICES", "all devices hear of it", listeners, lambda pair: heard_by(*pair)),
)
