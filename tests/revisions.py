"""``python -m tests.revisions REVISION [--runs N] NAME …``: what an older harness says of servers of the batteries, and
what this one says, as a table: for a change that changes verdicts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.checkout import HERE, Checkout, checkout
from conformance.reference.serve import Served
from tests.faults import fault
from tests.faults.battery import SECRET, TIMEOUT, VERDICT_ONLY
from tests.legal import legal

CONFORMANT = 0


@dataclass(frozen=True)
class Run:
    """One certification of one server by one harness."""

    server: str
    harness: Checkout


def said(verdict: Mapping[str, Any], exit_code: int) -> str:
    by_status: dict[str, list[str]] = {}
    for one in verdict["requirements"]:
        by_status.setdefault(one["status"], []).append(one["id"])
    failed = " ".join(sorted(by_status.get("failed", ())))
    if exit_code == CONFORMANT:
        return f"conformant (advice: {failed})" if failed else "conformant"
    return f"{verdict['verdict']}: {failed or 'nothing failed'}, {len(by_status.get('unverified', ()))} unverified"


def together(said: Sequence[str]) -> str:
    """Runs that said the same count as one line: ``3 × conformant``."""
    return "; ".join(f"{len(list(same))} × {one}" for one, same in groupby(sorted(said)))


@contextmanager
def _served(name: str) -> Iterator[tuple[str, tuple[str, ...], float]]:
    """The server's URL, what who certifies it has to pass, and the seconds that it may take."""
    if name in fault.FAULTS:
        with Served(fault.FAULTS[name].build(SECRET).app) as server:
            yield server.url, (), TIMEOUT
    else:
        odd = legal.OddServer((legal.LEGAL[name],))
        with odd.serve() as url:
            yield url, odd.options, odd.timeout


def _judged(run: Run) -> str:
    """What the harness says of the server, in a few words."""
    with _served(run.server) as (url, options, timeout), tempfile.TemporaryDirectory() as reports:
        command = [run.harness.python, "-m", "pytest", "suites", f"--target={url}", f"--reports={reports}", "-q"]
        environment = os.environ | {"HELP_CENTER_JWT_SECRET": SECRET, "PYTHONPATH": str(run.harness.folder)}
        try:
            ended = subprocess.run(
                [*command, "-p", "no:cacheprovider", *VERDICT_ONLY, *options],
                cwd=run.harness.folder,
                env=environment,
                capture_output=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"no end within {timeout:.0f} s"
        path = Path(reports, "verdict.json")
        return said(json.loads(path.read_text("utf-8")), ended.returncode) if path.exists() else "no verdict"


def main(arguments: list[str]) -> int:
    """Print a row for each server, as soon as it is known."""
    known = fault.load_all().keys() | legal.load_all().keys()
    parser = argparse.ArgumentParser(prog="python -m tests.revisions", description=__doc__)
    parser.add_argument("revision", metavar="REVISION", help="a tag or commit of the older harness")
    parser.add_argument("names", nargs="+", metavar="NAME", help="of a fault (HS256) or a legal oddity")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="of each harness (default: 3)")
    parser.add_argument("--side-by-side", type=int, default=4, metavar="N", help="certifications (default: 4)")
    asked = parser.parse_args(arguments)
    unknown = sorted(set(asked.names) - known)
    if unknown:
        parser.error(f"no fault and no legal oddity: {', '.join(unknown)}")
    with checkout(asked.revision) as before, ThreadPoolExecutor(asked.side_by_side) as pool:
        runs = {
            name: [[pool.submit(_judged, Run(name, harness)) for _ in range(asked.runs)] for harness in (before, HERE)]
            for name in asked.names
        }
        print(f"| server | {asked.revision} | now |\n|---|---|---|", flush=True)
        for name, of in runs.items():
            print(f"| {name} | {' | '.join(together([one.result() for one in each]) for each in of)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
