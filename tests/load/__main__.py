"""``python -m tests.load [NAME …] [--times=3] [--workers=2] [--users=N] [--seconds=S] [--alone]``: broken servers under
load, and correct ones (reference, node, the deployments of ``tests.deployments``, and odd servers), each some times; a
table in the end.

``--workers``: Locust's, each a process, with a master; 0: one process. ``--alone``: also what the other suites find in
the broken servers of crowds (a certification), and a load of two users.
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
from tests.faults.battery import QUICK, certify
from tests.load.crowds import MANY
from tests.load.faults import FAULTS
from tests.load.oddities import ODDITIES
from tests.load.run import SECRET, Loaded, distributed, load, shape
from tests.support.distance import Distance, far_away
from tests.support.servers import node_server

DEPLOYED = ("nginx", "cluster", "limited", "rolling", "crashing")
FAR = "100 ms away"
CORRECT = ("reference", "node", FAR, *DEPLOYED, *ODDITIES)
SECONDS = 10
USERS, CROWD = 40, MANY * 3 // 2
HEAD = "| server | users | runs | acks | acks a second | memory of a user | violated | {}|"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*FAULTS, *CORRECT, []], metavar="NAME")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--users", type=int)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--alone", action="store_true")
    given = parser.parse_args(arguments)
    wrong, rows = 0, []
    for name in given.names or [*FAULTS, *CORRECT]:
        try:
            runs = [_run(name, given.users or _users(name), given.seconds, given.workers) for _ in range(given.times)]
            alone = _alone(name) if given.alone else None
        except NotRun as reason:
            wrong += 1
            print(f"NOT RUN  {name}: {reason}", flush=True)
            continue
        wrong += sum(not _is_right(name, run) for run in runs)
        rows.append(_row(name, runs, alone))
        print(rows[-1], flush=True)
    print("\n" + HEAD.format("alone |" if given.alone else ""))
    print(f"|{'---|' * (8 if given.alone else 7)}")
    print("\n".join(rows))
    return min(wrong, 1)


def _users(name: str) -> int:
    if name in FAULTS:
        return CROWD if FAULTS[name].in_crowds else FAULTS[name].users
    return CROWD if name in ("reference", "node", "nginx", "cluster") else USERS


def _run(name: str, users: int, seconds: int, workers: int) -> Loaded:
    with tempfile.TemporaryDirectory() as folder, _served(name, Path(folder)) as url:
        options = (*shape(users=users, seconds=seconds, rate=max(10, users // 3)), "--deadline=12")
        reports = Path(folder) / "reports"
        run = distributed(url, reports, *options, workers=workers) if workers else load(url, reports, *options)
    if not _is_right(name, run):
        print(f"WRONG  {name}\n{run.output[-3000:]}", flush=True)
    return run


def _is_right(name: str, run: Loaded) -> bool:
    if name in FAULTS:
        return FAULTS[name].breaks in run.violated
    return run.exit_code == 0 and not run.violated


def _row(name: str, runs: Sequence[Loaded], alone: str | None) -> str:
    """Of the means of these runs; of what was violated, in how many."""
    pages = [run.verdict for run in runs if run.verdict]
    breaks = FAULTS[name].breaks if name in FAULTS else ""
    found = sorted({one for run in runs for one in run.violated}, key=lambda one: (one != breaks, one))
    violated = ", ".join(f"{one} {sum(one in run.violated for run in runs)}/{len(runs)}" for one in found) or "nothing"
    acks = sum(page["pace"]["acks"] for page in pages) / max(1, len(pages))
    rate = sum(page["pace"]["acks"] / page["seconds"] for page in pages) / max(1, len(pages))
    memory = max((page["generator"]["memory_mb_per_user"] for page in pages), default=0)
    users = pages[0]["users"] if pages else 0
    cells = [name, users, len(runs), f"{acks:.0f}", f"{rate:.0f}", f"{memory:.2f} MB", violated]
    return f"| {' | '.join(map(str, [*cells, *([alone] if alone is not None else [])]))} |"


def _alone(name: str) -> str:
    """What a certification finds, and a load of two users."""
    if name not in FAULTS or not FAULTS[name].in_crowds:
        return ""
    with tempfile.TemporaryDirectory() as folder, _served(name, Path(folder)) as url:
        certified = certify(url, Path(folder) / "certified", *QUICK)
        run = load(url, Path(folder) / "two", *shape(users=2, seconds=SECONDS), "--deadline=12")
    failed = ", ".join(sorted(certified.failed)) or certified.verdict.get("verdict", "no verdict")
    return f"certification: {failed}; 2 users: {', '.join(sorted(run.violated)) or 'nothing'}"


@contextmanager
def _served(name: str, folder: Path) -> Iterator[str]:
    if name == "node":
        with node_server(f"--jwt-secret={SECRET}") as url:
            yield url
    elif name in DEPLOYED:
        with DEPLOYMENTS[name].serve(folder) as url:
            yield url
    elif name == FAR:
        with Served(HelpCenter(Verifier(SECRET)).app) as server, far_away(server.url, Distance(rtt=0.1)) as url:
            yield url
    else:
        app = FAULTS[name].app(SECRET) if name in FAULTS else ODDITIES.get(name, HelpCenter)(Verifier(SECRET)).app
        with Served(app) as server:
            yield server.url


if __name__ == "__main__":
    sys.exit(main())
