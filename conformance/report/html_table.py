"""report.html: what pytest-html's page says beyond pytest's own words, and how it looks and behaves."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import pytest

from conformance.report import html_summary
from conformance.report.failure import FailureReport
from conformance.report.outcome import OutcomeKind, Status, outcome_of
from conformance.report.verdict import Result
from conformance.requirements import Level, Requirement, catalogue

RESULT = pytest.StashKey[Result]()
NOTES = pytest.StashKey[Sequence[str]]()
"""Lines that belong to the verdict."""
UNUSABLE = pytest.StashKey[str]()
"""Why nothing was judged."""

_ASSETS = Path(__file__).with_name("assets")

_FIGURES, _TEXTS = 700_000, 400_000
"""Bytes that the diagrams and the failure texts of all rows may take: the page stays under 2 MB."""
_FOR_THE_FIRST = 0.35
"""The share of that which is kept for the first failures of requirements that have not failed yet."""


_COLUMNS = ("Result", "Requirement", "Level", "Section")


class Report:
    """Hooks of pytest-html; registered only where it is installed and active."""

    def __init__(self) -> None:
        self._page: object = None
        self._anchors: set[str] = set()
        self._figures, self._texts = _Room(_FIGURES), _Room(_TEXTS)
        self._told: set[str] = set()

    def pytest_html_report_title(self, report: object) -> None:
        self._page = report
        report.title = "Help Center conformance"  # type: ignore[attr-defined]

    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """pytest-html itself filters by ``col-result`` and takes it from columns that it may sort; ours are sorted,
        filtered and opened by report.js, by keyboard too."""
        cells[:] = [
            f'<th scope="col" data-column-type="{word.lower()}"><button type="button">{word}</button></th>'
            for word in _COLUMNS
        ]
        cells[0] = cells[0].replace("<th ", '<th class="sortable" ')

    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        kind, requirements = kind_of(report), _requirements(report)
        level = requirements[0].level if requirements else None
        button = f'<button type="button" aria-expanded="false">{kind.capitalize()}</button>'
        cells[:] = [
            f"{cells[0].replace('<td ', '<td hidden ', 1)}{_cell(button, OutcomeKind, kind, kind=kind)}",
            f"<td>{self._named(report, kind, requirements)}</td>",
            _cell(level.upper(), Level, level) if level else '<td data-key="9"></td>',
            f"<td>{html.escape(requirements[0].section) if requirements else ''}</td>",
        ]

    def _named(self, report: pytest.TestReport, kind: OutcomeKind, requirements: Sequence[Requirement]) -> str:
        ids = " ".join(f"<b{self._anchor(kind, one)}>{html.escape(one.id)}</b>" for one in requirements)
        titles = "; ".join(one.title for one in requirements)
        name = judgement(report.nodeid)
        if name.lower().startswith(titles.lower()) and titles:  # say it once
            name = name[len(titles) :].strip()
        return f"{ids} {html.escape(titles)}<br><small>{html.escape(name)}</small>"

    def _anchor(self, kind: OutcomeKind, requirement: Requirement) -> str:
        """The first row that ended so is where the summary's link leads."""
        name = html_summary.anchor(kind.status, requirement.id)
        if kind.status is Status.PASSED or name in self._anchors:
            return ""
        self._anchors.add(name)
        return f' id="{html.escape(name)}"'

    def pytest_html_results_table_html(self, report: pytest.TestReport, data: list[str]) -> None:
        """What a row opens to."""
        outcome = outcome_of(report)
        if outcome is not None and outcome.failure is not None:
            data[:] = [self._explained(outcome.failure, set(outcome.requirements))]
        elif outcome is not None and outcome.kind is not OutcomeKind.ERROR:
            why = f"{outcome.kind}: {outcome.reason}" if outcome.reason else ""
            asked = [one.statement for one in _requirements(report)]
            data[:] = ["".join(f"<p>{html.escape(text)}</p>" for text in [why, *asked] if text)]
        else:
            data[:] = [f"<pre>{''.join(data)}</pre>"]

    def _explained(self, failure: FailureReport, ids: set[str]) -> str:
        kept = 0.0 if ids - self._told else _FOR_THE_FIRST
        self._told |= ids
        if not self._texts.takes(html.escape(failure.text), kept):
            return "<p>Left out to keep this page small: the terminal and junit.xml have it.</p>"
        figure = failure.figure if self._figures.takes(failure.figure, kept) else ""
        return f"<pre>{html.escape(failure.text)}</pre>{figure}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_html_results_summary(self, prefix: list[str], postfix: list[str], session: pytest.Session) -> None:
        result = session.config.stash.get(RESULT, None)
        prefix.append(f"<style>{_asset('report.css')}</style>")
        if result is not None:
            self._page.title = html_summary.title(result)  # type: ignore[attr-defined]
            prefix.extend(html_summary.head(result, [*session.config.stash.get(NOTES, ()), *self._left_out()]))
        elif (why := session.config.stash.get(UNUSABLE, None)) is not None:
            prefix.append(f"<p><strong>No verdict: nothing was judged.</strong> {html.escape(why)}</p>")
        postfix.append(f"{_CONTROLS}<script>{_asset('report.js')}</script>")

    def _left_out(self) -> list[str]:
        rooms = {"text": self._texts, "diagram": self._figures}
        return [
            f"To keep this page small, the {what} of {room.refused} more failed judgements is left out; "
            "transcripts/ has every packet."
            for what, room in rooms.items()
            if room.refused
        ]


