"""What the terminal says of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.formatting import size
from conformance.report import terminal
from conformance.report.outcome import Status
from conformance.report.verdict import Contradiction, Finding, Observation, Result
from conformance.requirements import catalogue
from conformance.schema import validator
from tests.support.handmade import FACTS

GONE = "the target stopped answering after 3.2 s"
OBSERVED = [Observation("OBS-TRIM", "4.5", "some", "trims")]


class Screen:
    """As much of pytest's reporter as is written to."""

    def __init__(self, **stats: list[object]) -> None:
        self.stats = stats
        self.lines: list[str] = []

    def section(self, title: str, **_: Any) -> None:
        self.lines.append(f"== {title} ==")

    def write_line(self, line: str, **_: Any) -> None:
        self.lines.append(line)


def finding(name: str, status: Status, reason: str = "expected a; got b") -> Finding:
    return Finding(catalogue()[name], status, ["suites/test_x.py::test_x"], reason)


def summary(*findings: Finding) -> terminal.Summary:
    return terminal.Summary(Result(findings, OBSERVED, facts=FACTS), (), (), Path("/reports"))


def end(shown: terminal.Summary, **stats: list[object]) -> list[str]:
    screen = Screen(**stats)
    terminal.write_end(screen, shown)  # type: ignore[arg-type]
    return screen.lines


def test_a_reason_that_many_share_is_said_once_with_their_number_and_names() -> None:
    left = [finding(name, Status.UNVERIFIED, GONE) for name in ("SEND-TRIM", "SEND-MAX", "DEVICE-COEXIST")]
    other = finding("AUTH-EXPIRED", Status.UNVERIFIED, "pass --jwt-secret")
    said = list(terminal.lines(summary(*left, other)))
    assert said[-4:] == [
        "unverified 2 MUST, 1 SHOULD: SEND-TRIM, SEND-MAX, DEVICE-COEXIST",
        f"           {GONE}",
        f"unverified AUTH-EXPIRED             MUST   {other.requirement.section:<5} {other.requirement.title}",
        "           pass --jwt-secret",
    ]


def test_seventy_of_them_take_a_few_lines() -> None:
    left = [finding(name, Status.UNVERIFIED, GONE) for name in list(catalogue())[:70]]
    said = [line for line in terminal.lines(summary(*left)) if line.startswith(("unverified", " "))]
    assert sum(GONE in line for line in said) == 1
    assert len(said) < 20
    assert max(map(len, said)) <= 110


def test_the_last_lines_name_what_failed_and_observations_are_counted() -> None:
    shown = summary(
        finding("SEND-TRIM", Status.FAILED),
        finding("SEND-MAX", Status.FAILED),
        finding("DEVICE-COEXIST", Status.FAILED),
    )
    assert end(shown, failed=[object()]) == [
        "== help center conformance: non-conformant ==",
        "where the document is silent: 1 observation, in report.html",
        "reports  /reports",
        "failed   2 MUST: SEND-TRIM, SEND-MAX",
        "advice   1 SHOULD: DEVICE-COEXIST",
    ]


@pytest.mark.parametrize("status", [Status.PASSED, Status.UNVERIFIED])
def test_without_failures_the_observations_stand_there(status: Status) -> None:
    assert end(summary(finding("SEND-TRIM", status))) == [
        "where the document is silent:",
        "  OBS-TRIM               trims",
        "reports  /reports",
    ]


# -- what it cost ------------------------------------------------------------------------------------------------------

SPENT = {
    "devices_at_once": 1,
    "connections": 1_234,
    "messages": 56,
    "requests": 0,
    "bytes_sent": 999,
    "bytes_received": 12_345_678,
}


def said(result: Result) -> list[str]:
    return list(terminal.lines(terminal.Summary(result, (), (), Path("reports"))))


def test_what_the_run_cost_the_target_is_one_line() -> None:
    words = "1 device at once, 1,234 connections, 56 messages sent, 0 requests, 999 bytes sent, 12.3 MB received"
    assert terminal.cost(SPENT) == words
    assert f"cost     {words}" in said(Result([], facts={**FACTS, "cost": SPENT}))


def test_a_saved_run_that_is_judged_again_costs_nothing() -> None:
    assert not [line for line in said(Result([], facts=FACTS)) if line.startswith("cost")]


def test_verdict_json_may_have_it_and_may_not() -> None:
    for facts in (FACTS, {**FACTS, "cost": SPENT}):
        assert validator.fits("verdict", Result([], facts=facts).to_json())
    assert not validator.fits("verdict", Result([], facts={**FACTS, "cost": {"messages": 1}}).to_json())


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1.0 kB"), (2_500_000, "2.5 MB"), (10**9, "1.0 GB")],
)
def test_bytes_are_said_as_people_say_them(count: int, words: str) -> None:
    assert size(count) == words


def test_what_many_scenarios_lost_once_is_one_note() -> None:
    drops = [f"{name}: phone: DISCONNECT" for name in ("burst", "chat", "crowd", "typing", "upgrade")]
    assert list(terminal.notes(Result(()), terminal.Circumstances(drops=drops))) == [
        "connections or requests of 5 scenarios were lost once and not again: burst, chat, crowd and 2 more"
    ]
    assert len(list(terminal.notes(Result(()), terminal.Circumstances(drops=drops[:2])))) == 2


def test_those_that_point_at_one_requirement_are_one_contradiction() -> None:
    found = [Contradiction(one, "AUTH-BARE", "no greeting") for one in ("SEND-MAX", "SEND-TRIM", "SEND-MAX")]
    assert list(terminal.notes(Result((), contradictions=found), terminal.Circumstances())) == [
        "a contradiction of the harness, please report it: SEND-MAX is unverified for a failure of AUTH-BARE, "
        "which passed (no greeting) (so is SEND-TRIM)"
    ]
