"""From the outcomes of single judgements to a verdict on the server. No I/O but for writing verdict.json."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from conformance.formatting import kind_of, printable
from conformance.report.outcome import Outcome, Status
from conformance.requirements import Level, Profile, Requirement

BESIDES = "; besides: "
"""Between the reasons of one requirement that differ in kind."""
_KINDS = 5
_WORST_FIRST = (Status.ERROR, Status.FAILED, Status.WAIVED, Status.UNVERIFIED, Status.PASSED)
"""What one requirement is, when its judgements differ."""


class Verdict(StrEnum):
    CONFORMANT = "conformant"
    NON_CONFORMANT = "non-conformant"
    INCOMPLETE = "incomplete"
    PARTIAL = "partial"
    INTERRUPTED = "interrupted"
    ERROR = "error"


class Exit:
    """Exit codes beside pytest's own."""

    OK = 0
    FAILED = 1
    INTERRUPTED = 2
    INTERNAL = 3
    USAGE = 4
    INCOMPLETE = 10


@dataclass(frozen=True, slots=True)
class Observation:
    """How the target behaves where the document is silent."""

    id: str
    section: str
    value: str
    says: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One requirement, judged. ``accepted``: of a waived one what its waiver accepts: that it failed or is
    unverified."""

    requirement: Requirement
    status: Status
    tests: Sequence[str]
    reason: str = ""
    accepted: Status | None = None

    def to_json(self) -> dict[str, Any]:
        r = self.requirement
        line: dict[str, Any] = {"id": r.id, "section": r.section, "level": str(r.level), "title": r.title}
        line |= {"status": str(self.status), "tests": list(self.tests)}
        accepted = {"accepted": str(self.accepted)} if self.accepted is not None else {}
        return line | ({"reason": self.reason, **accepted} if self.status is not Status.PASSED else {})


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A requirement that was left unverified for the failure of another, which has passed: an error of the harness,
    for one of the two is wrong."""

    id: str
    because: str
    reason: str

    @property
    def says(self) -> str:
        return f"{self.id} is unverified for a failure of {self.because}, which passed ({self.reason})"

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "because": self.because, "reason": self.reason}


