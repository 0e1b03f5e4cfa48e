"""What the terminal says at the end: the verdict first, and last once more where pytest's account of failures stands in
between."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.formatting import size
from conformance.report.outcome import Status
from conformance.report.verdict import BESIDES, Contradiction, Finding, Result, Verdict
from conformance.requirements import Level, Profile

_LONGEST = 240
"""Characters of a reason that the terminal shows."""
_NAMED = 3
"""Scenarios that a note names, where it is about many."""
_WIDTH, _INDENT = 110, " " * 11
_NO_PAGE = "   (without report.html: pytest-html is switched off)"
WORDS = {
    Verdict.CONFORMANT: "every MUST holds",
    Verdict.NON_CONFORMANT: "the document rules out what this server does",
    Verdict.INCOMPLETE: "nothing failed, but not every MUST could be checked",
    Verdict.PARTIAL: "a selection was judged: no verdict is claimed",
    Verdict.INTERRUPTED: "this is what was judged until then",
    Verdict.ERROR: "the harness itself erred: no verdict on the server",
}


@dataclass(frozen=True)
class Summary:
    """Everything that the terminal says of a run. ``notes``: lines that belong to the verdict; ``rejudged``: how it
    compares with the verdict of then, where saved transcripts were judged; ``reports``: the folder; ``page``: whether
    report.html is written."""

    result: Result
    notes: Sequence[str]
    rejudged: Sequence[str]
    reports: Path
    page: bool = True


def write(reporter: pytest.TerminalReporter, summary: Summary) -> None:
    """The verdict and what failed: before pytest's own account of it."""
    colour = _colour(summary.result)
    reporter.section("help center conformance", sep="=", **{colour: True})
    for line in lines(summary):
        bold = line.startswith(("VERDICT", "STALE", "FAILED", "ERROR"))
        reporter.write_line(line, **({colour: True, "bold": True} if bold else {}))


def has_failures(reporter: pytest.TerminalReporter) -> bool:
    """Whether pytest has an account of its own to give."""
    return any(reporter.stats.get(kind) for kind in ("failed", "error"))


def write_end(reporter: pytest.TerminalReporter, summary: Summary) -> None:
    """What stays on the screen: the observations, or below failures only what failed."""
    result = summary.result
    if not has_failures(reporter):
        for line in [*_observations(result), _folder(summary)]:
            reporter.write_line(line)
        return
    colour = _colour(result)
    reporter.section(f"help center conformance: {label(result)}", sep="=", **{colour: True})
    if number := len(result.observations):
        page = "report.html" if summary.page else "verdict.json"
        many = "observation" if number == 1 else "observations"
        reporter.write_line(f"where the document is silent: {number} {many}, in {page}")
    reporter.write_line(_folder(summary))
    for line in _failed(result):
        reporter.write_line(line, **{colour: True, "bold": True})


def _folder(summary: Summary) -> str:
    return f"reports  {summary.reports}{'' if summary.page else _NO_PAGE}"


def _failed(result: Result) -> Iterator[str]:
    """By their ids: each has lines of its own above."""
    for level, word in ((Level.MUST, "failed"), (Level.SHOULD, "advice")):
        for status in (Status.ERROR, Status.FAILED):
            if found := result.of(level, status):
                named = "error" if status is Status.ERROR else word
                yield from _ids(f"{named:<8} {len(found)} {level.upper()}: ", found, " " * 9)


def _colour(result: Result) -> str:
    colours = {Verdict.CONFORMANT: "green", Verdict.NON_CONFORMANT: "red", Verdict.ERROR: "red"}
    return "red" if result.stale else colours.get(result.verdict, "yellow")


def lines(summary: Summary) -> Iterator[str]:
    """The verdict, line by line."""
    result = summary.result
    yield f"VERDICT  {in_words(result)}"
    for name in result.stale:
        yield f"STALE    {name} passes, so this run fails (exit code 1): delete its waiver"
    if result.gone:
        yield f"the target {_cut(result.gone)}; what was not judged by then is unverified"
    if result.ended:
        yield f"the run was ended early: {result.ended}; what was not judged by then is unverified"
    yield from (f"rejudged {line}" for line in summary.rejudged)
    yield f"target   {result.facts['target']}"
    yield f"seed     {result.facts['seed']}   {result.facts['seconds']} s"
    if (spent := result.facts.get("cost")) is not None:
        yield f"cost     {cost(spent)}"
    for level in (Level.MUST, Level.SHOULD):
        yield f"{level.upper():<8} {counts(result, level)}"
    yield from _findings(result)
    yield from (f"note     {note}" for note in summary.notes)


def label(result: Result) -> str:
    """The verdict, with the profile where that is not the full one."""
    return f"{result.verdict}{f' ({result.profile} profile)' if result.profile is not Profile.FULL else ''}"


def meaning(result: Result) -> str:
    """What the verdict means."""
    quick = result.verdict is Verdict.PARTIAL and result.profile is not Profile.FULL and not result.cut
    return "every MUST once, without searches: no verdict is claimed" if quick else WORDS[result.verdict]


