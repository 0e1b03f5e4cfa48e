"""What an installed harness costs somebody else's tests: a few that have nothing to do with it, run by pytest with
and without the plugin, by turns."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from benchmarks.figure import Figure, Figures
from benchmarks.processes import pytest, run

WITHOUT = ("-p", "no:help_center_conformance")
RUNS = 10
FOREIGN = """
import pytest


@pytest.fixture
def number():
    return 1


@pytest.mark.parametrize("other", range(10))
def test_sum(number, other):
    assert number + other == other + 1
"""
CONFTEST = """
def pytest_addoption(parser):
    parser.addoption("--environment", default="local")
"""


def measure() -> Figures:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
        for number in range(3):
            (folder / f"test_foreign_{number}.py").write_text(FOREIGN, encoding="utf-8")
        run(pytest(), folder=folder)  # compiles
        costs = [[run(pytest(*options), folder=folder).processor for options in ((), WITHOUT)] for _ in range(RUNS)]
    with_it, without = (statistics.median(times) for times in zip(*costs, strict=True))
    return [
        Figure("processor time of other tests, with the plugin", with_it, "s"),
        Figure("with the plugin against without", with_it / without, at_most=1.05),
    ]
