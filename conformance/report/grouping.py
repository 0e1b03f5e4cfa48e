"""Deviations on the terminal: one block for each requirement, for one bug often fails a dozen of its judgements."""

from __future__ import annotations

import copy
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from conformance.formatting import cut
from conformance.report.naming import judgement
from conformance.report.outcome import OutcomeKind, outcome_of

_LISTED = 5
"""How many further judgements of a requirement are named."""
_LONGEST = 240
_FAILED = "failed"


@contextmanager
def grouped(reporter: pytest.TerminalReporter) -> Iterator[None]:
    """While pytest writes its failures, those of one requirement stand together, but where -vv asks for each."""
    each = reporter.stats.get(_FAILED, [])
    if each and reporter.verbosity < 2:
        reporter.stats[_FAILED] = one_each(each)
    try:
        yield
    finally:
        if each:
            reporter.stats[_FAILED] = each


def one_each(reports: Sequence[pytest.TestReport]) -> list[pytest.TestReport]:
    """The simplest report of each requirement (the shortest), with the others named in it."""
    groups: dict[str, list[pytest.TestReport]] = {}
    for report in reports:
        groups.setdefault(_group(report), []).append(report)
    sorted_groups = [sorted(alike, key=lambda report: len(report.longreprtext)) for alike in groups.values()]
    return [_with_others(first, others) for first, *others in sorted_groups]


def _group(report: pytest.TestReport) -> str:
    """What is not a deviation stands alone."""
    outcome = outcome_of(report)
    deviates = outcome is not None and outcome.kind is OutcomeKind.FAILED
    return " ".join(outcome.requirements) if outcome is not None and deviates else report.nodeid


def _with_others(report: pytest.TestReport, others: Sequence[pytest.TestReport]) -> pytest.TestReport:
    if not others:
        return report
    shown = copy.copy(report)
    lines = [_line(other) for other in others[:_LISTED]]
    if (more := len(others) - _LISTED) > 0:
        lines.append(f"and {more} more: -vv shows each as a whole")
    indented = textwrap.indent("\n".join(lines), " " * 12)
    shown.longrepr = f"{report.longreprtext.rstrip()}\n\n  Also      {indented.lstrip()}"
    return shown


def _line(report: pytest.TestReport) -> str:
    outcome = outcome_of(report)
    return cut(f"{judgement(report.nodeid)}: {outcome.reason if outcome is not None else ''}", _LONGEST)
