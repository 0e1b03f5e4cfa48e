"""Limits of rate: the run slows down where it is asked to; one that holds out is not a failure; what only looks like
one is found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from conformance.checks.blame import explained
from conformance.checks.connected import greeted
from conformance.checks.first_contact import of_newcomers, one_conversation
from conformance.checks.limits import REMEDY
from conformance.checks.packets import entered
from conformance.errors import Deviation, Unverified
from conformance.record.missing import Missing
from conformance.record.rate_limits import retry_after, speaks_of_pace, wanted_pause
from conformance.record.transcript import Kind
from conformance.record.views import Record
from conformance.reference.help_center import HelpCenter
from conformance.reference.tokens import Verifier
from tests.faults.battery import SECRET, VERDICT_ONLY, Certified, certify_app, selection
from tests.support import limits
from tests.support.handmade import CONVERSATION, Handmade

RUNS: dict[type[HelpCenter], tuple[str, ...]] = {
    limits.FewEachMinute: ("SEND-PLAIN", "SEND-VERBATIM", "BURST-AFTER-GREETING"),
    limits.SaysWhen: ("SEND-PLAIN", "ACK-MATCH", "CONN-WEBSOCKET"),
    limits.RefusesAllForTheirPace: ("SEND-PLAIN",),
    limits.RefusesMarkupForItsPace: ("SEND-VERBATIM",),
    limits.RefusesMarkupAsForbidden: ("SEND-VERBATIM",),
    limits.LimitsPolls: ("CONN-STAYS", "CONN-POLLING", "RECONNECT-GREETED"),
    limits.HoldsOut: ("CONN-STAYS", "CONN-POLLING"),
    limits.ForgetsSessions: ("CONN-POLLING",),
    limits.LetsNobodyIn: ("CONN-WEBSOCKET", "CONN-POLLING"),
}

ONCE = ("--examples=1", *VERDICT_ONLY)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[type[HelpCenter], Future[Certified]]]:
    """Side by side: they mostly wait."""
    folder = tmp_path_factory.mktemp("limits")
    with ThreadPoolExecutor(len(RUNS)) as pool:
        yield {
            kind: pool.submit(certify_app, kind(Verifier(SECRET)), folder / kind.__name__, *ONCE, *selection(ids))
            for kind, ids in RUNS.items()
        }


@pytest.mark.timeout(0)
@pytest.mark.parametrize("kind", [limits.SaysWhen, limits.LimitsPolls])
def test_a_limit_that_lets_the_run_through_is_met(
    runs: dict[type[HelpCenter], Future[Certified]], kind: type[HelpCenter]
) -> None:
    certified = runs[kind].result()
    assert certified.ids("passed") == set(RUNS[kind]), certified.output


@pytest.mark.timeout(0)
@pytest.mark.parametrize(
    ("kind", "requirement", "reported"),
    [
        (limits.FewEachMinute, "SEND-PLAIN", "RATE_LIMITED"),
        (limits.FewEachMinute, "SEND-VERBATIM", "RATE_LIMITED"),
        (limits.HoldsOut, "CONN-STAYS", "HTTP 429, Retry-After 30 s"),
        (limits.HoldsOut, "CONN-POLLING", "HTTP 429, Retry-After 30 s"),
    ],
)
def test_a_limit_that_holds_out_is_no_failure(
    runs: dict[type[HelpCenter], Future[Certified]], kind: type[HelpCenter], requirement: str, reported: str
) -> None:
    certified = runs[kind].result()
    assert not certified.failed, certified.output
    assert certified.exit_code != 1
    assert reported in certified.reason(requirement)
    assert "--users" in certified.reason(requirement)
    assert "--concurrency" in certified.reason(requirement)


@pytest.mark.timeout(0)
def test_a_target_that_lets_nobody_in_is_not_asked_without_end(
    runs: dict[type[HelpCenter], Future[Certified]],
) -> None:
    certified = runs[limits.LetsNobodyIn].result()
    assert certified.verdict["cost"]["devices_at_once"] == 0
    assert certified.verdict["cost"]["connections"] < 200, certified.output
    assert "the target asked for patience (" in certified.output


@pytest.mark.timeout(0)
@pytest.mark.parametrize(
    "kind",
    [
        limits.RefusesAllForTheirPace,
        limits.RefusesMarkupForItsPace,
        limits.RefusesMarkupAsForbidden,
        limits.ForgetsSessions,
        limits.LetsNobodyIn,
    ],
)
def test_what_only_looks_like_a_limit_is_found(
    runs: dict[type[HelpCenter], Future[Certified]], kind: type[HelpCenter]
) -> None:
    certified = runs[kind].result()
    assert certified.ids("failed") == set(RUNS[kind]), certified.output
    assert certified.exit_code == 1


# -- what refusals say -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        ({"code": "RATE_LIMITED", "message": "", "details": {"retryAfter": 3}}, 3),
        ({"code": "RATE_LIMITED", "message": "", "details": {"retry_after_ms": 1500}}, 1.5),
        ({"code": "TOO_MANY_REQUESTS", "message": "", "retryAfter": "2"}, 2),
        ({"code": "RATE_LIMITED", "message": "", "details": {"retryAfter": "soon"}}, None),
        ({"code": "THROTTLED", "message": ""}, None),
    ],
)
def test_refusals_for_the_pace(error: object, pause: float | None) -> None:
    assert speaks_of_pace(error)
    assert wanted_pause(error) == pause


@pytest.mark.parametrize(
    "error",
    [
        None,
        "RATE_LIMITED",
        {"code": "VALIDATION_ERROR", "message": "rate"},
        {"code": "SERVER_ERROR", "message": "no"},
    ],
)
def test_other_refusals(error: object) -> None:
    assert not speaks_of_pace(error)


# -- what a limit that held out leaves open ----------------------------------------------------------------------------


def limited(device: str, status: int, **data: Any) -> Handmade:
    """A phone that was greeted, and another device of the user that a gateway never let in."""
    made = Handmade()
    made.opens("phone")
    made.greeted()
    route = {"user": "user 1", "good": True, "token": "token", "option": "auth", "usual": True, "greet": True}
    made.add(Kind.OPEN, device=device, connection=9, **route, **data)
    made.add(Kind.CLOSED, device=device, connection=9, by="target", status=status, retry_after=7, reason="no")
    return made


def unverified(judge: Callable[[], object]) -> Unverified:
    """What a test says of a judgement that cannot be made."""
    with pytest.raises(Unverified) as reason:
        judge()
    reported = explained(reason.value) if isinstance(reason.value, Missing) else reason.value
    assert isinstance(reported, Unverified)
    return reported


JUDGES: list[Callable[[Record], object]] = [
    lambda record: of_newcomers(record, one_conversation),
    lambda record: record.connection("tablet").history,
    lambda record: entered(record.connection("tablet")),
    lambda record: greeted(record.connection("tablet")),
]


@pytest.mark.parametrize("judge", JUDGES, ids=["contact", "history", "namespace", "greeting"])
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_whoever_misses_a_device_names_the_limit(
    judge: Callable[[Record], object], status: int, transport: str
) -> None:
    reason = unverified(lambda: judge(limited("tablet", status, transport=transport).record))
    assert reason.because is None
    assert f"HTTP {status}, Retry-After 7 s for the handshake of tablet (user 1, auth, {transport})" in reason.reason
    assert reason.reason.endswith(REMEDY)


def test_a_limit_inside_a_session_is_named_before_the_greeting_is_missed() -> None:
    made = Handmade()
    made.opens("phone", transport="polling")
    made.closed("target", status=429)
    with pytest.raises(Unverified, match="HTTP 429 for a request of the session"):
        greeted(made.record.connection())


def test_a_device_that_no_limit_kept_out_is_missed() -> None:
    with pytest.raises(Deviation):
        greeted(limited("tablet", 403, transport="websocket").record.connection("tablet"))


@pytest.mark.parametrize("status", [429, 503])
def test_whoever_misses_an_answer_of_rest_names_the_limit(status: int) -> None:
    made = Handmade()
    made.opens("phone")
    made.greeted()
    made.fetches(None, status=status, json=False, headers={"Retry-After": "7"})
    for judge in (lambda: of_newcomers(made.record, one_conversation), lambda: made.record.fetch().history):
        reason = unverified(judge)
        assert re.match(f"REST was busy .HTTP {status}.*Retry-After 7 s", reason.reason)
        assert reason.because is None
        assert reason.reason.endswith(REMEDY)


def with_another_user(second: str) -> Record:
    """A limit kept one of two users' tablet out; the other's devices got conversations "c2" and ``second``."""
    made = limited("tablet", 429, transport="websocket")
    made.transcript.users = ["user 1", "user 2"]
    for device, name in (("phone", "c2"), ("tablet", second)):
        made.opens(device, user="user 2")
        made.greeted(conversation=CONVERSATION | {"id": name})
    return made.record


def test_what_a_user_met_whom_no_limit_kept_out_counts() -> None:
    of_newcomers(with_another_user("c2"), one_conversation)
    with pytest.raises(Deviation):
        of_newcomers(with_another_user("c3"), one_conversation)


def test_rest_that_gives_no_conversation_is_not_busy() -> None:
    made = Handmade()
    made.fetches(None, status=500, json=False)
    reason = unverified(lambda: made.record.fetch().history)
    assert reason.reason.startswith("REST gave no conversation")
    assert reason.because == "REST-OPEN"


# -- how long is waited ------------------------------------------------------------------------------------------------


def test_retry_after_is_a_number_or_a_date() -> None:
    assert retry_after({"Retry-After": "120"}) == 120
    sent = "Wed, 21 Oct 2015 07:28:00 GMT"
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT", "date": sent}) == 30
    assert retry_after({"retry-after": sent, "date": sent}) == 0
    assert retry_after({"retry-after": "tomorrow"}) is None
    assert retry_after({}) is None
