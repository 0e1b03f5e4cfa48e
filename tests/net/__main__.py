"""``python -m tests.net [--write] [--every=N] FOLDER [NAME-PART …]``: judge the runs in a folder again, as
``python -m tests.faults --keep=FOLDER`` and ``python -m tests.legal --keep=FOLDER`` keep them, and say what reads
otherwise than when ``--write`` was given: nothing, unless it was meant.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.faults.battery import pool
from tests.net.rejudged import differences, rejudged

EXPECTED = "expected.json"


def main(arguments: list[str]) -> int:
    """Print what differs, run by run; the number of runs that do."""
    parser = argparse.ArgumentParser(prog="python -m tests.net", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("parts", nargs="*", metavar="NAME-PART")
    parser.add_argument("--write", action="store_true", help="what is said now is what is expected from now on")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="one run in N only")
    asked = parser.parse_args(arguments)
    began = time.monotonic()
    runs = sorted(path.parent for path in asked.folder.resolve().rglob("transcripts"))
    runs = [run for run in runs if not asked.parts or any(part in run.name for part in asked.parts)][:: asked.every]
    with tempfile.TemporaryDirectory() as folder, pool() as workers:
        judged = list(workers.map(lambda run: rejudged(run, Path(folder) / run.name), runs))
    if asked.write:
        for run, said in zip(runs, judged, strict=True):
            (run / EXPECTED).write_text(json.dumps(said, indent=1, ensure_ascii=False), "utf-8", "backslashreplace")
        different = 0
    else:
        different = sum(_differs(run, said) for run, said in zip(runs, judged, strict=True))
    print(f"{len(runs)} runs judged again in {time.monotonic() - began:.0f} s, {different} differ")
    return different


def _differs(run: Path, said: dict[str, Any]) -> bool:
    expected = json.loads((run / EXPECTED).read_text("utf-8"))
    found = differences(expected, json.loads(json.dumps(said)))
    if found:
        print(f"{run.name}:")
        for one in found:
            print(f"    {one[:2000]}")
    return bool(found)


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 99))
