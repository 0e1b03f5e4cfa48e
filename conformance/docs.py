"""``python -m conformance.docs`` writes docs/requirements.md from the catalogue.

``--check`` says whether it is out of date, or docs/kill-matrix.md lacks a row; ``python -m conformance.docs ID`` prints
where a requirement is judged, and which servers prove that.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from conformance.maintenance import kill_matrix, requirement_map
from conformance.paths import CATALOGUE, ROOT, SUITES
from conformance.requirements import FIRST_RELEASE, Catalogue, Level, Requirement, catalogue

PAGE = ROOT / "docs" / "requirements.md"

HEAD = """\
# Requirements

Generated from `conformance/requirements.toml` by `python -m conformance.docs`; do not edit.

{counts}

- **MUST**: the document says so, or it follows with no other reading left. Only these make a server non-conformant.
- **SHOULD**: the document suggests it, or a client that follows it would suffer. Reported; fails a run with
  `--level=should`.
- **observation**: the document is silent. Never passed or failed: the report says how the server behaves.
- **client**: binds clients, or cannot be seen from outside.

Why a place is read as it is: [readings.md](readings.md). To judge one requirement: `pytest --target=URL -k ID`.
"""
COLUMNS = ("Requirement", "Level", "Section", "What it says", "Reading", "Judged by")


@dataclass(frozen=True, slots=True)
class Citation:
    """One ``requirement("ID", …)`` in a suite: ``file`` (its name), ``line``, and the ids."""

    file: str
    line: int
    ids: tuple[str, ...]


def citations(folder: Path = SUITES) -> list[Citation]:
    """Every judgement of the suites, found without importing them. Raises ValueError on ids that are no literals."""
    return [citation for path in sorted(folder.glob("test_*.py")) for citation in _citations_in(path)]


def _citations_in(path: Path) -> Iterator[Citation]:
    return _citations_of(path, ast.parse(path.read_text(encoding="utf-8")))


def _citations_of(path: Path, tree: ast.AST) -> Iterator[Citation]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "requirement":
            ids = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            if not ids or len(ids) != len(node.args) or node.keywords:
                raise ValueError(f"{path.name}:{node.lineno}: requirement(…) takes the ids themselves")
            yield Citation(path.name, node.lineno, tuple(ids))


def judgements(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The tests of a suite, each with the ids that its decorators cite."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            decorators = [citation for one in node.decorator_list for citation in _citations_of(path, one)]
            yield node.name, [one for citation in decorators for one in citation.ids]


def chapters(known: Catalogue) -> list[tuple[str, list[Requirement]]]:
    """The catalogue by its chapters. Raises ValueError where one is interrupted by another, or absent."""
    found = [(title, list(group)) for title, group in groupby(known.values(), key=lambda one: one.chapter)]
    titles = [title for title, _ in found]
    if without := [one.id for one in known.values() if not one.chapter]:
        raise ValueError(f"{without[0]} has no chapter (a heading of {PAGE.name}) in {CATALOGUE.name}")
    if twice := [title for title in titles if titles.count(title) > 1]:
        raise ValueError(f"the chapter {twice[0]!r} stands in several places of {CATALOGUE.name}")
    return found


def page(known: Catalogue, cited: Iterable[Citation]) -> str:
    """The whole document."""
    files: dict[str, set[str]] = {}
    for citation in cited:
        for one in citation.ids:
            files.setdefault(one, set()).add(citation.file)
    parts = [HEAD.format(counts=_counts(known))]
    for title, requirements in chapters(known):
        rows = [_row(one, sorted(files.get(one.id, ()))) for one in requirements]
        parts.append("\n".join([f"## {title[0].upper()}{title[1:]}\n", *_table(rows)]) + "\n")
    return "\n".join(parts)


def _counts(known: Catalogue) -> str:
    words = {Level.MUST: "MUST", Level.SHOULD: "SHOULD", Level.OBSERVATION: "observations", Level.CLIENT: "client"}
    counted = [f"{sum(r.level is level for r in known.values())} {word}" for level, word in words.items()]
    return f"{len(known)} requirements: {', '.join(counted)}."


def _row(one: Requirement, files: Sequence[str]) -> tuple[str, ...]:
    by = ", ".join(f"[{name}](../suites/{name})" for name in files)
    judged = f"*nothing:* {one.untestable}" if one.untestable else by or "*nothing yet*"
    level = one.level.upper() if one.level in (Level.MUST, Level.SHOULD) else str(one.level)
    says = f"**{one.title[0].upper()}{one.title[1:]}.** {one.statement}"
    judged += f" (since {one.since})" if one.since != FIRST_RELEASE else ""
    return (f"`{one.id}`", level, one.section, says, one.reading, judged)


def _table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(COLUMNS)} |"
    yield f"|{'---|' * len(COLUMNS)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


# -- the command ---------------------------------------------------------------------------------------------------


def main(args: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m conformance.docs", description=__doc__)
    parser.add_argument("id", nargs="?", help="print where this requirement is judged, and what proves it")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page is out of date")
    given, known = parser.parse_args(args), catalogue()
    if given.id is not None:
        if given.id not in known:
            near = difflib.get_close_matches(given.id, known, n=1)
            parser.error(f"no requirement has the id {given.id}{f': did you mean {near[0]}?' if near else ''}")
        print("\n".join(requirement_map.lines(known[given.id])))
        return 0
    try:
        text = page(known, citations())
    except ValueError as mistake:
        parser.error(str(mistake))
    if not given.check:
        PAGE.write_text(text, encoding="utf-8")
        print(f"{PAGE.relative_to(ROOT)}: {len(known)} requirements")
        return 0
    wrong = list(_out_of_date(text, known))
    for one in wrong:
        print(one, file=sys.stderr)
    return 1 if wrong else 0


def _out_of_date(text: str, known: Catalogue) -> Iterator[str]:
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        yield f"{PAGE.relative_to(ROOT)} is stale: run python -m conformance.docs"
    if kill_matrix.PAGE.exists():
        yield from (f"{kill_matrix.PAGE.name}: {one}" for one in kill_matrix.mistakes(known))


if __name__ == "__main__":
    sys.exit(main())
