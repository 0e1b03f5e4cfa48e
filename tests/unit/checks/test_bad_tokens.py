"""What is said of two tokens that have expired together, one of which the target has seen before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from conformance.checks import authentication, bad_tokens
from conformance.checks.bad_tokens import EARLY, SEEN, UNSEEN
from conformance.checks.law import check_records
from conformance.errors import Deviation, Unverified
from conformance.observations import experiments
from conformance.protocol import ERROR
from conformance.record.transcript import Kind
from conformance.record.views import Connection, Record
from conformance.record.waits import REFUSED_END
from tests.support.handmade import Handmade

PROBLEM = {"code": "UNAUTHORIZED", "message": "expired"}
TURNS = (UNSEEN, SEEN, SEEN, UNSEEN)
NO_ONE = (False, False, False, False)


def tried(*, early: bool = True, websocket: Sequence[bool] = NO_ONE, rest: Sequence[bool] = NO_ONE) -> Record:
    """Who was let in, in turns; over polling no one. The tokens expired a second before the first one was tried."""
    hand = Handmade()
    try_connect(hand, EARLY, "websocket", entered=early, good=True, lifetime=-1)
    for transport, entered in (("websocket", websocket), ("polling", NO_ONE)):
        for name, accepted in zip(TURNS, entered, strict=True):
            try_connect(hand, name, transport, entered=accepted)
    for name, accepted in zip(TURNS, rest, strict=True):
        hand.fetches({}, status=200 if accepted else 401, tag=name, good=False, token="token of 3 s")
    return hand.record


def try_connect(hand: Handmade, name: str, transport: str, *, entered: bool, **route: Any) -> None:
    hand.opens(name, transport=transport, trial=True, **{"good": False, **route})
    if entered:
        hand.greeted()
    else:
        hand.event(ERROR, PROBLEM)
        hand.closed("target")


def test_a_target_that_refuses_both_has_forgotten() -> None:
    bad_tokens.forgotten(tried())


@pytest.mark.parametrize("route", ["websocket", "rest"])
def test_a_target_that_lets_in_the_one_it_has_seen_alone_remembers(route: str) -> None:
    with pytest.raises(Deviation, match="2 times of 2"):
        bad_tokens.forgotten(tried(**{route: (False, True, True, False)}))


def test_of_a_target_with_leeway_it_is_said_how_late_it_lets_clients_in() -> None:
    with pytest.raises(Unverified, match=r"still accepted, 1\.0 s or more after their time \(leeway"):
        bad_tokens.forgotten(tried(websocket=(True, True, True, True)))


@pytest.mark.parametrize("entered", [(False, True, False, True), (False, True, False, False)])
def test_the_clocks_of_two_servers_may_differ(entered: Sequence[bool]) -> None:
    record = tried(websocket=entered)
    if entered[-1]:
        with pytest.raises(Unverified):
            bad_tokens.forgotten(record)
    else:
        bad_tokens.forgotten(record)


def test_a_token_that_was_never_accepted_proves_nothing() -> None:
    with pytest.raises(Unverified, match="in its time"):
        bad_tokens.forgotten(tried(early=False, websocket=(False, True, True, False)))


def test_a_token_of_a_kind_that_was_not_tried_needs_the_key() -> None:
    hand = Handmade()
    hand.opens("intruder", good=False, token="resigned")
    with pytest.raises(Unverified, match="signing key"):
        bad_tokens.assert_rejected(hand.record, "AUTH-EXPIRED")


@pytest.mark.parametrize(
    "judge",
    [
        lambda record: bad_tokens.assert_rejected(record, "AUTH-EXPIRED"),
        lambda record: bad_tokens.rest_gave_nothing(record, "REST-EXPIRY"),
    ],
)
def test_one_that_was_not_tried_as_the_scenario_ended_early_does_not(judge: Callable[[Record], None]) -> None:
    hand = Handmade()
    hand.fetches({}, tag="good")
    hand.opens("intruder", good=False, token="resigned")
    hand.transcript.cut = "phone: the connection was lost"
    with pytest.raises(Unverified, match=r"ended before .*: phone: the connection was lost"):
        judge(hand.record)


def test_a_greeted_stranger_is_blamed_by_the_kind_of_its_token() -> None:
    hand = Handmade()
    hand.opens("intruder", good=False, token="resigned", trial=True)
    hand.greeted()
    assert not list(bad_tokens.knocks("AUTH-EXPIRED")(hand.record))
    with pytest.raises(Deviation, match="resigned"):
        bad_tokens.assert_rejected(hand.record, "AUTH-INVALID")


# -- clients whose token may be good or not ------------------------------------------------------------------------

JUDGES = pytest.mark.parametrize("judge", [authentication.one_error, authentication.ended])
LEFT_OPEN = ("good auth.token", "good header")


def left_waiting(*devices: str) -> Handmade:
    """Each is neither let in nor refused."""
    hand = Handmade()
    for name in devices:
        hand.opens(name, good=False, token="token", trial=True)
        hand.add(Kind.EXPIRED, waiting=REFUSED_END, seconds=15.0)
        hand.packet(Kind.SENT, "DISCONNECT")
        hand.closed()
    return hand


@JUDGES
@pytest.mark.parametrize("entered", [True, False])
def test_who_is_let_in_or_refused_is_not_kept_waiting(entered: bool, judge: Callable[[Connection], None]) -> None:
    hand = Handmade()
    try_connect(hand, "phone", "websocket", entered=entered, token="token")
    check_records([hand.record], bad_tokens.kept_out, judge)


@JUDGES
def test_who_is_neither_let_in_nor_refused_is(judge: Callable[[Connection], None]) -> None:
    with pytest.raises(Deviation, match=r"no word and no end|still connected after") as found:
        check_records([left_waiting("phone").record], bad_tokens.kept_out, judge)
    assert found.value.unless == "CONNECTED-SENT"


@JUDGES
def test_who_got_no_handshake_is_judged_elsewhere(judge: Callable[[Connection], None]) -> None:
    hand = Handmade()
    hand.opens(good=False, token="token", trial=True)
    hand.transcript.entries[1:] = []
    hand.closed("target", status=401)
    check_records([hand.record], bad_tokens.kept_out, judge)


def test_silence_is_observed_as_such() -> None:
    assert experiments.bearer_case(left_waiting("phone").record).value == "unanswered"
    one, says = experiments.both_options(left_waiting(*LEFT_OPEN).record)
    assert one == "unanswered"
    assert "auth.token or header" in says


def test_a_refusal_is_observed_as_such() -> None:
    hand = Handmade()
    for name in (*LEFT_OPEN, "phone"):
        try_connect(hand, name, "websocket", entered=False, token="token")
    assert experiments.bearer_case(hand.record).value == "refused"
    assert experiments.both_options(hand.record).value == "both"
