"""The figures of the benchmarks beside their aims."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.__main__ import PAGE, main, medians
from benchmarks.figure import Figure
from benchmarks.once import BENCHMARKS, SLOW
from benchmarks.table import plain, rows, write

SLOWER = Figure("wall time", 6.0, "s", at_most=5)
ENOUGH = Figure("exchanges", 0.95, at_least=0.9)
BESIDE = Figure("memory", 1234.0, "MB")


def test_an_aim_is_missed_or_met_and_what_has_none_is_neither():
    assert [row[4] for row in rows([SLOWER, ENOUGH, BESIDE], {})] == ["missed", "met", ""]


def test_the_other_revision_stands_beside():
    before = {"wall time": Figure("wall time", 12.34, "s", at_most=5)}
    assert plain(rows([SLOWER, BESIDE], before)).splitlines() == [
        "figure     aim    before  now",
        "wall time  ≤ 5 s  12.3 s  6.00 s    missed",
        "memory                    1,234 MB",
    ]


def test_a_figure_of_several_rounds_is_their_median():
    rounds = [[Figure("wall time", seconds, "s")] for seconds in (1.0, 9.0, 2.0)]
    assert medians(rounds) == [Figure("wall time", 2.0, "s")]


def test_a_table_takes_the_place_of_the_one_before(tmp_path: Path):
    page = tmp_path / "performance.md"
    page.write_text("before\n<!-- local -->\nold\n<!-- end of local -->\nafter\n", encoding="utf-8")
    write(page, "local", rows([ENOUGH], {}))
    assert page.read_text(encoding="utf-8").splitlines() == [
        "before",
        "<!-- local -->",
        "| figure | aim | before | now |  |",
        "| --- | --- | --- | --- | --- |",
        "| exchanges | ≥ 0.9 |  | 0.95 | met |",
        "<!-- end of local -->",
        "after",
    ]


@pytest.mark.parametrize("name", [*BENCHMARKS, *SLOW])
def test_the_page_has_a_place_for_every_benchmark(name: str, tmp_path: Path):
    page = tmp_path / "performance.md"
    page.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    write(page, name, rows([ENOUGH], {}))
    assert "| exchanges | ≥ 0.9 |  | 0.95 | met |" in page.read_text(encoding="utf-8")


def test_a_name_that_there_is_not_is_an_error_of_usage(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as left:
        main(["lokal"])
    assert left.value.code == 2
    assert "no such benchmark: lokal (there are local, distance," in capsys.readouterr().err
