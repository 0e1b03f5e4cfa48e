"""A device that is cut off again and again, and one whose token expires while it is connected."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.checks import interruptions
from conformance.checks.assertions import check_all
from conformance.checks.history import kept_of
from conformance.checks.history_window import windows
from conformance.errors import Deviation, Unverified
from conformance.observations import experiments
from conformance.protocol import ERROR, MESSAGE
from conformance.record.transcript import Doubt, Kind
from conformance.record.waits import ack_of, message_named
from tests.support.handmade import Handmade, message, unverified

# -- cut off again and again ---------------------------------------------------------------------------------------


def cut_off() -> Handmade:
    """A device that sent a text, was cut off and comes back."""
    hand = Handmade()
    hand.opens()
    hand.greeted()
    hand.says("before", saved=message("before", id="before"))
    hand.closed()
    hand.opens()
    return hand


def each_time(hand: Handmade) -> None:
    check_all(interruptions.comebacks(hand.record), interruptions.greeted_each_time)


def shows_all(hand: Handmade) -> None:
    check_all(interruptions.greeted_comebacks(hand.record), interruptions.shows_what_was_said)


def test_who_is_greeted_with_all_each_time_passes() -> None:
    hand = cut_off()
    hand.greeted([message("before", id="before")])
    each_time(hand)
    shows_all(hand)


def test_who_is_let_in_without_a_word_fails() -> None:
    hand = cut_off()
    hand.add(Kind.EXPIRED, waiting={"greeting": True}, seconds=15.0)
    with pytest.raises(Deviation, match="help_center:connected, as when the device came first"):
        each_time(hand)
    assert unverified(lambda: shows_all(hand)).because == "RECONNECT-GREETED"


def test_who_is_greeted_as_before_fails() -> None:
    hand = cut_off()
    hand.greeted()
    each_time(hand)
    with pytest.raises(Deviation, match="send #1 is missing"):
        shows_all(hand)


def test_a_run_that_was_saved_before_there_was_this_is_judged_without_it() -> None:
    each_time(Handmade())
    shows_all(Handmade())


def test_who_was_never_greeted_is_judged_elsewhere() -> None:
    hand = Handmade()
    hand.opens()
    assert unverified(lambda: each_time(hand)).because == "CONNECTED-SENT"


@pytest.mark.parametrize("code", ["RATE_LIMITED", "TOO_MANY_CONNECTIONS", "BUSY"])
def test_a_target_may_ask_for_patience_in_an_error(code: str) -> None:
    hand = cut_off()
    hand.event(ERROR, {"code": code, "message": "You connect too often."})
    hand.closed(by="target")
    assert unverified(lambda: each_time(hand)).because is None


def test_a_target_may_ask_for_patience_in_a_connect_error() -> None:
    hand = cut_off()
    hand.packet(Kind.RECEIVED, "CONNECT_ERROR", data={"message": "Too many connections: try again later"})
    assert unverified(lambda: each_time(hand)).because is None


def test_a_good_token_that_is_called_a_bad_one_is_judged_elsewhere() -> None:
    hand = cut_off()
    hand.event(ERROR, {"code": "UNAUTHORIZED", "message": "You connect too often."})
    hand.closed(by="target")
    assert unverified(lambda: each_time(hand)).because == "TOKEN-REFRESHED"


# -- away for a while ----------------------------------------------------------------------------------------------

TIMES = 2
ANSWER = message("an answer", id="answer", sender="support")


def away(
    hand: Handmade, nth: int, *, greeted: bool, heard: bool = False, waited: bool = True, doubt: str | None = None
) -> None:
    """A device sends a text, goes and returns; support has answered, and REST shows that. ``greeted``: the greeting,
    too. ``heard``: by an event."""
    asked = message(f"text {nth}", id=f"text {nth}")
    answer = {**ANSWER, "id": f"answer {nth}"}
    hand.fetches({"conversation": {}, "messages": []}, tag="before")
    hand.says(asked["text"], saved=asked, tag="question")
    hand.closed()
    hand.opens(trial=True)
    hand.greeted([asked, answer] if greeted else [asked])
    if heard:
        hand.event(MESSAGE, answer)
    elif waited:
        hand.add(Kind.EXPIRED, waiting=message_named(answer["id"]), seconds=15.0, **({"doubt": doubt} if doubt else {}))
    hand.fetches({"conversation": {}, "messages": [asked, answer]}, tag="back")


def returns(*greeted: bool, **how: Any) -> Handmade:
    hand = Handmade()
    hand.opens(trial=True)
    hand.greeted()
    for nth, one in enumerate(greeted):
        away(hand, nth, greeted=one, **how)
    return hand


@pytest.mark.parametrize("doubt", [None, Doubt.UNPRECEDENTED])
def test_what_is_neither_shown_nor_emitted_to_who_returns_fails(doubt: str | None) -> None:
    with pytest.raises(Deviation, match="neither, 2 times of 2"):
        interruptions.emitted_on_return(returns(False, False, doubt=doubt).record, TIMES)


def test_what_may_still_come_to_who_returned_is_judged_by_no_one() -> None:
    with pytest.raises(Unverified):
        interruptions.emitted_on_return(returns(False, False, doubt=Doubt.SLOW).record, TIMES)


@pytest.mark.parametrize(
    "hand",
    [returns(False), returns(True), returns(False, True), returns(False, False, heard=True)],
    ids=["once", "shown", "shown the second time", "emitted"],
)
def test_what_was_missed_once_may_have_been_a_race(hand: Handmade) -> None:
    interruptions.emitted_on_return(hand.record, TIMES)


def test_what_was_not_waited_for_counts_for_nothing() -> None:
    interruptions.emitted_on_return(returns(False, False, waited=False).record, TIMES)


# -- a token that expires meanwhile --------------------------------------------------------------------------------


def expired(answer: Any = None, *, event: Any = None, waited: bool = True, doubt: str | None = None) -> Handmade:
    """A device that sends when its token has expired. ``answer``: of the ack; ``event``: of an error event."""
    hand = Handmade()
    hand.opens(trial=True, lifetime=2)
    hand.greeted()
    hand.says("before", saved=message("before", id="before"), tag="before")
    hand.emits({"text": "late"}, tag="after", valid=False)
    if event is not None:
        hand.event(ERROR, event)
    if answer is not None:
        hand.ack(answer)
    elif waited:
        hand.add(Kind.EXPIRED, waiting=ack_of(2), seconds=15.0, **({"doubt": doubt} if doubt else {}))
    return hand


REFUSAL = {"code": "UNAUTHORIZED", "message": "The token has expired."}
LATE = message("late", id="late")


def answered(hand: Handmade) -> None:
    check_all(interruptions.sent_after_expiry(hand.record), interruptions.answered_somehow)


def test_where_no_token_expires_soon_nothing_is_observed_of_that() -> None:
    hand = Handmade()
    hand.opens(trial=True)
    hand.greeted()
    assert "--jwt-secret" in str(unverified(lambda: experiments.expiry(hand.record)))


def observed(hand: Handmade) -> str:
    hand.closed()
    hand.opens("late phone", good=False, trial=True)
    hand.closed(by="target")
    return experiments.expiry(hand.record).value


@pytest.mark.parametrize(
    ("hand", "value"),
    [
        (expired({"message": LATE}), "nothing"),
        (expired({"error": REFUSAL}), "refused"),
        (expired(event=REFUSAL), "refused"),
    ],
    ids=["accepted", "refused", "by event"],
)
def test_whoever_says_anything_has_answered(hand: Handmade, value: str) -> None:
    answered(hand)
    assert observed(hand) == value


def test_who_ends_the_connection_has_answered() -> None:
    hand = expired(waited=False)
    hand.closed(by="target")
    answered(hand)


def test_silence_is_none_and_is_observed() -> None:
    hand = expired()
    with pytest.raises(Deviation, match="an ack of send #2"):
        answered(hand)
    assert observed(hand) == "ignored"


def test_what_may_still_come_is_judged_by_no_one() -> None:
    hand = expired(doubt="slow")
    with pytest.raises(Unverified):
        answered(hand)


@pytest.mark.parametrize(("shown", "lost"), [([LATE], False), ([], True)])
def test_what_was_acked_has_to_be_shown(shown: list[Any], lost: bool) -> None:
    hand = expired({"message": LATE})
    hand.closed()
    hand.opens("tablet")
    hand.greeted([message("before", id="before"), *shown])
    sends = interruptions.saved_after_expiry(hand.record)
    if lost:
        with pytest.raises(Deviation, match="send #2 missing"):
            check_all(windows(hand.record), kept_of(sends))
    else:
        check_all(windows(hand.record), kept_of(sends))


def test_of_what_was_refused_nothing_has_to_be_shown() -> None:
    assert not interruptions.saved_after_expiry(expired({"error": REFUSAL}).record)
