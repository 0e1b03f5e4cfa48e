"""``python -m tests.busy [--processes N] COMMAND …``: run a command, such as ``pytest tests``, on a busy machine:
beside eight processes that only burn time. Its exit code is the command's.

Linux gives each session an equal share of the processors (``kernel.sched_autogroup_enabled``), so the command runs in
the session of those that burn.
"""

from __future__ import annotations

import argparse
import multiprocessing
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that only burn time, until the end, or until this process is gone."""
    burners = [multiprocessing.get_context("spawn").Process(target=_burn, daemon=True) for _ in range(processes)]
    for burner in burners:
        burner.start()
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.join()


def _burn() -> None:
    ours = multiprocessing.parent_process()
    while ours is not None and ours.is_alive():
        for _ in range(100):
            sum(range(100_000))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.busy", description=__doc__)
    parser.add_argument("--processes", type=int, default=8, help="that burn time beside it (default: 8)")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="what to run")
    asked = parser.parse_args(arguments)
    if not asked.command:
        parser.error("there is no command to run: pass one, such as: python -m tests.busy pytest tests")
    with busy(asked.processes):
        return subprocess.call(asked.command)


if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main(sys.argv[1:]))
