"""``python -m tests.net [--write | --keep] [--every=N] FOLDER [NAME-PART …]``: judge the runs in a folder again, as
``python -m tests.faults --keep=FOLDER`` and ``python -m tests.legal --keep=FOLDER`` keep them, and say what reads
otherwise than when ``--write`` was given: nothing, unless it was meant. ``--keep`` chooses what is kept in git of them.

``--keep`` adds to what is there, or replaces what has the same name.

``python -m tests.net --renew`` has what is said of that now expected from now on; ``--try ID`` says which of those
servers fail a requirement that they are not known to break. Those that were never kept, it does not see.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.requirements import catalogue
from tests.faults.battery import pool
from tests.faults.fault import load_all as load_faults
from tests.net.keeping import CORRECT, expected, keep, shows
from tests.net.kept import Kept, load_all
from tests.net.rejudged import differences, rejudged
from tests.net.session import Run, Said, judged

EXPECTED = "expected.json"


def main(arguments: list[str]) -> int:
    """Print what differs, run by run; the number of runs that do."""
    parser = argparse.ArgumentParser(prog="python -m tests.net", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("parts", nargs="*", metavar="NAME-PART")
    parser.add_argument("--write", action="store_true", help="what is said now is what is expected from now on")
    parser.add_argument("--keep", action="store_true", help="keep in git what shows the faults, and what is said of it")
    parser.add_argument("--renew", action="store_true", help="expect what is said now of what is kept in git")
    parser.add_argument("--try", dest="attempt", metavar="ID", help="judge all that is kept in git by one requirement")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="one run in N only")
    asked = parser.parse_args(arguments)
    if asked.renew:
        return _renew()
    if asked.attempt is not None:
        return _try(asked.attempt)
    if asked.folder is None:
        parser.error("FOLDER is missing")
    began = time.monotonic()
    runs = sorted(path.parent for path in asked.folder.resolve().glob("**/transcripts"))
    runs = [run for run in runs if not asked.parts or any(part in run.name for part in asked.parts)][:: asked.every]
    if asked.keep:
        return _keep(runs)
    with tempfile.TemporaryDirectory() as folder, pool() as workers:
        verdicts = list(workers.map(lambda run: rejudged(run, Path(folder) / run.name), runs))
    if asked.write:
        for run, said in zip(runs, verdicts, strict=True):
            (run / EXPECTED).write_text(json.dumps(said, indent=1, ensure_ascii=False), "utf-8", "backslashreplace")
        different = 0
    else:
        different = sum(_differs(run, said) for run, said in zip(runs, verdicts, strict=True))
    print(f"{len(runs)} runs judged again in {time.monotonic() - began:.0f} s, {different} differ")
    return different


def _keep(runs: Sequence[Path]) -> int:
    faults = load_faults()
    breaks = {run.name: sorted(faults[run.name].breaks) if run.name in faults else [] for run in runs}
    known = {run.name: run / "transcripts" for run in runs if run.name in {*faults, *CORRECT}}
    with tempfile.TemporaryDirectory() as folder:
        kept, unseen = keep(known, breaks, Path(folder))
    for one in kept:
        one.save()
    for name in unseen:
        print(f"{name}: what it breaks is not seen in its transcripts")
    print(f"{len(kept)} kept")
    return len(unseen)


def _judged(kept: Mapping[str, Kept], *requirements: str) -> Mapping[str, Said]:
    """What is said of what is kept, by these requirements, or by those that each fault breaks."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as output:
        runs = [Run(name, one.unpack(Path(folder)), requirements or one.requirements) for name, one in kept.items()]
        return judged(runs, Path(output))


def _try(requirement: str) -> int:
    """Print who fails a requirement that neither breaks it nor may; how many there are."""
    if requirement not in catalogue():
        print(f"no requirement has the id {requirement}")
        return 1
    faults = load_faults()
    said = _judged(load_all(), requirement)
    may = {name: faults[name].breaks | faults[name].also if name in faults else frozenset() for name in said}
    wrong = {name: one for name, one in said.items() if requirement not in may[name] and _fails(one)}
    for name, one in wrong.items():
        print(f"{name}: {next(each['text'] for each in one.values() if each['status'] == 'failed')[:600]}")
    print(f"{len(said)} kept runs, {len(wrong)} of which fail {requirement} and are not meant to")
    return len(wrong)


def _fails(said: Said) -> bool:
    return any(one["status"] == "failed" for one in said.values())


def _renew() -> int:
    kept = load_all()
    said = _judged(kept)
    renewed = [replace(one, expected=expected(one, said[name])) for name, one in kept.items()]
    for one in renewed:
        one.save()
    for one in renewed:
        if not shows(one):
            print(f"{one.name}: what it breaks is not seen any more")
    print(f"{sum(one.expected != kept[one.name].expected for one in renewed)} of {len(kept)} read otherwise")
    return 0


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
