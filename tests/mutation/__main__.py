"""``python -m tests.mutation [--jobs N] [PLACE-PART …]``: change the reference server's source in one place after the
other, and certify each of these servers.

A mutant that is found conformant survives: no judgement misses what was changed. ``store.py:84`` names a place.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import IO, cast

from conformance.report.verdict import Exit
from tests.faults.battery import SECRET, certify
from tests.mutation.mutants import REFERENCE, ROOT, Mutant, mutants, unchanged

OPTIONS = ("-x", "--examples=4", "--hypothesis-seed=1", "--deadline=4", "-p", "no:html", "-p", "no:junitxml")
"""Cheap: the first failure is enough, and no report is read."""
START = 15
"""Seconds until a mutant has to listen."""
TIMEOUT = 60
"""Seconds for its certification; a correct server takes ten."""

SURVIVED = "survived"
WORDS = {
    Exit.OK: SURVIVED,
    Exit.FAILED: "killed",
    Exit.INCOMPLETE: "incomplete",
    Exit.USAGE: "gone",
    Exit.INTERNAL: "error",
    -signal.SIGKILL: "timeout",
}
"""How a certification ended. Gone: there was no Help Center, or no longer; an error is the harness's own."""
DEAD = "dead"
"""It did not start."""


@dataclass(frozen=True)
class Judged:
    """How a mutant fared, and the requirements that failed: of a survivor, advice."""

    mutant: Mutant
    word: str
    failed: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.word:<11}{self.mutant.place:<20}{' '.join(self.failed)}".rstrip()


def judged(mutant: Mutant, folder: Path) -> Judged:
    """Certify a mutant, in a copy of the package that knows nothing of this one."""
    _copy(mutant, folder)
    with _serving(folder) as url:
        if not url:
            return Judged(mutant, DEAD)
        certified = certify(url, folder / "reports", *OPTIONS, timeout=TIMEOUT)
    word = WORDS.get(certified.exit_code, f"exit {certified.exit_code}")
    return Judged(mutant, word, tuple(sorted(certified.failed)))


def _copy(mutant: Mutant, folder: Path) -> None:
    shutil.copytree(ROOT / REFERENCE, folder / REFERENCE, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / REFERENCE.parent / "__init__.py", folder / REFERENCE.parent)  # or Python finds the installed one
    (folder / mutant.path).write_text(mutant.source, "utf-8")


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    """The URL of the server in this folder, or nothing when it does not start."""
    command = [sys.executable, "-m", "conformance.reference", "--port=0", "--exit-with-parent"]
    environment = os.environ | {"HELP_CENTER_JWT_SECRET": SECRET, "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True
    ) as process:
        impatience = threading.Timer(START, process.kill)
        impatience.start()
        try:
            line = cast("IO[str]", process.stdout).readline()
            impatience.cancel()
            yield line.removeprefix("listening on ").strip()
        finally:
            impatience.cancel()
            process.kill()


def main(arguments: list[str]) -> int:
    """Tell of each mutant and at the end of the survivors; how many there are."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("places", nargs="*", metavar="PLACE-PART")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time (default: 2)")
    asked = parser.parse_args(arguments)
    chosen = [m for m in mutants() if not asked.places or any(part in m.place for part in asked.places)]
    found: list[Judged] = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(asked.jobs) as pool:
        if judged(unchanged(), Path(folder) / "unchanged").word != SURVIVED:
            parser.error("the server is not found conformant as it is")
        runs = [pool.submit(judged, mutant, Path(folder) / str(number)) for number, mutant in enumerate(chosen)]
        try:
            for number, run in enumerate(as_completed(runs), 1):
                found.append(run.result())
                print(f"{number:>4} of {len(runs)}  {found[-1]}", flush=True)
                if found[-1].word == SURVIVED:
                    print(found[-1].mutant.diff, flush=True)
        finally:
            pool.shutdown(cancel_futures=True)  # after Ctrl-C only those that run are waited for
    survivors = [one for one in found if one.word == SURVIVED]
    _summarize(found, survivors)
    return len(survivors)


def _summarize(found: list[Judged], survivors: list[Judged]) -> None:
    print()
    for one in sorted(survivors, key=lambda one: (one.mutant.path, one.mutant.line)):
        print(f"{one}\n{one.mutant.diff}\n")
    words = Counter(one.word for one in found)
    for word, times in words.most_common():
        print(f"{times:>5} {word}")
    started = len(found) - words[DEAD]
    print(f"{started - len(survivors)} of {started} that started were killed")


if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(min(main(sys.argv[1:]), 99))
