"""The figures of a benchmark as a table: for the terminal, and for docs/performance.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.figure import Figure, Figures

HEAD = ("figure", "aim", "before", "now", "")


def rows(figures: Figures, before: Mapping[str, Figure]) -> list[Sequence[str]]:
    return [
        (
            figure.what,
            figure.aim,
            before[figure.what].shown if figure.what in before else "",
            figure.shown,
            ("missed" if figure.missed else "met") if figure.aim else "",
        )
        for figure in figures
    ]


def plain(table: Sequence[Sequence[str]]) -> str:
    lines = [HEAD, *table]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def write(page: Path, name: str, table: Sequence[Sequence[str]]) -> None:
    """Put a table in place of the one that stands between the marks of a benchmark. Raises ValueError where the page
    has no such marks."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"{page.name} has no place for a table: {begin.strip()} … {end}")
    lines = [HEAD, ["---"] * len(HEAD), *table]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    page.write_text(f"{before}{begin}{text}\n{end}{after}", encoding="utf-8")
