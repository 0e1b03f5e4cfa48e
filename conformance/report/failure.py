"""What a person reads when a judgement fails."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.errors import Deviation
from conformance.record.transcript import Transcript
from conformance.report import sequence_diagram, trace
from conformance.requirements import Requirement

_WIDTH = 110


@dataclass(frozen=True, slots=True)
class FailureReport:
    """One deviation for every medium: ``text`` as it is, ``figure`` (HTML; empty: nothing was recorded) for pages,
    and ``transcript``, the key of what it was seen in (empty: nothing was recorded)."""

    text: str
    figure: str
    transcript: str = ""


def failure_report(
    requirements: Sequence[Requirement], deviation: Deviation, transcript: Transcript | None, again: str
) -> FailureReport:
    figure = sequence_diagram.figure(transcript, deviation.at) if transcript is not None else ""
    key = transcript.key if transcript is not None else ""
    return FailureReport(text(requirements, deviation, transcript, again), figure, key)


def text(requirements: Sequence[Requirement], deviation: Deviation, transcript: Transcript | None, again: str) -> str:
    """In the order of the style guide: requirement, level, section, what the document asks; expected and actual; the
    record around it; the command to run just this again."""
    parts = [_head(requirement) for requirement in requirements]
    parts += ["", *_field("Expected", deviation.expected), *_field("Actual", deviation.actual)]
    if transcript is not None:
        parts += ["", _wire(transcript, deviation), *trace.lines(transcript, deviation.at)]
    return "\n".join([*parts, "", f"  Again     {again}"])


def _head(requirement: Requirement) -> str:
    line = f"{requirement.id}   {requirement.level.upper()}   section {requirement.section}   {requirement.title}"
    asks = textwrap.fill(requirement.statement, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    return f"{line}\n{asks}"


def _wire(transcript: Transcript, deviation: Deviation) -> str:
    look = "   * look here" if deviation.at else ""
    who = trace.participants(transcript)
    return f"  {'Wire':<9} {transcript.key}{': ' if who else ''}{who:<26} > sent   < received{look}"


def _field(name: str, said: str) -> list[str]:
    """Each line of what is said stands under the first; long ones are continued further right."""
    lines = [wrapped for line in said.splitlines() or ["nothing"] for wrapped in _wrapped(line)]
    return [f"  {name if number == 0 else '':<9} {line}" for number, line in enumerate(lines)]


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(
        line,
        _WIDTH - 12,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    )
