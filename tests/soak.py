"""``python -m tests.soak [N] [--seed S]``: certify both correct servers N times, at random distances, with jitter,
random concurrency and busy processors beside them, and count the runs that were not conformant.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from conformance.reference.help_center import HelpCenter
from conformance.reference.serve import Served
from conformance.reference.tokens import Verifier
from tests.busy import busy
from tests.faults.battery import SECRET, Certified, certify
from tests.support.distance import Distance, far_away
from tests.support.servers import node_server

SIDE_BY_SIDE = 2
SERVERS = ("reference", "node")
ROUND_TRIPS = (0.0, 0.0, 0.02, 0.1)
CONCURRENCY = (1, 4, 16, 64)
DEADLINE = 10
"""Seconds, as by default: the battery's own deadline is for servers nearby."""


@dataclass(frozen=True)
class Run:
    """One certification: of which server, how far away, how many scenarios at once."""

    number: int
    server: str
    distance: Distance
    concurrency: int

    def __str__(self) -> str:
        rtt, jitter = (f"{seconds * 1000:.0f} ms" for seconds in (self.distance.rtt, self.distance.jitter))
        return f"{self.server}, {rtt} away, jitter {jitter}, concurrency {self.concurrency}"


def drawn(number: int, dice: random.Random) -> Run:
    """A run of the soak. With one scenario at a time the server stands nearby: else it would take minutes."""
    concurrency = dice.choice(CONCURRENCY)
    rtt = dice.choice(ROUND_TRIPS) if concurrency > 4 else 0.0
    jitter = dice.choice((0.0, rtt / 2, 0.01))
    return Run(number, SERVERS[number % 2], Distance(rtt, jitter, seed=number), concurrency)


@contextlib.contextmanager
def _serving(server: str) -> Iterator[str]:
    if server == "node":
        with node_server(f"--jwt-secret={SECRET}") as url:
            yield url
    else:
        with Served(HelpCenter(Verifier(SECRET)).app) as served:
            yield served.url


def certified(run: Run, folder: Path, *more: str) -> tuple[Run, Certified, float]:
    began = time.monotonic()
    with _serving(run.server) as url, far_away(url, run.distance) as here:
        options = (
            f"--concurrency={run.concurrency}",
            f"--deadline={DEADLINE}",
            f"--hypothesis-seed={run.number}",
            *more,
        )
        return run, certify(here, folder / str(run.number), *options), time.monotonic() - began


def main(arguments: list[str]) -> int:
    """Tell of each run that was not conformant; how many there were."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("runs", nargs="?", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--busy", type=int, default=2, help="processes that burn time beside them (default: 2)")
    asked = parser.parse_args(arguments)
    dice = random.Random(asked.seed)
    runs = [drawn(asked.seed + number, dice) for number in range(asked.runs)]
    print(f"{len(runs)} runs, seed {asked.seed}", flush=True)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, busy(asked.busy), ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for done, (run, outcome, seconds) in enumerate(pool.map(lambda one: certified(one, Path(folder)), runs), 1):
            if outcome.exit_code != 0 or outcome.failed:
                wrong += 1
                _tell(run, outcome)
            print(
                f"{done:>4}  {seconds:5.1f} s  {run}{'' if outcome.exit_code == 0 else '  NOT CONFORMANT'}", flush=True
            )
    print(f"{wrong} of {len(runs)} runs were not conformant")
    return min(wrong, 99)


def _tell(run: Run, outcome: Certified) -> None:
    print(f"run {run.number} ({run}) ended with {outcome.exit_code}:")
    for one in sorted(outcome.failed | outcome.ids("unverified") | outcome.ids("error")):
        print(f"    {one}  {outcome.reason(one)[:400]}")
    if not outcome.verdict:
        print(outcome.output[-2000:])


if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main(sys.argv[1:]))
