"""What the terminal says of a run beside its findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.formatting import size
from conformance.report.terminal import Summary, cost, lines
from conformance.report.verdict import Result
from conformance.schema import validator
from tests.support.handmade import FACTS

SPENT = {
    "devices_at_once": 1,
    "connections": 1_234,
    "messages": 56,
    "requests": 0,
    "bytes_sent": 999,
    "bytes_received": 12_345_678,
}


def said(result: Result) -> list[str]:
    return list(lines(Summary(result, (), (), Path("reports"))))


def test_what_the_run_cost_the_target_is_one_line() -> None:
    words = "1 device at once, 1,234 connections, 56 messages sent, 0 requests, 999 bytes sent, 12.3 MB received"
    assert cost(SPENT) == words
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
