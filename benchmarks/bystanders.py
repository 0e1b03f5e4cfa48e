"""``python -m benchmarks.bystanders [RUNS]``: what an installed harness costs somebody else's tests.

A few tests that have nothing to do with it are run by pytest with and without the plugin, by turns. Printed are the
medians of the processor time (user and system) and their ratio, which should be at most 1.05.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

WITHOUT = ("-p", "no:help_center_conformance")
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


def measure(folder: Path, *options: str) -> float:
    """Seconds of processor time of one run of pytest in a folder."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"exit code {process.returncode}: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime


def main(arguments: list[str]) -> float:
    """Print the medians; return their ratio."""
    runs = int(arguments[0]) if arguments else 20
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
        for number in range(3):
            (folder / f"test_foreign_{number}.py").write_text(FOREIGN, encoding="utf-8")
        measure(folder)  # compiles
        pairs = [(measure(folder), measure(folder, *WITHOUT)) for _ in range(runs)]
    with_it, without = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio: float = with_it / without
    print(f"with the plugin {with_it:.3f} s, without {without:.3f} s, ratio {ratio:.3f} (medians of {runs} runs each)")
    return ratio


if __name__ == "__main__":
    main(sys.argv[1:])
