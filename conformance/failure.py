"""What a person reads when a judgement fails."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from conformance import narrative
from conformance.errors import Deviation
from conformance.requirements import Requirement
from conformance.transcript import Transcript

_WIDTH = 110


def text(requirements: Sequence[Requirement], deviation: Deviation, transcript: Transcript | None, again: str) -> str:
    """The whole story of one deviation, in the order of the style guide: requirement, level, section, what is asked;
    expected and actual; the record around it; how to run just this again."""
    parts = [_head(requirement) for requirement in requirements]
    parts += ["", _field("Expected", deviation.expected), _field("Actual", deviation.actual)]
    if transcript is not None:
        title = f"  Wire      {transcript.key}            > sent   < received   * look here"
        parts += ["", title, *narrative.lines(transcript, deviation.at)]
    return "\n".join([*parts, "", f"  Again     {again}"])


def _head(requirement: Requirement) -> str:
    line = f"{requirement.id}   {requirement.level.upper()}   section {requirement.section}   {requirement.title}"
    asks = textwrap.fill(requirement.statement, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    return f"{line}\n{asks}"


def _field(name: str, value: str) -> str:
    return textwrap.fill(
        value,
        _WIDTH,
        initial_indent=f"  {name:<9} ",
        subsequent_indent=" " * 12,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
        drop_whitespace=True,
    )


def one_line(deviation: Deviation) -> str:
    """For verdict.json and the summary: expected and actual in one line."""
    line = f"expected {deviation.expected}; got {deviation.actual}"
    return " ".join(line.split())
