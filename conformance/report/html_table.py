"""report.html: what pytest-html's page says beyond pytest's own words, and how it looks and behaves."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from markupsafe import Markup, escape

from conformance.report import html_summary
from conformance.report.failure import FailureReport
from conformance.report.naming import beside_titles
from conformance.report.outcome import OutcomeKind, Status, outcome_of
from conformance.report.rendering import asset, part, render
from conformance.report.verdict import Result
from conformance.requirements import Level, Requirement, catalogue

RESULT = pytest.StashKey[Result]()
NOTES = pytest.StashKey[Sequence[str]]()
"""Lines that belong to the verdict."""
UNUSABLE = pytest.StashKey[str]()
"""Why nothing was judged."""

_TABLE = "table.html.j2"
_FIGURES, _TEXTS = 700_000, 400_000
"""Bytes that the diagrams and the failure texts of all rows may take: the page stays under 2 MB."""
_FOR_THE_FIRST = 0.35
"""The share of that which is kept for the first failures of requirements that have not failed yet."""
_COLUMNS = ("Result", "Requirement", "Level", "Section")
_NO_LEVEL = 9
"""Where rows without a level are sorted."""


class Report:
    """Hooks of pytest-html; registered only where it is installed and active."""

    def __init__(self) -> None:
        self._page: object = None
        self._anchors: set[str] = set()
        self._figures, self._texts = _Budget(_FIGURES), _Budget(_TEXTS)
        self._explained_ids: set[str] = set()

    def pytest_html_report_title(self, report: object) -> None:
        self._page = report
        report.title = "Help Center conformance"  # type: ignore[attr-defined]

    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """pytest-html itself filters by ``col-result`` and takes it from columns that it may sort; ours are sorted,
        filtered and opened by report.js, by keyboard too."""
        cells[:] = [part(_TABLE, "heading", word, number == 0) for number, word in enumerate(_COLUMNS)]

    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        kind, requirements = kind_of(report), _requirements(report)
        level = requirements[0].level if requirements else None
        judged = [(one, self._anchor(kind, one)) for one in requirements]
        hidden = cells[0].replace("<td ", "<td hidden ", 1)
        cells[:] = [
            hidden + str(part(_TABLE, "result", kind, list(OutcomeKind).index(kind))),
            part(_TABLE, "judged", judged, beside_titles(report.nodeid, requirements)),
            part(_TABLE, "level", level or "", list(Level).index(level) if level else _NO_LEVEL),
            part(_TABLE, "section", requirements[0].section if requirements else ""),
        ]

    def _anchor(self, kind: OutcomeKind, requirement: Requirement) -> str:
        """The first row that ended so is where the summary's link leads."""
        name = html_summary.anchor(kind.status, requirement.id)
        if kind.status is Status.PASSED or name in self._anchors:
            return ""
        self._anchors.add(name)
        return name

    def pytest_html_results_table_html(self, report: pytest.TestReport, data: list[str]) -> None:
        """What a row opens to."""
        outcome = outcome_of(report)
        if outcome is not None and outcome.failure is not None:
            data[:] = [self._explained(outcome.failure, set(outcome.requirements))]
        elif outcome is not None and outcome.kind is not OutcomeKind.ERROR:
            why = "; ".join(said for said in (outcome.excuse, outcome.reason) if said)
            data[:] = [
                part(
                    _TABLE,
                    "paragraphs",
                    [f"{outcome.kind}: {why}" if why else "", *(one.statement for one in _requirements(report))],
                )
            ]
        else:  # pytest-html has escaped it
            data[:] = [part(_TABLE, "log", Markup("".join(data)))]  # noqa: S704

    def _explained(self, failure: FailureReport, ids: set[str]) -> Markup:
        kept = 0.0 if ids - self._explained_ids else _FOR_THE_FIRST
        self._explained_ids |= ids
        if not self._texts.takes(escape(failure.text), kept):
            return part(_TABLE, "left_out")
        figure = failure.figure if self._figures.takes(failure.figure, kept) else ""
        return part(_TABLE, "explained", failure.text, Markup(figure))  # noqa: S704  drawn, and escaped, by us

    @pytest.hookimpl(tryfirst=True)
    def pytest_html_results_summary(self, prefix: list[str], postfix: list[str], session: pytest.Session) -> None:
        result = session.config.stash.get(RESULT, None)
        prefix.append(f"<style>{asset('report.css')}</style>")
        if result is not None:
            self._page.title = html_summary.title(result)  # type: ignore[attr-defined]
            prefix.append(html_summary.head(result, [*session.config.stash.get(NOTES, ()), *self._left_out()]))
        elif (why := session.config.stash.get(UNUSABLE, None)) is not None:
            prefix.append(part(_TABLE, "nothing_judged", why))
        levels = [level for level in Level if level is not Level.CLIENT]
        postfix.append(f"{render('controls.html.j2', levels=levels)}<script>{asset('report.js')}</script>")

    def _left_out(self) -> list[str]:
        budgets = {"text": self._texts, "diagram": self._figures}
        return [
            f"To keep this page small, the {what} of {budget.refused} more failed judgements is left out; "
            "transcripts/ has every packet."
            for what, budget in budgets.items()
            if budget.refused
        ]


class _Budget:
    """Bytes that one kind of content may take."""

    def __init__(self, size: int) -> None:
        self._size = self._left = size
        self.refused = 0

    def takes(self, markup: str, kept: float) -> bool:
        """Whether it fits, and leaves the share that is kept. It stands in JSON in an attribute, where some
        characters take six bytes."""
        size = len(escape(json.dumps(str(markup))))
        if size > self._left - kept * self._size:
            self.refused += 1
            return False
        self._left -= size
        return True


def kind_of(report: pytest.TestReport) -> OutcomeKind:
    """As a judgement has it; else in pytest's own terms."""
    outcome = outcome_of(report)
    return outcome.kind if outcome is not None else _PYTESTS.get(report.outcome, OutcomeKind.PASSED)


_PYTESTS = {"failed": OutcomeKind.FAILED, "skipped": OutcomeKind.UNVERIFIED}


def _requirements(report: pytest.TestReport) -> list[Requirement]:
    outcome = outcome_of(report)
    return [catalogue()[name] for name in outcome.requirements] if outcome is not None else []
