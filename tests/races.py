"""``python -m tests.races [TIMES] [NAME-PART …]``: how often are servers found out that lose a race? Each is certified
again and again; what fails by chance once in a while is no gate."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.faults.battery import certify_fault, selection
from tests.faults.fault import Fault, load_all

CHAPTER = "first_contact"
ENOUGH = 0.95
"""The share of the runs that must find it."""


def main(arguments: list[str]) -> int:
    """Print a line for each server; the number of those that were found too seldom."""
    parser = argparse.ArgumentParser(prog="python -m tests.races", description=__doc__)
    parser.add_argument("times", nargs="?", type=int, default=20)
    parser.add_argument("parts", nargs="*", metavar="NAME-PART")
    asked = parser.parse_args(arguments)
    racing = [fault for fault in load_all().values() if fault.chapter == CHAPTER]
    chosen = [one for one in racing if not asked.parts or any(part in one.name for part in asked.parts)]
    return sum(_seldom(fault, asked.times) for fault in chosen)


def _seldom(fault: Fault, times: int) -> bool:
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(times):
            certified = certify_fault(fault, Path(folder) / str(turn), *selection(sorted(fault.breaks)))
            found += fault.breaks <= certified.failed
    print(f"{fault.name:<40} found {found} times of {times}", flush=True)
    return found < ENOUGH * times


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 99))
