"""How one judgement ended. It is put on pytest's report once; terminal, HTML and verdict read it there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import pytest

from conformance.report.failure import FailureReport


class Status(StrEnum):
    """Of a judgement, and of a requirement."""

    PASSED = "passed"
    FAILED = "failed"
    UNVERIFIED = "unverified"
    WAIVED = "waived"
    ERROR = "error"


class OutcomeKind(StrEnum):
    """As people see it; worst first, which is the order of report.html."""

    ERROR = "error"
    FAILED = "failed"
    ADVICE = "advice"
    """A SHOULD that failed, and does not fail the run."""
    WAIVED = "waived"
    UNVERIFIED = "unverified"
    PASSED = "passed"
    OBSERVED = "observed"
    """Passed, where the document is silent."""

    @property
    def status(self) -> Status:
        return _STATUS.get(self) or Status(self.value)


_STATUS = {OutcomeKind.ADVICE: Status.FAILED, OutcomeKind.OBSERVED: Status.PASSED}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one judgement (a test) ended. ``because``: the requirement whose failure left this one unverified;
    ``failure``: what a person reads of a deviation, waived and advised ones included; ``accepted``: of what is waived,
    how it would have ended, and ``excuse``, what the waiver says."""

    test: str
    requirements: Sequence[str]
    kind: OutcomeKind
    reason: str = ""
    because: str | None = None
    failure: FailureReport | None = None
    accepted: Status | None = None
    excuse: str = ""

    @property
    def status(self) -> Status:
        return self.kind.status


_ATTRIBUTE = "help_center_outcome"


def put(report: pytest.TestReport, outcome: Outcome) -> None:
    setattr(report, _ATTRIBUTE, outcome)


def outcome_of(report: pytest.TestReport | pytest.CollectReport) -> Outcome | None:
    """None for what is not a judgement, and for a phase of one (its setup) in which nothing was decided."""
    found = getattr(report, _ATTRIBUTE, None)
    return found if isinstance(found, Outcome) else None
