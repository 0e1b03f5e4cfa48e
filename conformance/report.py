"""What pytest-html's page says beyond pytest's own words: the verdict first, and the requirement of each row."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

import pytest

from conformance.ending import is_advice
from conformance.requirements import Level, catalogue
from conformance.summary import WORDS, counts
from conformance.verdict import Finding, Result, Status

RESULT = pytest.StashKey[Result]()

_STYLE = """<style>
:root { color-scheme: light dark; }
body { font: 14px/1.5 system-ui, sans-serif; color: light-dark(#222, #ddd); background: light-dark(#fff, #16181c); }
#results-table, #results-table th, #results-table td, td, th { color: inherit; }
.logwrapper .log, #environment tr:nth-child(odd) { background: light-dark(#f6f6f6, #22262d); color: inherit; }
#environment, #environment-header { display: none; }
.verdict { border-left: .6rem solid #b58900; padding: .5rem 1rem; margin: 1rem 0; }
.verdict h2 { margin: 0; font-size: 1.6rem; }
.verdict.conformant { border-color: #2e7d32; } .verdict.non-conformant, .verdict.error { border-color: #c62828; }
.findings { width: 100%; border-collapse: collapse; }
.findings th, .findings td { text-align: left; vertical-align: top; }
.findings th, .findings td { padding: .2rem .6rem; border-bottom: 1px solid #8885; }
@media print { .summary__reload, .controls, .collapse { display: none; } }
</style>"""

_GROUPS = (
    ("Failed", (Level.MUST, Level.SHOULD), Status.ERROR, "errors of the harness"),
    ("Failed", (Level.MUST,), Status.FAILED, "ruled out by the document"),
    ("Unverified", (Level.MUST, Level.SHOULD), Status.UNVERIFIED, "could not be checked"),
    ("Advice", (Level.SHOULD,), Status.FAILED, "suggested by the document"),
    ("Waived", (Level.MUST, Level.SHOULD), Status.WAIVED, "known failures"),
)


class Report:
    """Hooks of pytest-html; registered only where it is installed and active."""

    def pytest_html_report_title(self, report: object) -> None:
        report.title = "Help Center conformance"  # type: ignore[attr-defined]

    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        cells[1:1] = [
            '<th class="sortable" data-column-type="requirement">Requirement</th>',
            '<th class="sortable" data-column-type="level">Level</th>',
            '<th class="sortable" data-column-type="section">Section</th>',
        ]

    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        ids = " ".join(str(value) for name, value in report.user_properties if name == "requirement").split()
        one = catalogue().get(ids[0]) if ids else None
        words = (" ".join(ids), str(one.level), one.section) if one else ("", "", "")
        columns = zip(("requirement", "level", "section"), words, strict=True)
        cells[1:1] = [f'<td class="col-{name}">{html.escape(word)}</td>' for name, word in columns]
        if is_advice(report):  # pytest-html shows no row of a result that it does not know: it stays a skipped one
            cells[0] = '<td class="col-result" hidden>Skipped</td><td class="col-result">Advice</td>'

    @pytest.hookimpl(tryfirst=True)
    def pytest_html_results_summary(self, prefix: list[str], session: pytest.Session) -> None:
        result = session.config.stash.get(RESULT, None)
        if result is not None:
            prefix.extend([_STYLE, *page(result)])


def page(result: Result) -> Iterator[str]:
    """The summary as HTML: may we ship, what is broken, how the server behaves where the document is silent."""
    facts = [f"{html.escape(str(result.facts[name]))}" for name in ("target", "started")]
    yield f'<div class="verdict {result.verdict}"><h2>{str(result.verdict).capitalize()}</h2>'
    yield f"<p>{WORDS[result.verdict]}<br>{' · '.join(facts)} · seed {result.facts['seed']}</p>"
    yield "".join(f"<p>{level.upper()}: {counts(result, level)}</p>" for level in (Level.MUST, Level.SHOULD)) + "</div>"
    for title, levels, status, what in _GROUPS:
        found = [finding for level in levels for finding in result.of(level, status)]
        if found:
            yield f"<h3>{title}: {what}</h3><table class='findings'>{_rows(found)}</table>"
    if result.observations:
        said = "".join(f"<li>{html.escape(one.says)} <small>{one.id}</small></li>" for one in result.observations)
        yield f"<details><summary>Where the document is silent, this server …</summary><ul>{said}</ul></details>"


def _rows(found: Sequence[Finding]) -> str:
    return "".join(map(_row, found))


def _row(finding: Finding) -> str:
    one = finding.requirement
    told = f"{html.escape(one.title)}<br><small>{html.escape(finding.reason[:600])}</small>"
    return f"<tr><th scope=row>{one.id}</th><td>{one.level.upper()}</td><td>{one.section}</td><td>{told}</td></tr>"
