"""Limits of rate: the run slows down where it is told so; one that holds out is no failure; what only looks like one is
found."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from conformance.pace import retry_after, speaks_of_pace, wanted_pause
from conformance.pacing import Pauses
from conformance.reference.help_center import HelpCenter
from conformance.reference.tokens import Verifier
from tests import limits
from tests.faults.battery import SECRET, Certified, certify_app, selection

RUNS: dict[type[HelpCenter], tuple[str, ...]] = {
    limits.FewEachMinute: ("SEND-PLAIN", "SEND-VERBATIM", "BURST-AFTER-GREETING"),
    limits.SaysWhen: ("SEND-PLAIN", "ACK-MATCH", "CONN-WEBSOCKET"),
    limits.RefusesAllForTheirPace: ("SEND-PLAIN",),
    limits.RefusesMarkupForItsPace: ("SEND-VERBATIM",),
    limits.RefusesMarkupAsForbidden: ("SEND-VERBATIM",),
    limits.LimitsPolls: ("CONN-STAYS", "CONN-POLLING", "RECONNECT-GREETED"),
    limits.HoldsOut: ("CONN-STAYS", "CONN-POLLING"),
    limits.ForgetsSessions: ("CONN-STAYS", "CONN-POLLING"),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[type[HelpCenter], Future[Certified]]]:
    """Side by side: they mostly wait."""
    folder = tmp_path_factory.mktemp("limits")
    with ThreadPoolExecutor(len(RUNS)) as pool:
        yield {
            kind: pool.submit(
                certify_app, kind(Verifier(SECRET)), folder / kind.__name__, "--examples=1", *selection(ids)
            )
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
    ("kind", "requirement", "told"),
    [
        (limits.FewEachMinute, "SEND-PLAIN", "RATE_LIMITED"),
        (limits.FewEachMinute, "SEND-VERBATIM", "RATE_LIMITED"),
        (limits.HoldsOut, "CONN-STAYS", "HTTP 429, Retry-After 30 s"),
        (limits.HoldsOut, "CONN-POLLING", "HTTP 429, Retry-After 30 s"),
    ],
)
def test_a_limit_that_holds_out_is_no_failure(
    runs: dict[type[HelpCenter], Future[Certified]], kind: type[HelpCenter], requirement: str, told: str
) -> None:
    certified = runs[kind].result()
    assert not certified.failed, certified.output
    assert certified.exit_code != 1
    assert told in certified.reason(requirement)
    assert "--users" in certified.reason(requirement)
    assert "--concurrency" in certified.reason(requirement)


@pytest.mark.timeout(0)
@pytest.mark.parametrize(
    "kind",
    [
        limits.RefusesAllForTheirPace,
        limits.RefusesMarkupForItsPace,
        limits.RefusesMarkupAsForbidden,
        limits.ForgetsSessions,
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


def test_retry_after_is_a_number_or_a_date() -> None:
    assert retry_after({"Retry-After": "120"}) == 120
    sent = "Wed, 21 Oct 2015 07:28:00 GMT"
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT", "date": sent}) == 30
    assert retry_after({"retry-after": sent, "date": sent}) == 0
    assert retry_after({"retry-after": "tomorrow"}) is None
    assert retry_after({}) is None


def test_pauses_that_are_asked_for_have_bounds() -> None:
    pauses = Pauses()
    assert [pauses.granted(asked) for asked in (None, 1.0, 3600.0, 60.0, 59.0, 60.0)] == [0, 1, 0, 60, 59, 0]