class _Room:
    """Bytes that one kind of content may take."""

    def __init__(self, size: int) -> None:
        self._size = self._left = size
        self.refused = 0

    def takes(self, markup: str, kept: float) -> bool:
        """Whether it fits, and leaves the share that is kept. It stands in JSON in an attribute, where some
        characters take six bytes."""
        size = len(html.escape(json.dumps(markup)))
        if size > self._left - kept * self._size:
            self.refused += 1
            return False
        self._left -= size
        return True


def kind_of(report: pytest.TestReport) -> OutcomeKind:
    """As a judgement has it; else in pytest's own terms."""
    outcome = outcome_of(report)
    return outcome.kind if outcome is not None else _PYTESTS[report.outcome]


_PYTESTS = {"passed": OutcomeKind.PASSED, "failed": OutcomeKind.FAILED, "skipped": OutcomeKind.UNVERIFIED}


def judgement(nodeid: str) -> str:
    """The name of a test in words: ``test_the_text_is_kept[long]`` reads "the text is kept (long)"."""
    name = nodeid.partition("::")[2] or nodeid
    found = re.fullmatch(r"(?:\w+::)*test_(\w+)(?:\[(.*)\])?", name, re.DOTALL)
    if found is None:
        return name
    words = found[1].replace("_", " ")
    return f"{words} ({found[2]})" if found[2] else words


def _requirements(report: pytest.TestReport) -> list[Requirement]:
    outcome = outcome_of(report)
    return [catalogue()[name] for name in outcome.requirements] if outcome is not None else []


def _cell(markup: str, order: type[StrEnum], value: StrEnum, *, kind: str = "") -> str:
    """A cell that is sorted by its value's place in an enum."""
    named = f' class="{kind}"' if kind else ""
    return f'<td{named} data-key="{list(order).index(value)}">{markup}</td>'


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


_CONTROLS = (
    "<h2 id=judgements>All judgements</h2>"
    "<noscript><p>The table needs JavaScript; verdict.json has the same results.</p></noscript>"
    "<form id=find role=search aria-label='Filter the judgements'>"
    "<label>Search <input type=search name=words placeholder='id, words, section'></label> "
    "<label>Level <select name=level><option value=''>all</option>"
    + "".join(f"<option>{level.upper()}</option>" for level in Level if level is not Level.CLIENT)
    + "</select></label><fieldset><legend>Result</legend></fieldset>"
    "<p><output></output> <button type=button value=open>Open all</button> "
    "<button type=button value=close>Close all</button></p></form>"
)
