"""docs/kill-matrix.md, read back: which broken servers fail a requirement, and whether all rows are in place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from conformance.maintenance import source_map
from conformance.paths import ROOT
from conformance.requirements import Catalogue, Level

PAGE = ROOT / "docs" / "kill-matrix.md"
_REQUIREMENTS, _FAULTS = "## By requirement", "## By fault"


def killers(requirement: str, path: Path = PAGE) -> list[str]:
    """The names of the faults with which it fails."""
    rows = {row[0]: row[2] for row in _rows(path, _REQUIREMENTS)}
    return [name for name in rows.get(requirement, "").split(", ") if name]


def mistakes(known: Catalogue, path: Path = PAGE) -> Iterator[str]:
    """Rows that are missing, misplaced, or of nothing that there is."""
    judged = [one.id for one in known.values() if one.testable and one.level in (Level.MUST, Level.SHOULD)]
    yield from _compared([row[0] for row in _rows(path, _REQUIREMENTS)], judged)
    faults = [row[0] for row in _rows(path, _FAULTS)]
    classes = {server.place.name for server in source_map.faults()}
    known_faults = classes | {name for name in faults if name in source_map.named_faults()}
    yield from _compared(faults, sorted(known_faults))


def _compared(rows: Sequence[str], wanted: Sequence[str]) -> Iterator[str]:
    yield from (f"the row of {one} is missing" for one in wanted if one not in rows)
    yield from (f"{one} has a row and does not exist" for one in dict.fromkeys(rows) if one not in wanted)
    yield from (f"{one} has several rows" for one in dict.fromkeys(rows) if rows.count(one) > 1)
    present = [one for one in rows if one in wanted]
    order = [one for one in wanted if one in rows]
    misplaced = next((row for row, one in zip(present, order, strict=False) if row != one), None)
    if misplaced is not None and len(present) == len(order):
        yield f"the row of {misplaced} is misplaced"


def _rows(path: Path, heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    section = path.read_text(encoding="utf-8").partition(heading)[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in lines[1:]]
