"""``python -m conformance.compare OLD NEW …``: verdicts side by side, differences first, for people and for CI.

The first verdict is what the others are held against: staging against production, this release against the last.
Exit code 0 when nothing got worse, 1 when something did, 2 for files that are no verdicts.
"""

from __future__ import annotations

import argparse
import html
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance import schemas

_RANK = {"passed": 0, "waived": 1, "unverified": 2, "failed": 3, "error": 3}
"""From good to bad; to lose certainty is to get worse."""
_ABSENT = "-"


@dataclass(frozen=True)
class Run:
    """One verdict.json, with a short name of its own."""

    name: str
    verdict: dict[str, Any]

    @property
    def statuses(self) -> dict[str, str]:
        return {one["id"]: one["status"] for one in self.verdict["requirements"]}

    @property
    def observations(self) -> dict[str, str]:
        return {one["id"]: one["says"] for one in self.verdict["observations"]}


@dataclass(frozen=True)
class Row:
    """One requirement or observation in all runs."""

    id: str
    section: str
    level: str
    title: str
    cells: Sequence[str]

    @property
    def differs(self) -> bool:
        return len(set(self.cells)) > 1

    @property
    def worse(self) -> bool:
        """Whether some run is worse off than the first; a requirement that either does not know is no loss."""
        ranks = [_RANK[cell] for cell in self.cells if cell in _RANK]
        return self.cells[0] in _RANK and max(ranks) > ranks[0]


def load(paths: Sequence[str]) -> list[Run]:
    """Read verdicts, given as files or as the folders they are in. Raises ValueError with one clear line."""
    runs: list[Run] = []
    for given in paths:
        path = Path(given) / "verdict.json" if Path(given).is_dir() else Path(given)
        try:
            verdict = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ValueError(f"{path} is no verdict: {error}") from error
        if not schemas.fits("verdict", verdict):
            raise ValueError(f"{path} is no verdict: {schemas.mismatches('verdict', verdict)[0]}")
        runs.append(Run(_name(path, len(runs)), verdict))
    return runs


def _name(path: Path, index: int) -> str:
    """A letter for the column and the folder it came from."""
    return f"{chr(ord('A') + index % 26)} {path.parent.name or path.stem}"


def rows(runs: Sequence[Run]) -> list[Row]:
    """All requirements of all runs: worse ones first, then other differences, then the rest as in the document."""
    known = {one["id"]: one for run in reversed(runs) for one in run.verdict["requirements"]}
    order = list(dict.fromkeys(one["id"] for run in runs for one in run.verdict["requirements"]))
    table = [
        Row(name, known[name]["section"], known[name]["level"], known[name]["title"], _cells(runs, name))
        for name in order
    ]
    return sorted(table, key=lambda row: (not row.worse, not row.differs))


def _cells(runs: Sequence[Run], name: str) -> list[str]:
    return [run.statuses.get(name, _ABSENT) for run in runs]


def silent(runs: Sequence[Run]) -> list[Row]:
    """Observations that differ between the runs."""
    known = {one["id"]: one for run in reversed(runs) for one in run.verdict["observations"]}
    table = [
        Row(name, one["section"], "observation", name, [run.observations.get(name, _ABSENT) for run in runs])
        for name, one in known.items()
    ]
    return [row for row in table if row.differs]


# -- the terminal ------------------------------------------------------------------------------------------------


def lines(runs: Sequence[Run]) -> Iterator[str]:
    """The comparison as text: legend, differing rows, differing observations, and a count of what is equal."""
    for run in runs:
        v = run.verdict
        yield f"{run.name:<16} {v['verdict']:<16} {v['target']}   {v['started']}   harness {v['harness']}"
    yield from _documents(runs)
    table = rows(runs)
    yield ""
    yield f"{'requirement':<26}{'level':<8}" + "".join(f"{run.name[:14]:<16}" for run in runs)
    for row in table:
        if row.differs:
            cells = "".join(f"{cell:<16}" for cell in row.cells)
            yield f"{row.id:<26}{row.level:<8}{cells}{'WORSE' if row.worse else ''}".rstrip()
    yield f"{sum(not row.differs for row in table)} of {len(table)} requirements are equal"
    for row in silent(runs):
        yield f"{row.id} differs:"
        yield from (f"  {run.name:<16} {cell}" for run, cell in zip(runs, row.cells, strict=True))


def _documents(runs: Sequence[Run]) -> Iterator[str]:
    if len({run.verdict["document"] for run in runs}) > 1:
        yield "note: the verdicts speak of different versions of the document"


# -- HTML --------------------------------------------------------------------------------------------------------

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
div { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: .3rem .6rem; }
th, td { text-align: left; }
td.passed { color: light-dark(#116329, #6cd98a); }
td.failed, td.error { color: light-dark(#a40e26, #ff9a9a); font-weight: 700; }
td.unverified, td.waived { color: light-dark(#7a4d00, #f0c36d); }
tr.worse th::before { content: "▼ worse "; color: light-dark(#a40e26, #ff9a9a); }
tr.equal { opacity: .75; }
"""


def page(runs: Sequence[Run]) -> str:
    """The comparison as one self-contained HTML page."""
    head = "".join(
        f"<th scope=col>{html.escape(run.name)}<br>{html.escape(run.verdict['verdict'])}</th>" for run in runs
    )
    body = "".join(_html_row(row) for row in rows(runs))
    notes = "".join(_html_row(row) for row in silent(runs))
    legend = "".join(
        f"<li>{html.escape(run.name)}: {html.escape(run.verdict['target'])}, {html.escape(run.verdict['started'])}</li>"
        for run in runs
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Help Center conformance, compared</title><style>{_STYLE}</style>"
        f"<h1>Help Center conformance, compared</h1><ul>{legend}</ul>"
        f"<div><table><thead><tr><th scope=col>Requirement</th><th scope=col>Level</th>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
        + (f"<h2>Where the document is silent</h2><div><table><tbody>{notes}</tbody></table></div>" if notes else "")
        + "</html>\n"
    )


def _html_row(row: Row) -> str:
    kind = "worse" if row.worse else "differs" if row.differs else "equal"
    title = html.escape(f"section {row.section}: {row.title}")
    cells = "".join(
        f'<td class="{html.escape(cell) if cell in _RANK else ""}">{html.escape(cell)}</td>' for cell in row.cells
    )
    return (
        f'<tr class="{kind}"><th scope=row title="{title}">{html.escape(row.id)}</th><td>{row.level}</td>{cells}</tr>'
    )


# -- the command -------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m conformance.compare", description=__doc__.partition("\n")[0])
    parser.add_argument("verdicts", nargs="+", metavar="VERDICT", help="verdict.json, or the folder it is in")
    parser.add_argument("--html", metavar="FILE", help="write the comparison as a page, too")
    options = parser.parse_args(arguments)
    if len(options.verdicts) < 2:
        parser.error("pass at least two verdicts: the first is what the others are held against")
    try:
        runs = load(options.verdicts)
        if options.html:
            Path(options.html).write_text(page(runs), encoding="utf-8")
    except (ValueError, OSError) as error:
        parser.error(str(error))
    print("\n".join(lines(runs)))
    return 1 if any(row.worse for row in rows(runs)) else 0


if __name__ == "__main__":
    sys.exit(main())
