"""``python -m tests.hostile [--write] [--side-by-side=N] [NAME-PART …]``: certify hostile targets and print a table."""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.hostile.certified import ROOT, Certified, certify
from tests.hostile.suites import QUICK
from tests.hostile.target import Target, load_all
from tests.support.checkout import Checkout


def main(arguments: list[str]) -> int:
    """Print a row for each target; the number of those that broke a promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="NAME-PART")
    parser.add_argument("--side-by-side", type=int, default=2, metavar="N")
    parser.add_argument("--quick", action="store_true", help="judge by suites of a few judgements")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the reports stay, by target")
    parser.add_argument("--option", action="append", default=[], help="a further option of each run")
    asked = parser.parse_args(arguments)
    targets = [t for t in load_all().values() if not asked.parts or any(part in t.name for part in asked.parts)]
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(asked.side_by_side) as pool:
        folder = (asked.keep or Path(temporary)).resolve()
        where = Checkout(Path(temporary), quick=QUICK).folder if asked.quick else ROOT
        options = asked.option
        runs = [pool.submit(certify, one, folder / one.name, *options, checkout=where) for one in targets]
        return sum(bool(_reported(one, run.result()).broken) for one, run in zip(targets, runs, strict=True))


def _reported(target: Target, one: Certified) -> Certified:
    word = "BROKEN" if one.broken else "ok"
    print(
        f"{word:<7}{target.name:<50} {one.exit_code:>3} {one.seconds:6.1f} s {one.megabytes:5.0f} MB"
        f"  {len(one.left):>2} left  {one.line[:160]}",
        flush=True,
    )
    for broken in one.broken:
        print(f"        {broken}", flush=True)
    return one


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 99))
