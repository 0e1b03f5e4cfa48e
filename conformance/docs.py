"""``python -m conformance.docs`` writes docs/requirements.md from the catalogue; ``--check`` says if it is stale."""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.paths import CATALOGUE, ROOT, SUITES
from conformance.requirements import Catalogue, Level, Requirement, catalogue

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

_CHAPTER = re.compile(r"# -{4,} (?P<title>.+?) -{4,}")
_TABLE = re.compile(r"\[(?P<id>[A-Z0-9-]+)\]")


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


def chapters(path: Path = CATALOGUE) -> list[tuple[str, list[str]]]:
    """The catalogue's chapters, named by its comments, and the ids in each. Raises ValueError on an id before any."""
    found: list[tuple[str, list[str]]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if chapter := _CHAPTER.fullmatch(line):
            found.append((" ".join(chapter["title"].split()), []))
        elif table := _TABLE.fullmatch(line):
            if not found:
                raise ValueError(f"{table['id']} stands in no chapter of {path.name}")
            found[-1][1].append(table["id"])
    return found


def page(known: Catalogue, cited: Iterable[Citation]) -> str:
    """The whole document."""
    files: dict[str, set[str]] = {}
    for citation in cited:
        for one in citation.ids:
            files.setdefault(one, set()).add(citation.file)
    parts = [HEAD.format(counts=_counts(known))]
    for title, ids in chapters():
        rows = [_row(known[one], sorted(files.get(one, ()))) for one in ids]
        parts.append("\n".join([f"## {title[0].upper()}{title[1:]}\n", *_table(rows)]) + "\n")
    return "\n".join(parts)


def _counts(known: Catalogue) -> str:
    words = {Level.MUST: "MUST", Level.SHOULD: "SHOULD", Level.OBSERVATION: "observations", Level.CLIENT: "client"}
    counted = [f"{sum(r.level is level for r in known.values())} {word}" for level, word in words.items()]
    return f"{len(known)} requirements: {', '.join(counted)}."


def _row(one: Requirement, files: Sequence[str]) -> tuple[str, ...]:
    by = ", ".join(f"[{name}](../suites/{name})" for name in files)
    judged = f"*nobody:* {one.untestable}" if one.untestable else by or "*nobody yet*"
    level = one.level.upper() if one.level in (Level.MUST, Level.SHOULD) else str(one.level)
    says = f"**{one.title[0].upper()}{one.title[1:]}.** {one.statement}"
    return (f"`{one.id}`", level, one.section, says, one.reading, judged)


def _table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(COLUMNS)} |"
    yield f"|{'---|' * len(COLUMNS)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def main(args: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m conformance.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the page is stale")
    text = page(catalogue(), citations())
    if not parser.parse_args(args).check:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{PAGE.relative_to(ROOT)} is stale: run python -m conformance.docs", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
