"""``help-center-conformance rejudge DIR …``: judges the saved transcripts of a run again."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.command.parser import Parser
from conformance.command.pytest_run import run


def main(arguments: Sequence[str]) -> int:
    """Returns pytest's exit code."""
    parser = Parser("rejudge", "Judges an earlier run again, without a server: does its verdict hold?")
    parser.add_argument("folder", metavar="DIR", help="the reports of that run")
    parser.pass_on_the_rest()
    given = parser.parse_args(arguments)
    return run([f"--rejudge={given.folder}", *given.options])