@dataclass(frozen=True)
class Result:
    """Everything a verdict is made from. ``complete``: every judgement of the profile was selected and run."""

    findings: Sequence[Finding]
    observations: Sequence[Observation] = ()
    complete: bool = True
    profile: Profile = Profile.FULL
    interrupted: bool = False
    broken: bool = False
    """The harness itself erred outside of any judgement."""
    gone: str | None = None
    """Since when the target has not answered, if it stopped."""
    ended: str | None = None
    """Why the run was ended early, if it was."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    contradictions: Sequence[Contradiction] = ()
    stale: Sequence[str] = ()
    """Requirements that have a waiver and do not need it."""

    def of(self, level: Level, *statuses: Status) -> list[Finding]:
        return [f for f in self.findings if f.requirement.level is level and (not statuses or f.status in statuses)]

    @property
    def cut(self) -> bool:
        """Whether not all was judged that belongs to the profile."""
        return not self.complete or not self.findings

    @property
    def verdict(self) -> Verdict:
        if self.interrupted:
            return Verdict.INTERRUPTED
        if self.broken or any(f.status is Status.ERROR for f in self.findings):
            return Verdict.ERROR
        if self.cut or self.profile is not Profile.FULL:
            return Verdict.PARTIAL
        if self.of(Level.MUST, Status.FAILED):
            return Verdict.NON_CONFORMANT
        return Verdict.INCOMPLETE if self.of(Level.MUST, Status.UNVERIFIED) else Verdict.CONFORMANT

    def exit_code(self, *, level: Level, allow_incomplete: bool) -> int | None:
        """The exit code that the contract gives this result; None to leave pytest's own (interrupted, a selection). The
        quick profile has those of a full run, for a gate goes by them."""
        if self.verdict is Verdict.ERROR:
            return Exit.INTERNAL
        if self.verdict is Verdict.INTERRUPTED or self.cut:
            return None
        judged = (Level.MUST, Level.SHOULD) if level is Level.SHOULD else (Level.MUST,)
        if any(self.of(each, Status.FAILED) for each in judged):
            return Exit.FAILED
        if self.stale:
            return Exit.FAILED
        if self.gone:
            return Exit.USAGE
        unverified = bool(self.of(Level.MUST, Status.UNVERIFIED))
        incomplete = unverified and (self.ended is not None or not allow_incomplete)
        return Exit.INCOMPLETE if incomplete else Exit.OK

    def summary(self) -> dict[str, dict[str, int]]:
        return {
            str(level): {str(status): len(self.of(level, status)) for status in Status}
            for level in (Level.MUST, Level.SHOULD)
        }

    def to_json(self) -> dict[str, Any]:
        head = {"verdict": str(self.verdict), **self.facts, "summary": self.summary()}
        observations = [
            {"id": o.id, "section": o.section, "value": o.value, "says": _line(o.says)} for o in self.observations
        ]
        contradictions = [one.to_json() for one in self.contradictions]
        beside: dict[str, Any] = {"contradictions": contradictions} if contradictions else {}
        beside |= {"stale_waivers": list(self.stale)} if self.stale else {}
        return {**head, **beside, "requirements": [f.to_json() for f in self.findings], "observations": observations}

    def write(self, folder: Path) -> Path:
        path = folder / "verdict.json"
        write_json(path, self.to_json())
        return path


def write_json(path: Path, value: Any) -> None:
    """As a whole, or not at all: on a full disk, too."""
    text, part = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False), path.with_suffix(".part")
    try:
        part.write_text(f"{text}\n", encoding="utf-8", errors="backslashreplace")  # \ud800 is JSON's own escape
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def findings(catalogue: Mapping[str, Requirement], outcomes: Iterable[Outcome]) -> list[Finding]:
    """One finding for each testable requirement of level MUST or SHOULD that some judgement spoke of."""
    by_id: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        for name in outcome.requirements:
            by_id.setdefault(name, []).append(outcome)
    judged = [r for r in catalogue.values() if r.level in (Level.MUST, Level.SHOULD) and r.id in by_id]
    return [_finding(requirement, by_id[requirement.id]) for requirement in judged]


def contradictions(found: Sequence[Finding], outcomes: Iterable[Outcome]) -> list[Contradiction]:
    """Where a complete run contradicts itself."""
    status = {finding.requirement.id: finding.status for finding in found}
    reasons = [
        Contradiction(name, outcome.because, _line(outcome.reason))
        for outcome in outcomes
        for name in outcome.requirements
        if outcome.status is status.get(name) is Status.UNVERIFIED
        and outcome.because is not None
        and status.get(outcome.because) is Status.PASSED
    ]
    return list(dict.fromkeys(reasons))


def erred(outcomes: Iterable[Outcome]) -> bool:
    """Whether the harness erred in any judgement: in one of an observation too, which is not a finding."""
    return any(outcome.status is Status.ERROR for outcome in outcomes)


def _finding(requirement: Requirement, outcomes: Sequence[Outcome]) -> Finding:
    worst = next(status for status in _WORST_FIRST if any(o.status is status for o in outcomes))
    reasons = list(dict.fromkeys(_line(o.reason) for o in outcomes if o.status is worst))
    tests = list(dict.fromkeys(o.test for o in outcomes))
    accepted = [o.accepted for o in outcomes if o.status is worst and o.accepted is not None]
    excuses = list(dict.fromkeys(_line(o.excuse) for o in outcomes if o.status is worst and o.excuse))
    reason = "; ".join([*excuses, _kinds_of(reasons)])
    return Finding(requirement, worst, tests, reason, min(accepted, key=_WORST_FIRST.index, default=None))


def _kinds_of(reasons: Sequence[str]) -> str:
    """The simplest reason of each kind (the shortest); those that are alike are counted."""
    kinds: dict[str, list[str]] = {}
    for reason in reasons:
        kinds.setdefault(kind_of(reason), []).append(reason)
    counted = [(min(alike, key=len), len(alike) - 1) for alike in kinds.values()]
    parts = [f"{reason} (and {others} more like it)" if others else reason for reason, others in counted]
    more = [f"{len(parts) - _KINDS} more of other kinds"] if len(parts) > _KINDS else []
    return BESIDES.join([*parts[:_KINDS], *more])


def _line(text: str) -> str:
    """One printable line, never empty. Spaces stay: texts differ by them."""
    return printable(re.sub(r"[^\S ]+", " ", text).strip()) or "no reason given"