def in_words(result: Result) -> str:
    """The verdict in one line. Where something was waived, it is never said that every MUST holds."""
    waived = result.of(Level.MUST, Status.WAIVED)
    if result.verdict is not Verdict.CONFORMANT or not waived:
        return f"{label(result)}: {meaning(result)}"
    unchecked = sum(finding.accepted is Status.UNVERIFIED for finding in waived)
    aside = f" ({unchecked} of them could not be checked)" if unchecked else ""
    return f"{result.verdict}, but for {len(waived)} waived{aside}"


def cost(spent: Mapping[str, int]) -> str:
    """What the run cost the target; ``spent`` as in verdict.json."""
    numbers = (
        ("devices_at_once", "device", " at once"),
        ("connections", "connection", ""),
        ("messages", "message", " sent"),
        ("requests", "request", ""),
    )
    parts = [f"{spent[name]:,} {noun}{'' if spent[name] == 1 else 's'}{more}" for name, noun, more in numbers]
    return ", ".join([*parts, f"{size(spent['bytes_sent'])} sent, {size(spent['bytes_received'])} received"])


def counts(result: Result, level: Level) -> str:
    """How many requirements of a level passed, failed, …"""
    words = {Status.FAILED: "advice" if level is Level.SHOULD else "failed"}
    counts = [(status, len(result.of(level, status))) for status in Status]
    parts = [f"{count} {words.get(status, status)}" for status, count in counts if count]
    return ", ".join(parts) or "none judged"


def _findings(result: Result) -> Iterator[str]:
    groups: Sequence[tuple[Level, Status, str]] = [
        (Level.MUST, Status.ERROR, "ERROR"),
        (Level.SHOULD, Status.ERROR, "ERROR"),
        (Level.MUST, Status.FAILED, "FAILED"),
        (Level.SHOULD, Status.FAILED, "advice"),
    ]
    for level, status, word in groups:
        for finding in result.of(level, status):
            yield from _finding(finding, word)
    for status in (Status.UNVERIFIED, Status.WAIVED):
        yield from _by_reason([*result.of(Level.MUST, status), *result.of(Level.SHOULD, status)], str(status))


def _by_reason(findings: Iterable[Finding], word: str) -> Iterator[str]:
    """A few reasons cover many requirements: each is said once."""
    reasons: dict[str, list[Finding]] = {}
    for finding in findings:
        reasons.setdefault(finding.reason, []).append(finding)
    for alike in reasons.values():
        if len(alike) == 1:
            yield from _finding(alike[0], word)
            continue
        levels = [one.requirement.level.upper() for one in alike]
        counted = ", ".join(f"{levels.count(level)} {level}" for level in dict.fromkeys(levels))
        yield from _ids(f"{word:<11}{counted}: ", alike, _INDENT)
        yield from _reasons(alike[0])


def _ids(before: str, findings: Iterable[Finding], indent: str) -> list[str]:
    ids = ", ".join(finding.requirement.id for finding in findings)
    return textwrap.wrap(before + ids, _WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def _finding(finding: Finding, word: str) -> Iterator[str]:
    one = finding.requirement
    yield f"{word:<11}{one.id:<24} {one.level.upper():<7}{one.section:<5} {one.title}"
    yield from _reasons(finding)


def _reasons(finding: Finding) -> Iterator[str]:
    for number, reason in enumerate(finding.reason.split(BESIDES)):
        said = f"{'besides: ' if number else ''}{reason}"
        yield f"{_INDENT}{_cut(said)}"


def _cut(reason: str) -> str:
    return reason if len(reason) <= _LONGEST else f"{reason[: _LONGEST - 1]}…"


@dataclass(frozen=True)
class Circumstances:
    """What a certification knows beside its result: what happened to the target or around it, connections that were
    lost once and not again, and how long conversations or a target that asked for patience slowed the run down."""

    happenings: Sequence[str] = ()
    drops: Sequence[str] = ()
    load: str | None = None
    pace: str | None = None


def notes(result: Result, known: Circumstances) -> Iterator[str]:
    """What a maintainer should know beside the verdict."""
    yield from _contradictions(result)
    yield from known.happenings
    yield from _drops(known.drops)
    yield from (slow for slow in (known.load, known.pace) if slow is not None)


def _contradictions(result: Result) -> Iterator[str]:
    """One for each requirement that others point at, though it passed."""
    pointing: dict[str, list[Contradiction]] = {}
    for one in result.contradictions:
        pointing.setdefault(one.because, []).append(one)
    for alike in pointing.values():
        others = list(dict.fromkeys(one.id for one in alike if one.id != alike[0].id))
        more = f" (so {'are' if others[1:] else 'is'} {', '.join(others)})" if others else ""
        yield f"a contradiction of the harness, please report it: {alike[0].says}{more}"


def _drops(drops: Sequence[str]) -> Iterator[str]:
    if len(drops) > _NAMED:
        names = ", ".join(drop.split(": ")[0] for drop in drops[:_NAMED])
        yield (
            f"connections or requests of {len(drops)} scenarios were lost once and not again: {names} and "
            f"{len(drops) - _NAMED} more"
        )
    else:
        yield from (f"a connection or request was lost once and not again: {drop}" for drop in drops)


def _observations(result: Result) -> Iterator[str]:
    if result.observations:
        yield "where the document is silent:"
    for observation in result.observations:
        yield f"  {observation.id:<22} {observation.says}"
