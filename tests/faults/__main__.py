"""``python -m tests.faults [--write | --selected] [--keep=FOLDER] [NAME-PART …]``: certify broken servers and say
which requirements failed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.faults import matrix
from tests.faults.battery import VERDICT_ONLY, Certified, certify_fault, pool, reports_in, selection
from tests.faults.fault import Fault, load_all


def main(arguments: list[str]) -> int:
    """Print a line for each fault; the number of those that were not blamed rightly."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="NAME-PART")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--write", action="store_true", help="put what failed into docs/kill-matrix.md")
    how.add_argument("--selected", action="store_true", help="judge only what a fault breaks: is it seen again by -k?")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where transcripts and verdicts stay, by fault")
    asked = parser.parse_args(arguments)
    known = load_all()
    faults = [f for f in known.values() if not asked.parts or any(part in f.name for part in asked.parts)]
    with reports_in(asked.keep) as folder, pool() as workers:
        options = {f.name: selection(sorted(f.breaks)) if asked.selected else [] for f in faults}
        runs = [workers.submit(certify_fault, f, folder / f.name, *VERDICT_ONLY, *options[f.name]) for f in faults]
        certified = {fault.name: _reported(fault, run.result()) for fault, run in zip(faults, runs, strict=True)}
    if asked.write:
        kept = {name: failed for name, failed in matrix.written().items() if name in known}
        failed = kept | {name: frozenset(one.failed) for name, one in certified.items()}
        matrix.PAGE.write_text(matrix.page(known, failed), "utf-8")
    return sum(_wrong(known[name], one) for name, one in certified.items())


def _wrong(fault: Fault, certified: Certified) -> bool:
    missed, collateral = fault.breaks - certified.failed, certified.failed - fault.breaks - fault.also
    return bool(missed or collateral or certified.ids("error") or certified.contradictions)


def _reported(fault: Fault, certified: Certified) -> Certified:
    """Print how a fault was judged, as soon as that is known."""
    missed, collateral = fault.breaks - certified.failed, certified.failed - fault.breaks - fault.also
    failed = " ".join(sorted(certified.failed))
    print(f"{'WRONG' if _wrong(fault, certified) else 'ok':<6}{fault.name:<40} {failed}", flush=True)
    for word, ids in (("missed", missed), ("collateral", collateral), ("error", certified.ids("error"))):
        for one in sorted(ids):
            print(f"        {word}: {one}  {certified.reason(one)[:300] or 'passed'}")
    for contradiction in certified.contradictions:
        print(f"        contradiction: {contradiction[:300]}")
    if not certified.verdict:
        print(certified.output[-2000:])
    return certified


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 99))
