"""``python -m benchmarks [NAME …] [--against REVISION] [--write]``: what the harness costs, beside what it should.

Each benchmark is measured several times, by turns with the other revision if one is named; the table has the medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from benchmarks.checkout import HERE, Checkout, checkout
from benchmarks.figure import Figure, Figures
from benchmarks.once import BENCHMARKS, SLOW
from benchmarks.processes import ROOT
from benchmarks.table import plain, rows, write

PAGE = ROOT / "docs" / "performance.md"


def once(name: str, where: Checkout) -> Figures:
    command = [where.python, "-m", "benchmarks.once", name]
    done = subprocess.run(command, cwd=where.folder, stdout=subprocess.PIPE, text=True, check=True)
    return [Figure(**figure) for figure in json.loads(done.stdout.splitlines()[-1])]


def medians(rounds: Sequence[Figures]) -> Figures:
    return [replace(same[0], value=statistics.median(one.value for one in same)) for same in zip(*rounds, strict=True)]


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [*BENCHMARKS, *SLOW]
    quick, slow = ", ".join(BENCHMARKS), ", ".join(SLOW)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{quick} (default: all of these); {slow} (many minutes)"
    )
    parser.add_argument("--runs", type=int, default=5, help="how often each is measured (default: 5)")
    parser.add_argument("--against", metavar="REVISION", help="a tag or commit to measure by turns")
    parser.add_argument("--write", action="store_true", help="keep the tables in docs/performance.md")
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.names if name not in names]:
        parser.error(f"no such benchmark: {', '.join(unknown)} (there are {', '.join(names)})")
    if asked.runs < 1:
        parser.error("--runs: at least 1")
    with ExitStack() as resources:
        other = [resources.enter_context(checkout(asked.against))] if asked.against else []
        for name in asked.names or BENCHMARKS:
            rounds = [[once(name, where) for where in (HERE, *other)] for _ in range(asked.runs)]
            now, *before = map(medians, zip(*rounds, strict=True))
            table = rows(now, {figure.what: figure for figures in before for figure in figures})
            print(f"\n{name}\n{plain(table)}", flush=True)
            if asked.write:
                write(PAGE, name, table)


if __name__ == "__main__":
    main(sys.argv[1:])
