"""``python -m tests.load [NAME …] [--times=3] [--users=N] [--seconds=S]``: broken servers under load, and correct ones
(reference, node, and the deployments of ``tests.deployments``), each some times.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from conformance.reference.help_center import HelpCenter
from conformance.reference.serve import Served
from conformance.reference.tokens import Verifier
from tests.deployments import nodes  # noqa: F401  registers them
from tests.deployments.deployment import DEPLOYMENTS
from tests.deployments.processes import NotRun
from tests.load.faults import FAULTS
from tests.load.run import SECRET, load, shape
from tests.support.servers import node_server

DEPLOYED = ("nginx", "cluster", "limited", "rolling", "crashing")
CORRECT = ("reference", "node", *DEPLOYED)
SECONDS = 10


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*FAULTS, *CORRECT, []], metavar="NAME")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--users", type=int)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    given = parser.parse_args(arguments)
    wrong = 0
    for name in given.names or [*FAULTS, *CORRECT]:
        for _ in range(given.times):
            try:
                wrong += not _one(name, given.users, given.seconds)
            except NotRun as reason:
                wrong += 1
                print(f"NOT RUN  {name}: {reason}", flush=True)
    return min(wrong, 1)


def _one(name: str, users: int | None, seconds: int) -> bool:
    breaks = FAULTS[name].breaks if name in FAULTS else None
    count = users or (FAULTS[name].users if name in FAULTS else 40)
    with tempfile.TemporaryDirectory() as folder, _served(name, Path(folder)) as url:
        run = load(url, Path(folder) / "reports", *shape(users=count, seconds=seconds), "--deadline=5")
    found = breaks in run.violated if breaks else run.exit_code == 0 and not run.violated
    acks = run.verdict.get("pace", {}).get("acks")
    violated = ", ".join(f"{r['id']} {r['violated']}" for r in run.verdict.get("requirements", ()) if r["violated"])
    reported = f"exit {run.exit_code}, {count} users, {acks} acks; {violated or 'no violation'}"
    print(f"{'ok' if found else 'WRONG'}  {name}: {reported}", flush=True)
    if not found:
        print(run.output[-3000:])
    return found


@contextmanager
def _served(name: str, folder: Path) -> Iterator[str]:
    if name == "node":
        with node_server(f"--jwt-secret={SECRET}") as url:
            yield url
    elif name in DEPLOYED:
        with DEPLOYMENTS[name].serve(folder) as url:
            yield url
    else:
        app = FAULTS[name].app(SECRET) if name in FAULTS else HelpCenter(Verifier(SECRET)).app
        with Served(app) as server:
            yield server.url


if __name__ == "__main__":
    sys.exit(main())
