"""``python -m tests.faults [NAME-PART …]``: certify broken servers and say which requirements failed."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.faults.battery import Certified, certify_fault, pool
from tests.faults.fault import Fault, load_all


def main(parts: list[str]) -> int:
    """Print a line for each fault; the number of those that were not blamed rightly."""
    faults = [f for f in load_all().values() if not parts or any(part in f.name for part in parts)]
    with tempfile.TemporaryDirectory() as folder, pool() as workers:
        runs = [workers.submit(certify_fault, f, Path(folder) / f.name) for f in faults]
        return sum(_tell(fault, run.result()) for fault, run in zip(faults, runs, strict=True))


def _tell(fault: Fault, certified: Certified) -> bool:
    missed, collateral = fault.breaks - certified.failed, certified.failed - fault.breaks - fault.also
    wrong = bool(missed or collateral or certified.ids("error"))
    print(f"{'WRONG' if wrong else 'ok':<6}{fault.name:<40} {' '.join(sorted(certified.failed))}")
    for word, ids in (("missed", missed), ("collateral", collateral), ("error", certified.ids("error"))):
        for one in sorted(ids):
            print(f"        {word}: {one}  {certified.reason(one)[:300]}")
    if not certified.verdict:
        print(certified.output[-2000:])
    return wrong


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 99))
