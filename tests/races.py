"""``python -m tests.races [TIMES] [NAME-PART …]``: how often are servers found out that lose a race? Each is certified
again and again; what fails by chance once in a while is not a gate."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.faults.battery import SECRET, Certified, certify, certify_fault, selection
from tests.faults.fault import load_all
from tests.live.interop.test_node_bugs import BUGS, RACES
from tests.support.servers import copy_node_server, node_server

Certify = Callable[..., Certified]

CHAPTER = "first_contact"
ENOUGH = 0.95
"""The share of the runs that must find it."""


def main(arguments: list[str]) -> int:
    """Print a line for each server; the number of those that were found too seldom."""
    parser = argparse.ArgumentParser(prog="python -m tests.races", description=__doc__)
    parser.add_argument("times", nargs="?", type=int, default=20)
    parser.add_argument("parts", nargs="*", metavar="NAME-PART")
    asked = parser.parse_args(arguments)
    racing: dict[str, tuple[frozenset[str], Certify]] = {
        one.name: (one.breaks, partial(certify_fault, one)) for one in load_all().values() if one.chapter == CHAPTER
    }
    racing["Node.js"] = (BUGS[RACES].fails, _certify_node)
    chosen = {name: how for name, how in racing.items() if not asked.parts or any(part in name for part in asked.parts)}
    return sum(_seldom(name, asked.times, *how) for name, how in chosen.items())


def _certify_node(folder: Path, *options: str) -> Certified:
    """The Node.js server, with that bug."""
    entry = copy_node_server(folder / "server", *BUGS[RACES].edits)
    with node_server(f"--jwt-secret={SECRET}", entry=entry) as url:
        return certify(url, folder / "reports", *options)


def _seldom(name: str, times: int, breaks: frozenset[str], certified: Certify) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        runs = [certified(Path(folder) / str(turn), *selection(sorted(breaks))) for turn in range(times)]
    found = {one: sum(one in run.failed for run in runs) for one in sorted(breaks)}
    print(f"{name:<32} {', '.join(f'{one} {count} of {times}' for one, count in found.items())}", flush=True)
    return min(found.values()) < ENOUGH * times


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 99))
