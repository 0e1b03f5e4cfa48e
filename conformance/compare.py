"""``help-center-conformance compare OLD NEW …``: verdicts side by side, differences first, for people and for CI. Also
``python -m conformance.compare``.

The first verdict is what the others are held against: staging against production, this release against the last.
Exit code 0 when nothing got worse, 1 when something did, 2 for files that are not verdicts, or have no requirement in
common.
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from conformance.formatting import cut
from conformance.report.rendering import asset, render
from conformance.schema import validator

_RANK = {"passed": 0, "waived": 1, "unverified": 2, "failed": 3, "error": 3}
"""From good to bad; to lose certainty is to get worse."""
_ABSENT = "-"
_CLAIMS = ("conformant", "non-conformant", "incomplete")
"""Verdicts of runs that have judged everything."""
_DESCRIPTION = "Verdicts side by side, differences first: the first one is what the others are held against."
_WIDTH = 110
_LONGEST = 110
"""Characters of a reason; the report of its run has all of it."""


@dataclass(frozen=True)
class Run:
    """One verdict.json, with a short name of its own."""

    name: str
    verdict: dict[str, Any]

    @property
    def letter(self) -> str:
        return self.name.partition(" ")[0]

    @property
    def kind(self) -> str:
        """The verdict in a word, and of a part which."""
        options = self.verdict.get("options", {})
        quick = ["--profile=quick"] if options.get("profile") == "quick" else []
        part = " ".join([*quick, *options.get("selection", ())])
        return f"{self.verdict['verdict']}{f' ({part})' if part else ''}"

    @property
    def statuses(self) -> dict[str, str]:
        return {one["id"]: one["status"] for one in self.verdict["requirements"]}

    @property
    def reasons(self) -> dict[str, str]:
        return {one["id"]: one.get("reason", "") for one in self.verdict["requirements"]}

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
        """Whether there is something to show: that a run did not judge what passed elsewhere is said by a note."""
        return len(set(self.cells)) > 1 and set(self.cells) != {"passed", _ABSENT}

    @property
    def comparable(self) -> bool:
        return _ABSENT not in self.cells

    @property
    def worse(self) -> list[int]:
        """Which runs are worse off than the first; a requirement that either does not know is not a loss."""
        known = {number: _RANK[cell] for number, cell in enumerate(self.cells) if cell in _RANK}
        return [number for number, rank in known.items() if 0 in known and rank > known[0]]


def load(paths: Sequence[str]) -> list[Run]:
    """Read verdicts, given as files or as the folders they are in. Raises ValueError with one clear line."""
    runs: list[Run] = []
    for given in paths:
        path = Path(given) / "verdict.json" if Path(given).is_dir() else Path(given)
        try:
            verdict = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ValueError(f"{path} is not a verdict: {error}") from error
        if not validator.fits("verdict", verdict):
            raise ValueError(f"{path} is not a verdict: {validator.mismatches('verdict', verdict)[0]}")
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
    return [row for row in table if len({*row.cells} - {_ABSENT}) > 1]


# -- the terminal ------------------------------------------------------------------------------------------------


def lines(runs: Sequence[Run]) -> Iterator[str]:
    """The comparison as text: what got worse, legend, differing rows with the reasons of losses, differing
    observations, and a count of what is equal."""
    table = rows(runs)
    yield losses(runs, table)
    width = max(len(run.name) for run in runs)
    for run in runs:
        v = run.verdict
        yield f"{run.name:<{width}}  {v['verdict']:<15} {v['started']}  {v['target']}"
    yield from (f"note: {note}" for note in notes(runs))
    differing = [row for row in table if row.differs]
    if differing:
        yield ""
        yield f"{'requirement':<26}{'level':<8}{_columns([run.letter for run in runs])}".rstrip()
    for row in differing:
        yield f"{row.id:<26}{row.level:<8}{_columns(row.cells)}{'WORSE' if row.worse else ''}".rstrip()
        yield from (f"  {runs[number].letter}: {reason}" for number, reason in _reasons(runs, row).items())
    yield ""
    compared = [row for row in table if row.comparable]
    yield f"{sum(not row.differs for row in compared)} of {len(compared)} requirements are equal"
    for line in uncompared(runs, table):
        yield textwrap.fill(line, _WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    for row in silent(runs):
        yield f"{row.id} differs:"
        yield from (f"  {', '.join(letters)}: {says}" for says, letters in _alike(runs, row).items())


def losses(runs: Sequence[Run], table: Sequence[Row]) -> str:
    """The first line: has anything got worse, and where?"""
    worse = {run.name: sum(number in row.worse for row in table) for number, run in enumerate(runs)}
    lines = [f"{name} ({count} requirement{'s' * (count > 1)})" for name, count in worse.items() if count]
    if lines:
        return f"WORSE than {runs[0].name}: {', '.join(lines)}"
    compared = sum(row.comparable for row in table)
    over = "" if compared == len(table) else f", over the {compared} of {len(table)} requirements that every run judged"
    return f"nothing is worse than in {runs[0].name}{over}"


def uncompared(runs: Sequence[Run], table: Sequence[Row]) -> Iterator[str]:
    """Which requirements could not be compared, and for which run."""
    for number, run in enumerate(runs):
        if missing := [row.id for row in table if row.cells[number] == _ABSENT]:
            yield f"not compared, as {run.letter} did not judge them ({len(missing)}): {', '.join(missing)}"


def notes(runs: Sequence[Run]) -> Iterator[str]:
    """What keeps verdicts from speaking of the same; older ones do not name all of it."""
    for run in runs:
        if run.verdict["verdict"] not in _CLAIMS:
            yield f"{run.letter} is {run.kind}: it claims no verdict, and is compared over what it judged"
    for name, what in _JUDGED_BY.items():
        where = [run.verdict if name in _AT_THE_TOP else run.verdict.get("scope", {}) for run in runs]
        if len({one[name] for one in where if name in one}) > 1:
            yield f"the verdicts speak of different versions of {what}"


_AT_THE_TOP = ("document", "harness")
_JUDGED_BY = {
    "document": "the document",
    "harness": "the harness",
    "requirements": "the requirements",
    "schemas": "the schemas",
}


def _columns(cells: Sequence[str]) -> str:
    return "".join(f"{cell:<12}" for cell in cells)


def _reasons(runs: Sequence[Run], row: Row) -> dict[int, str]:
    """Why each run that is worse off is so, as far as it says."""
    reasons = {number: runs[number].reasons.get(row.id, "") for number in row.worse}
    return {number: cut(reason, _LONGEST) for number, reason in reasons.items() if reason}


def _alike(runs: Sequence[Run], row: Row) -> dict[str, list[str]]:
    """The runs by what they say."""
    said: dict[str, list[str]] = {}
    for run, cell in zip(runs, row.cells, strict=True):
        said.setdefault(cell, []).append(run.letter)
    return said


# -- HTML --------------------------------------------------------------------------------------------------------


def page(runs: Sequence[Run]) -> str:
    """The comparison as one self-contained HTML page."""
    table = rows(runs)
    return render(
        "compare.html.j2",
        style=Markup(asset("compare.css")),  # noqa: S704  our own
        runs=runs,
        lines=[losses(runs, table), *notes(runs), *uncompared(runs, table)],
        rows=[(row, _reasons(runs, row)) for row in table],
        silent=[(row, {}) for row in silent(runs)],
        statuses=_RANK,
    )


# -- the command -------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    prog = "python -m conformance.compare" if arguments is None else "help-center-conformance compare"
    parser = argparse.ArgumentParser(prog=prog, description=_DESCRIPTION)
    parser.add_argument("verdicts", nargs="+", metavar="VERDICT", help="verdict.json, or the folder it is in")
    parser.add_argument("--html", metavar="FILE", help="write the comparison as a page, too")
    options = parser.parse_args(arguments)
    if len(options.verdicts) < 2:
        parser.exit(2, f"{prog}: pass at least two verdicts: the first is what the others are held against\n")
    try:
        runs = load(options.verdicts)
        if not any(row.comparable for row in rows(runs)):
            raise ValueError("these verdicts have no requirement in common: nothing can be compared")
        if options.html:
            Path(options.html).write_text(page(runs), encoding="utf-8")
    except (ValueError, OSError) as error:
        parser.exit(2, f"{prog}: {error}\n")
    print("\n".join(lines(runs)))
    return 1 if any(row.worse for row in rows(runs)) else 0


if __name__ == "__main__":
    sys.exit(main())
