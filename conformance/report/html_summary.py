"""The top of report.html: may we ship, what is broken, how the server behaves where the document is silent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from conformance.formatting import printable
from conformance.report.outcome import Status
from conformance.report.rendering import render
from conformance.report.terminal import counts, label, meaning
from conformance.report.verdict import Finding, Result, Verdict
from conformance.requirements import Level

_JUDGED = (Level.MUST, Level.SHOULD)
_WORST_FIRST = (Status.ERROR, Status.FAILED, Status.WAIVED, Status.UNVERIFIED, Status.PASSED)
_FACTS = {
    "document": "Document (SHA-256)",
    "harness": "Harness version",
    "seconds": "Duration in seconds",
    "cost": "What the run cost the target",
}


def title(result: Result) -> str:
    """Of the window, the file and the printed page: target, verdict and date."""
    day = str(result.facts.get("started", "")).partition("T")[0]
    return printable(f"Help Center conformance of {result.facts.get('target')}: {label(result)}, {day}")


def anchor(status: Status, requirement: str) -> str:
    """The fragment of the first row with which a requirement ended so."""
    return f"{status}-{requirement}"


def head(result: Result, notes: Sequence[str] = ()) -> Markup:
    """The summary. ``notes`` are further lines that belong to the verdict."""
    gone = [f"The target {result.gone}; what was not judged by then is unverified."] if result.gone else []
    gone += [f"The run was ended early: {result.ended}."] if result.ended else []
    stale = [f"{name} passes: delete its waiver, which fails the run until then." for name in result.stale]
    must = Level.MUST
    return render(
        "summary.html.j2",
        verdict=str(result.verdict),
        label=label(result),
        anchor=anchor,
        answer=_answer(result),
        bars=[_bar(result, level) for level in _JUDGED],
        broken=[*result.of(must, Status.ERROR), *result.of(must, Status.FAILED)],
        notes=[*gone, *stale, *notes],
        groups={
            "Errors of the harness: please report them": _found(result, Status.ERROR),
            "Failed: ruled out by the document": result.of(must, Status.FAILED),
            "Unverified: could not be checked, and why": _unverified(result),
            "Advice: the document suggests otherwise": result.of(Level.SHOULD, Status.FAILED),
            "Waived: accepted for now, each until a day": _found(result, Status.WAIVED),
        }.items(),
        facts=_facts(result.facts),
        names=_FACTS,
        observations=result.observations,
    )


def _facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """As they are, but for a certificate where there is none."""
    options = facts.get("options", {})
    if "certificate_verified" not in options or str(facts.get("target", "")).startswith("https:"):
        return dict(facts)
    return {**facts, "options": {**options, "certificate_verified": "no TLS (http)"}}


def _answer(result: Result) -> str:
    failed, unverified, waived = (
        len(result.of(Level.MUST, status)) for status in (Status.FAILED, Status.UNVERIFIED, Status.WAIVED)
    )
    unknown = f", {unverified} could not be checked" if unverified else ""
    words = {
        Verdict.NON_CONFORMANT: f"No: {_are(failed, 'fails', 'fail')}{unknown}.",
        Verdict.CONFORMANT: f"Yes, but for {waived} waived." if waived else "Yes: every MUST holds.",
        Verdict.INCOMPLETE: f"Not yet: nothing failed, but {_are(unverified, 'was', 'were')} not verified.",
    }
    so_far = f" {_are(failed, 'fails', 'fail')}." if failed else ""
    return words.get(result.verdict) or f"Unknown: {meaning(result)}.{so_far}"


def _are(number: int, one: str, many: str) -> str:
    return f"{number} MUST {f'requirement {one}' if number == 1 else f'requirements {many}'}"


@dataclass(frozen=True, slots=True)
class Bar:
    """How many requirements of a level ended how, in words and as shares of a bar."""

    level: Level
    counts: str
    shares: Sequence[tuple[str, int]]


def _bar(result: Result, level: Level) -> Bar:
    kinds = {Status.FAILED: "advice"} if level is Level.SHOULD else {}
    shares = [(kinds.get(status, str(status)), len(result.of(level, status))) for status in _WORST_FIRST]
    return Bar(level, counts(result, level), shares)


def _found(result: Result, status: Status) -> list[Finding]:
    return [finding for level in _JUDGED for finding in result.of(level, status)]


def _unverified(result: Result) -> dict[str, list[Finding]]:
    """By reason, for a few reasons cover many requirements: first those that say what to pass, then those that only
    follow from a failure."""
    reasons: dict[str, list[Finding]] = {}
    for finding in _found(result, Status.UNVERIFIED):
        reasons.setdefault(finding.reason, []).append(finding)
    return dict(sorted(reasons.items(), key=lambda item: ("pass --" not in item[0], -len(item[1]))))
