"""Runs that have ended, made by hand, for what other programs read of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.report.account import Account
from conformance.report.failure import FailureReport
from conformance.report.outcome import Outcome, OutcomeKind, Status
from conformance.report.verdict import Finding, Observation, Result
from conformance.requirements import Level, catalogue

FACTS = {
    "target": "http://127.0.0.1:3000",
    "harness": "1.2.3",
    "document": "17a291af" + "0" * 56,
    "started": "2026-01-31T10:00:00+00:00",
    "seconds": 2.5,
    "seed": 7,
    "scope": {"document_date": "2026-01-01"},
}
HOSTILE = "got <img src=x> | `a` ``` b\n::error::owned\n[x](http://evil) @everyone %0A\ud800\x1b[31m"
"""What a target may send to be obeyed."""
STATUSES = {
    "SEND-TRIM": Status.FAILED,
    "SEND-MAX": Status.PASSED,
    "AUTH-EXPIRED": Status.UNVERIFIED,
    "SEND-BLANK": Status.WAIVED,
    "DEVICE-COEXIST": Status.FAILED,
    "SEND-MIN": Status.ERROR,
}


def finding(name: str, status: Status, reason: str = HOSTILE) -> Finding:
    return Finding(
        catalogue()[name], status, [f"suites/test_x.py::test_{name}"], "" if status is Status.PASSED else reason
    )


def deviation(name: str, kind: OutcomeKind = OutcomeKind.FAILED, text: str = HOSTILE) -> Outcome:
    return Outcome(f"suites/test_x.py::test_{name}", [name], kind, "why", failure=FailureReport(text, "", "chat[a/b]"))


def account(*names: str, exit_code: int = 1, level: Level = Level.MUST, text: str = HOSTILE, **state: Any) -> Account:
    found: Sequence[Finding] = [finding(name, STATUSES[name]) for name in names or STATUSES]
    outcomes = [deviation(one.requirement.id, text=text) for one in found if one.status is Status.FAILED]
    observations = [Observation("OBS-TRIM", "4.5", "some", f"says {HOSTILE}")]
    result = Result(found, observations, facts=FACTS, **state)
    return Account(
        result, outcomes, exit_code, level, [f"a note {HOSTILE}"], {"suites/test_x.py::test_SEND-TRIM": 0.25}
    )
