"""Valid texts that were answered with an error, whatever its code: they are neither stored nor emitted (section 4.6;
by section 5 a client shows the error, and its user sends the text again).

Such a text is tried again, so it is the single attempt that is judged: by what came before the attempt that was
accepted, and by how many messages there are in the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance.checks.assertions import expect
from conformance.checks.controls import unacked_anyhow
from conformance.checks.doubts import is_acked
from conformance.checks.history_window import HistoryWindow, windows
from conformance.checks.limits import not_for_its_pace
from conformance.checks.selectors import good_connections
from conformance.checks.unique_words import words_in
from conformance.errors import Unverified
from conformance.formatting import preview
from conformance.inputs.texts import WHITE
from conformance.protocol import MESSAGE, USER
from conformance.record.exchanges import Attempt
from conformance.record.payloads import Message
from conformance.record.views import Record, Send


@dataclass(frozen=True)
class Failed:
    """A valid send whose first attempts, or all of them, were answered with an error."""

    send: Send
    error: Attempt
    """The first attempt."""
    accepted: Sequence[Attempt]
    """The attempt that was accepted of this send, and of each other send of the same text."""

    @property
    def at(self) -> list[int]:
        return [self.error.entry.serial, self.error.acks[0].serial]

    def tells_of_it(self, message: Message) -> bool:
        """Whether a message has this text, and is said in the user's name."""
        raw = message.raw
        return isinstance(raw, dict) and raw.get("sender") == USER and raw.get("text") == self.send.text.strip(WHITE)


def sends(record: Record) -> Iterator[Failed]:
    """Those of whose text every attempt was answered; none where acks are mixed up (ACK-MATCH), and not those whose
    error may be another's."""
    for send in record.sends if not mixed_up(record) else ():
        if send.valid and send.connection.good and isinstance(send.text, str) and _failed(send.attempts[0]):
            if any(_may_be_of(other, send.attempts[0]) for other in record.sends if not other.valid):
                continue
            same = [other for other in record.sends if str(other.text).strip(WHITE) == send.text.strip(WHITE)]
            attempts = [attempt for other in same for attempt in other.attempts]
            if all(attempt.acks for attempt in attempts):
                yield Failed(send, send.attempts[0], [attempt for attempt in attempts if not _failed(attempt)])


def taken_in_flight(record: Record, tag: str) -> None:
    """Raise Unverified where plain texts that are in flight together are not all taken, or acks are mixed up, whatever
    else is in flight."""
    not_mixed_up(record)
    for send in record.tagged(tag):
        if not is_acked(send):
            why = "plain texts that were in flight together were not all acked"
            raise Unverified(why, because=unacked_anyhow(send))
        if send.refused:
            not_for_its_pace(send)
            raise Unverified("plain texts that were in flight together were refused", because="SEND-PLAIN")


def not_mixed_up(record: Record) -> None:
    """Raise Unverified where acks are mixed up: which messages are whose is not known then."""
    if mixed_up(record):
        raise Unverified("an ack tells of the message of another send", because="ACK-MATCH")


def mixed_up(record: Record) -> bool:
    """Whether an ack tells of the message of another send."""
    texts = {str(send.text).strip(WHITE) for send in record.sends}
    answers = ((send, send.answer["message"]) for send in record.accepted())
    own = ((str(send.text).strip(WHITE), message.get("text")) for send, message in answers if isinstance(message, dict))
    return any(isinstance(text, str) and text != sent and text in texts for sent, text in own)


def _may_be_of(other: Send, attempt: Attempt) -> bool:
    """Whether the error that answered an attempt may be that of another send, which was in flight as well and has no
    answer, or the same."""
    begin, end = attempt.entry.serial, attempt.acks[0].serial
    in_flight = [one for one in other.attempts if one.entry.serial < end]
    beside = [one for one in in_flight if not one.acks or one.acks[0].serial > begin]
    return any(not one.acks or _answer(one) == _answer(attempt) for one in beside)


def _answer(attempt: Attempt) -> object:
    args = attempt.acks[0].get("args") if attempt.acks else None
    return args[0] if isinstance(args, list) and args else None


def _failed(attempt: Attempt) -> bool:
    answer = _answer(attempt)
    return isinstance(answer, dict) and answer.get("error") is not None and answer.get("message") is None


def not_emitted(failed: Failed) -> None:
    """REJECT-EMITTED."""
    send = failed.send
    for connection in good_connections(send.record):
        if connection.user == send.connection.user:
            received = [e.message for e in connection.events(MESSAGE) if e.entry.serial > failed.error.entry.serial]
            _none_too_many(failed, [m for m in received if failed.tells_of_it(m)], f"{MESSAGE} on {connection.title}")


def not_stored(failed: Failed) -> None:
    """REJECT-STORED. Words that no run ever had before are known by themselves; of other texts, an earlier history on
    the same route says which messages are old."""
    for window in windows(failed.send.record):
        if window.user == failed.send.connection.user and window.history.at > failed.error.acks[0].serial:
            old = _old(failed, window)
            new = [m for m in window.messages if old is not None and failed.tells_of_it(m) and m.id not in old]
            _none_too_many(failed, new, window.history.where)


def _old(failed: Failed, window: HistoryWindow) -> set[str] | None:
    if words_in(failed.send.text):
        return set()
    before = [
        other for other in windows(failed.send.record) if other.user == window.user and other.channel == window.channel
    ]
    earlier = [other for other in before if other.history.at < failed.error.entry.serial]
    return set(earlier[-1].history.ids) if earlier else None


def _none_too_many(failed: Failed, messages: Sequence[Message], where: str) -> None:
    """None before the first attempt that was accepted, and after it as many as there were of those."""
    since = min((attempt.entry.serial for attempt in failed.accepted), default=None)
    early = [message for message in messages if since is None or message.at < since]
    spare = len({message.id for message in messages}) - len(failed.accepted)
    actual = f"send #{failed.send.number} was answered with {preview(_error(failed))}, and is in {where}"
    again = " twice" if not early else ""
    at = [*failed.at, *(message.at for message in messages)]
    expect(not early and spare <= 0, "nothing of a text that was answered with an error", f"{actual}{again}", at=at)


def _error(failed: Failed) -> object:
    return failed.error.acks[0].get("args")[0]["error"]
