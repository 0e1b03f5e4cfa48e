"""Whether a conversation goes on: no reconnect, refreshed token, burst or upgrade loses or doubles a message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from conformance.checks.assertions import check_all, expect_equal, outcome_of
from conformance.checks.connection import acked, heard
from conformance.checks.controls import session_lost, unacked_anyhow
from conformance.checks.doubts import is_acked, not_in_doubt, was_greeted
from conformance.checks.history import no_id_is_shared
from conformance.checks.history_window import greeting_of
from conformance.checks.limits import not_limited
from conformance.errors import Deviation, Unverified
from conformance.formatting import preview
from conformance.protocol import CONNECTED, ERROR, MESSAGE, SUPPORT, UNAUTHORIZED
from conformance.record.descriptions import said
from conformance.record.matching import pick
from conformance.record.payloads import History
from conformance.record.rate_limits import error_of, speaks_of_pace
from conformance.record.views import Connection, Record, Send
from conformance.record.waits import message_named


def require(judge: Callable[[], None], *, because: str) -> None:
    """Raise Unverified where a judgement of another requirement deviates, and nothing can be built on it."""
    outcome = outcome_of(lambda _: judge(), None)
    if isinstance(outcome, Deviation):
        raise unfounded(outcome, because)
    if outcome is not None:
        raise outcome


def unfounded(deviation: Deviation, because: str) -> Unverified:
    """Why something cannot be judged that builds on what deviates so: what else does stands where that is judged."""
    first = deviation.actual.partition("\n")[0]
    return Unverified(f"what this builds on does not hold ({first})", because=because)


# -- histories -----------------------------------------------------------------------------------------------------


def shows(connection: Connection, sends: Sequence[Send], *, unless: str | None = None) -> None:
    """Deviate when one of the sends, all accepted before, is missing from the greeting of a connection. ``unless``: the
    requirement to blame where messages are lost anyhow."""
    window = greeting_of(connection)
    around = "shows nothing" if window.oldest is None else "shows an older one"
    where = window.history.where

    def judge(send: Send) -> None:
        if window.missing([send]):
            raise Deviation(
                f"{where} to show every message, or the last ones without a gap",
                f"send #{send.number} is missing, while {where} {around}",
                at=[send.entry.serial, window.history.at],
                unless=unless,
            )

    check_all(sends, judge, nothing="nothing was sent")


def shows_once(history: History, sends: Sequence[Send], *, unless: str | None = None) -> None:
    """Deviate when a history shows a message twice: by its id, or a sent text in two messages. ``unless``: the
    requirement to blame where texts are doubled anyhow."""
    _ids_once(history)
    _texts_once(history, sends, unless=unless)


def showed_once(history: History, sends: Sequence[Send]) -> None:
    """Raise Unverified where a history shows twice what was sent before anything was tried."""
    require(lambda: _ids_once(history), because="MESSAGE-ID")
    require(lambda: _texts_once(history, sends), because="RECONNECT-RESYNC")


def _ids_once(history: History) -> None:
    no_id_is_shared(history)
    twice = [message_id for message_id, count in Counter(history.ids).items() if count > 1]
    if twice:
        actual = f"{len(twice)} of them twice or more, such as {preview(twice[0])}"
        raise Deviation(f"each message once in {history.where}", actual, at=[history.at])


def _texts_once(history: History, sends: Sequence[Send], *, unless: str | None = None) -> None:
    _ = history.all("text")

    def judge(send: Send) -> None:
        if len(send.attempts) > 1:  # it was refused at first: REJECT-STORED judges whether it was stored all the same
            return
        times = sum(message.sender != SUPPORT for message in history.where_is("text", str(send.text)))
        if times > len(send.attempts):  # one that is refused and stored all the same is not a doubling of histories
            actual = f"the text of send #{send.number} stands there {times} times"
            at = [send.entry.serial, history.at]
            raise Deviation(f"each message once in {history.where}", actual, at=at, unless=unless)

    check_all(sends, judge, nothing="nothing was sent")


# -- coming back ---------------------------------------------------------------------------------------------------


def comeback(record: Record, nth: int = 1) -> Connection:
    """A later connection of the phone. Raises Unverified when it was not greeted."""
    connection = record.connection("phone", nth)
    if not connection.greeted:
        raise Unverified("the device was not greeted when it came back", because="RECONNECT-GREETED")
    return connection


def greeted_again(connection: Connection) -> None:
    """Deviate when a device that was greeted before, and comes back with a good token, is not."""
    if not was_greeted(connection):
        not_limited(connection)
        got = [str(entry.get("event") or entry.get("packet")) for entry in connection.received()]
        raise Deviation(
            "help_center:connected, as when the device came first",
            said(connection.entries)
            or ", ".join(got)
            or ("a handshake and nothing more" if connection.handshake_completed else "no connection"),
            at=[connection.opened.serial],
            unless=session_lost(connection),
        )


def greeted_after_refusal(connection: Connection) -> None:
    """As ``greeted_again``, for a connection that follows a refused one: a target may ask for patience then, by
    another code than that of a bad token."""
    problems = [event.problem for event in connection.events(ERROR)]
    if problems and all(problem.code != UNAUTHORIZED for problem in problems):
        raise Unverified(f"the target refused the next connection with the code {problems[0].code}")
    greeted_again(connection)


def same_conversation(old: Connection, new: Connection) -> None:
    """Deviate when two connections of one user opened different conversations."""
    one, other = old.history, new.history
    expect_equal(other.conversation.id, one.conversation.id, "conversation.id", at=[one.at, other.at])


def chats_again(before: Send, after: Send) -> None:
    """Deviate when a send of a device that came back is not accepted and heard, as the one before it went was."""
    if not heard(before):
        raise Unverified("the device did not hear its message before it went either", because="MESSAGE-ECHO")
    if not heard(after):
        actual = "no message event" if acked(after) else preview(after.answer) if after.acks else "no ack"
        lost = session_lost(after.connection) or ("MESSAGE-ECHO" if after.acks else "ACK-CALLED")
        unless = "SEND-PLAIN" if after.acks and after.refused else lost
        what = "a message to be saved and heard, as before the device went"
        raise Deviation(what, actual, at=after.at, unless=unless)


def taken_with_new_token(send: Send) -> None:
    """Deviate when a text is refused that a device sends with a refreshed token. ACK-SHAPE judges what is neither."""
    if send.acks and send.refused and not acked(send):
        expected = "a text that is sent with a refreshed token to be saved"
        raise Deviation(expected, preview(send.answer), at=send.at, unless="SEND-PLAIN")


def arrived(early: Connection) -> None:
    """Raise Unverified when a device that sent before its greeting was never greeted."""
    _ = early.history


def misses_nothing(joined: Connection, last: Send) -> None:
    """Deviate when a device that connected while its user's messages were saved neither found one of them in its
    greeting nor heard of it afterwards: clients put what the greeting shows in place of what they heard before it.
    ``last`` is a message that was sent when the device had long been there."""
    if not joined.greeted or joined.ended_by_target is not None:
        raise Unverified(f"{joined.title} was not connected", because="DEVICE-COEXIST")
    greeting = joined.events(CONNECTED)[0].entry.serial
    received = [event.message for event in joined.events(MESSAGE) if event.entry.serial > greeting]
    if pick(received, last.sent) is None:
        raise Unverified(f"{joined.title} hears nothing of other devices", because="MESSAGE-DEVICES")
    ids, texts = {message.id for message in received}, {message.text for message in received}
    early = {event.message.id for event in joined.events(MESSAGE) if event.entry.serial < greeting}
    window = greeting_of(joined)

    def judge(send: Send) -> None:
        heard = send.message.id in ids or send.message.text in texts
        missing = not heard and not window.shows(send, [send])
        if missing:
            not_in_doubt(joined, message_named(send.message.id))
        if missing and window.reaches_before(send.entry):  # else it may be older than the part that is shown
            expected = f"{joined.title} to be shown every message on connecting, or to hear of it then"
            how = "came before it only" if send.message.id in early else "came by no event"
            actual = f"send #{send.number} is missing in its greeting and {how}"
            raise Deviation(expected, actual, at=[joined.history.at, *send.at])

    check_all([send for send in joined.record.accepted() if send.acks[0].serial > joined.opened.serial], judge)


# -- tokens that were issued later ---------------------------------------------------------------------------------

REFRESHED = "refreshed"
"""The device that comes with a token which was issued after the user's texts."""


