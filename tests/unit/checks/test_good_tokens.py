"""A good token that is refused now and then is found, unless something may have been the reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.checks import good_tokens
from conformance.checks.authentication import accepted_twice
from conformance.checks.blame import explained
from conformance.checks.law import check_records
from conformance.errors import Deviation, Unverified
from conformance.protocol import ERROR
from conformance.record.missing import Missing, Need
from conformance.record.transcript import Kind
from conformance.record.views import Record
from tests.support.handmade import CONVERSATION, Handmade, unverified

UNAUTHORIZED = {"code": "UNAUTHORIZED", "message": "invalid signature"}
BODY = {"conversation": CONVERSATION, "messages": []}


def comes_in(made: Handmade, device: str = "phone") -> None:
    made.opens(device)
    made.greeted()
    made.closed()


def is_refused(made: Handmade, device: str = "phone", *, good: bool = True, code: str = "UNAUTHORIZED") -> None:
    made.opens(device, good=good)
    made.event(ERROR, {**UNAUTHORIZED, "code": code})
    made.closed(by="target")


@pytest.mark.parametrize(
    ("again", "renewed", "spoiled"),
    [((True, True), (True, True), True), ((True, False), (True, True), False), ((True, True), (True, False), False)],
)
def test_a_token_that_is_refused_in_turns_with_others_that_are_let_in_is_spoiled(
    again: tuple[bool, bool], renewed: tuple[bool, bool], spoiled: bool
) -> None:
    made = Handmade()
    comes_in(made)
    is_refused(made, "intruder", good=False)
    for refused, let_in in zip(again, renewed, strict=True):
        (is_refused if refused else comes_in)(made, good_tokens.AGAIN)
        (comes_in if let_in else is_refused)(made, good_tokens.RENEWED)
    found = list(good_tokens.spoiled(made.record))
    assert bool(found) is spoiled
    for connection in found:
        with pytest.raises(Deviation, match="UNAUTHORIZED"):
            good_tokens.let_in_again(connection)


def judged(made: Handmade, requirement: str) -> str | None:
    try:
        check_records([made.record], good_tokens.refused(requirement), good_tokens.LetIn([made.record]))
    except Deviation as deviation:
        return str(deviation.actual)
    return None


def test_the_first_good_token_of_a_user_that_is_refused_is_that_of_its_option() -> None:
    made = Handmade()
    is_refused(made)
    assert "UNAUTHORIZED" in (judged(made, "AUTH-BARE") or "")
    assert judged(made, "AUTH-HEADER") is judged(made, "TOKEN-REFRESHED") is None


def test_one_that_is_refused_after_another_was_let_in_is_that_of_new_tokens() -> None:
    made = Handmade()
    comes_in(made)
    is_refused(made)
    assert "UNAUTHORIZED" in (judged(made, "TOKEN-REFRESHED") or "")
    assert judged(made, "AUTH-BARE") is None


def lent(subject: str, *, refused: bool) -> Record:
    """What a user who was given met in one of its scenarios."""
    made = Handmade()
    made.transcript.subjects["user 1"] = subject
    (is_refused if refused else comes_in)(made)
    return made.record


def test_a_user_who_was_given_and_is_never_let_in_may_be_none_of_the_targets() -> None:
    everything = [lent("ada", refused=True), lent("ada", refused=True), lent("ben", refused=False)]
    with pytest.raises(Unverified, match="no token of ada"):
        check_records(everything, good_tokens.refused("AUTH-BARE"), good_tokens.LetIn(everything))
    everything.append(lent("ada", refused=False))
    with pytest.raises(Deviation):
        check_records(everything, good_tokens.refused("AUTH-BARE"), good_tokens.LetIn(everything))


def beside_another(made: Handmade) -> None:
    made.opens("tablet")
    made.greeted()
    tablet = made.connection
    is_refused(made)
    made.connection = tablet
    made.closed()


def after_a_bad_one(made: Handmade) -> None:
    is_refused(made, good=False)
    is_refused(made)


def for_another_reason(made: Handmade) -> None:
    is_refused(made, code="BUSY")


def that_was_let_in(made: Handmade) -> None:
    comes_in(made)


@pytest.mark.parametrize("come", [beside_another, after_a_bad_one, for_another_reason, that_was_let_in])
def test_others_are_not_judged(come: Callable[[Handmade], None]) -> None:
    made = Handmade()
    come(made)
    assert judged(made, "AUTH-BARE") is None
    assert judged(made, "TOKEN-REFRESHED") is None or come is after_a_bad_one


def asked(*statuses: int, bad: str = "") -> Record:
    """REST is asked with good tokens, behind a bad one or not."""
    made = Handmade()
    if bad:
        made.fetches(None, status=401, token=bad, good=False)
    for status in statuses:
        made.fetches(BODY if status == 200 else None, status=status)
    return made.record


def now_and_then(record: Record) -> str | None:
    try:
        check_records([record], good_tokens.refused_by_rest, good_tokens.answered)
    except Deviation as deviation:
        return str(deviation.actual)
    return None


def after_expired(record: Record) -> str | None:
    try:
        check_records([record], good_tokens.refused_after_expired, good_tokens.Refreshed([record]))
    except Deviation as deviation:
        return str(deviation.actual)
    return None


@pytest.mark.parametrize("statuses", [(200, 401), (403, 200)])
def test_rest_that_refuses_some_good_tokens_of_a_user_is_found(statuses: tuple[int, ...]) -> None:
    assert "HTTP 40" in (now_and_then(asked(*statuses)) or "")


@pytest.mark.parametrize("statuses", [(200, 200), (401, 401), (200, 429), (200, 500)])
def test_all_else_that_rest_says_is_judged_elsewhere(statuses: tuple[int, ...]) -> None:
    assert now_and_then(asked(*statuses)) is None
    assert after_expired(asked(*statuses)) is None


@pytest.mark.parametrize("status", [401, 403])
def test_what_follows_an_expired_token_over_rest_has_to_be_taken(status: int) -> None:
    record = asked(status, 200, bad="expired")
    assert now_and_then(record) is None
    assert f"HTTP {status}" in (after_expired(record) or "")


@pytest.mark.parametrize(
    "record",
    [asked(200, bad="expired"), asked(429, bad="expired"), asked(401, bad="expired"), asked(401, bad="resigned")],
)
def test_rest_that_takes_it_or_is_busy_or_takes_none_or_saw_a_forged_one_is_not_accused(record: Record) -> None:
    assert after_expired(record) is None


def test_both_options_at_once_show_nothing_where_one_of_them_alone_is_not_taken() -> None:
    made = Handmade("options")
    comes_in(made, "bare")
    made.opens("header", option="header")
    made.closed()
    comes_in(made, "both")
    reason = unverified(lambda: accepted_twice(made.record))
    assert reason.because == "AUTH-HEADER"


def comes_too_soon(made: Handmade, device: str = "phone", *, retry_after: float = 0.2) -> None:
    made.opens(device)
    made.event(ERROR, {"code": "RATE_LIMITED", "message": "No.", "details": {"retryAfter": retry_after}})
    made.packet(Kind.RECEIVED, "DISCONNECT")
    made.closed()


def test_a_limit_that_lets_no_one_in_is_for_no_pace() -> None:
    made = Handmade()
    comes_too_soon(made)
    assert "RATE_LIMITED" in (judged(made, "AUTH-BARE") or "")
    comes_in(made, "tablet")
    assert judged(made, "AUTH-BARE") is None


def test_a_limit_after_a_bad_token_is_not_that_of_new_tokens() -> None:
    made = Handmade()
    is_refused(made, "intruder", good=False, code="TOKEN_EXPIRED")
    comes_too_soon(made)
    assert judged(made, "TOKEN-REFRESHED") is judged(made, "AUTH-BARE") is None


def test_a_limit_that_asks_for_a_longer_pause_than_is_made_is_not_tried() -> None:
    made = Handmade()
    comes_too_soon(made, retry_after=3600)
    with pytest.raises(Unverified, match=r"a limit of rate held out: .*RATE_LIMITED.* retryAfter 3600 s"):
        judged(made, "AUTH-BARE")


def test_what_a_limit_held_up_points_at_no_one() -> None:
    made = Handmade()
    comes_too_soon(made)
    reason = explained(Missing(Need.GREETING, made.record.connection(), "no greeting"))
    assert isinstance(reason, Unverified)
    assert reason.because is None
    assert "--concurrency=1" in reason.reason
