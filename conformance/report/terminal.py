"""What the terminal says at the end: the verdict first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

from conformance.report.verdict import BESIDES, Finding, Result, Status, Verdict
from conformance.requirements import Level

if TYPE_CHECKING:
    from conformance.run.certification import Certification

_LONGEST = 240
"""Characters of a reason that the terminal shows."""
WORDS = {
    Verdict.CONFORMANT: "every MUST holds",
    Verdict.NON_CONFORMANT: "the document rules out what this server does",
    Verdict.INCOMPLETE: "nothing failed, but not every MUST could be checked",
    Verdict.PARTIAL: "a selection was judged: no verdict is claimed",
    Verdict.INTERRUPTED: "this is what was judged until then",
    Verdict.ERROR: "the harness itself erred: no verdict on the server",
}


def write(reporter: pytest.TerminalReporter, result: Result, certification: Certification) -> None:
    """Write the summary to pytest's terminal."""
    colour = {Verdict.CONFORMANT: "green", Verdict.NON_CONFORMANT: "red", Verdict.ERROR: "red"}.get(
        result.verdict, "yellow"
    )
    reporter.section("help center conformance", sep="=", **{colour: True})
    for line in lines(result, certification):
        bold = line.startswith(("VERDICT", "FAILED", "ERROR"))
        reporter.write_line(line, **({colour: True, "bold": True} if bold else {}))


def lines(result: Result, certification: Certification) -> Iterator[str]:
    """The summary, line by line."""
    yield f"VERDICT  {result.verdict}: {WORDS[result.verdict]}"
    if result.gone:
        yield f"the target {result.gone}; what was not judged by then is unverified"
    if certification.agreement is not None:
        yield from (f"rejudged {line}" for line in certification.agreement.lines())
    yield f"target   {result.facts['target']}"
    yield f"seed     {result.facts['seed']}   {result.facts['seconds']} s"
    for level in (Level.MUST, Level.SHOULD):
        yield f"{level.upper():<8} {counts(result, level)}"
    yield from _findings(result)
    yield from (f"note     {note}" for note in notes(result, certification))
    yield from _observations(result)
    yield f"reports  {certification.options.reports}"


def counts(result: Result, level: Level) -> str:
    """How many requirements of a level passed, failed, …"""
    words = {Status.FAILED: "advised against" if level is Level.SHOULD else "failed"}
    counts = [(status, len(result.of(level, status))) for status in Status]
    told = [f"{count} {words.get(status, status)}" for status, count in counts if count]
    return ", ".join(told) or "none judged"


def _findings(result: Result) -> Iterator[str]:
    groups: Sequence[tuple[Level, Status, str]] = [
        (Level.MUST, Status.ERROR, "ERROR"),
        (Level.SHOULD, Status.ERROR, "ERROR"),
        (Level.MUST, Status.FAILED, "FAILED"),
        (Level.SHOULD, Status.FAILED, "advice"),
        (Level.MUST, Status.UNVERIFIED, "unverified"),
        (Level.SHOULD, Status.UNVERIFIED, "unverified"),
        (Level.MUST, Status.WAIVED, "waived"),
        (Level.SHOULD, Status.WAIVED, "waived"),
    ]
    for level, status, word in groups:
        for finding in result.of(level, status):
            yield from _finding(finding, word)


def _finding(finding: Finding, word: str) -> Iterator[str]:
    one = finding.requirement
    yield f"{word:<11}{one.id:<24} {one.level.upper():<7}{one.section:<5} {one.title}"
    for number, reason in enumerate(finding.reason.split(BESIDES)):
        said = f"{'besides: ' if number else ''}{reason}"
        yield f"{'':<11}{said if len(said) <= _LONGEST else f'{said[: _LONGEST - 1]}…'}"


def notes(result: Result, certification: Certification) -> Iterator[str]:
    """What a maintainer should know beside the verdict."""
    for one in result.contradictions:
        yield f"a contradiction of the harness, please report it: {one.says}"
    yield from certification.happenings()
    for drop in certification.drops():
        yield f"a connection or request was lost once and not again: {drop}"
    if (load := certification.load) is not None:
        yield load
    statuses = {finding.requirement.id: finding.status for finding in result.findings}
    for name, waiver in certification.waivers.items():
        if statuses.get(name) is Status.PASSED:
            yield f"the waiver of {name} is no longer needed: remove it"
        elif statuses.get(name) is Status.FAILED:
            yield f"the waiver of {name} has expired on {waiver.expires}"


def _observations(result: Result) -> Iterator[str]:
    if result.observations:
        yield "where the document is silent:"
    for observation in result.observations:
        yield f"  {observation.id:<22} {observation.says}"