def refreshed_devices(record: Record) -> Iterator[Connection]:
    """Where it was let in: a target whose clock is behind ours may refuse it."""
    return (one for one in record.all_connections if one.device == REFRESHED and one.greeted)


def shows_as_before(connection: Connection) -> None:
    """TOKEN-REFRESHED, of those: it is shown what the device is shown that comes back with its older token."""
    own = connection.record.tagged("own")
    require(lambda: shows(connection.record.connection("phone", 1), own), because="SEND-KEPT")
    shows(connection, own)


# -- bursts --------------------------------------------------------------------------------------------------------


def accepted(send: Send) -> None:
    """Deviate when a message of a burst is not acked as saved."""
    if not is_acked(send):
        not_limited(send.connection)
        what = "an ack for every message of the burst"
        raise Deviation(what, f"none for send #{send.number}", at=send.at, unless=unacked_anyhow(send))
    _ = send.message.id


def answered_with_own(send: Send) -> None:
    """Deviate when the ack of a send tells of another text."""
    if send.message.text != send.text:
        actual = f"send #{send.number} was acked with {preview(send.message.text)}"
        raise Deviation(f"the ack to carry {preview(send.text)}", actual, at=send.at)


def not_too_early(early: Sequence[Send], late: Sequence[Send]) -> None:
    """Deviate when sends are refused for having come before the greeting. A code that a burst after the greeting gets
    too is about the pace, and such sends were tried again."""
    pace = {code for send in late for code in _refusals(send)}

    def judge(send: Send) -> None:
        codes = _refusals(send) - pace - _pace_of(send)
        if codes:
            actual = f"send #{send.number} was refused with {', '.join(sorted(codes))}"
            what = "a message sent before help_center:connected to be saved"
            raise Deviation(what, actual, at=send.at, unless="SEND-PLAIN")

    check_all(early, judge)


def _pace_of(send: Send) -> set[str]:
    """Those of the codes that come with words about the pace."""
    errors = [error_of(ack) for attempt in send.attempts for ack in attempt.acks[:1]]
    return {str(error.get("code")) for error in errors if speaks_of_pace(error)}


def _refusals(send: Send) -> set[str]:
    """The codes with which any attempt was refused."""
    answers = [ack.get("args") for attempt in send.attempts for ack in attempt.acks[:1]]
    errors = [a[0].get("error") for a in answers if isinstance(a, list) and a and isinstance(a[0], dict)]
    return {str(error.get("code")) for error in errors if isinstance(error, dict)}
