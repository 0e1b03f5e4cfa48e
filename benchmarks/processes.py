"""Programs that a benchmark runs, and what they cost."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
SECRET = "a secret of the benchmarks, long enough for HS256"  # noqa: S105
"""What the tokens of servers are signed with that are started for a benchmark."""
ENVIRONMENT = {**os.environ, "HELP_CENTER_JWT_SECRET": SECRET}


@dataclass(frozen=True)
class Cost:
    """Of one process and those that it waited for: seconds of wall time and of processor time (user and system),
    megabytes of memory at most; and what it wrote to standard error."""

    wall: float
    processor: float
    memory: float
    said: str


def run(command: Sequence[str], *, folder: Path = ROOT) -> Cost:
    """Run a program to its end. Raises RuntimeError where it fails."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        began = time.monotonic()
        process = subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdout=output, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"exit code {process.returncode}: {' '.join(command)}\n{_end(output)}{_end(errors)}")
        return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000, _end(errors))


def _end(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read()[-4000:].decode(errors="replace")


def pytest(*options: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]


@contextmanager
def serving(module: str, *options: str) -> Iterator[str]:
    """A server of ours in a process of its own, so that it takes no time from ours; its URL."""
    command = [sys.executable, "-m", module, *options]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, stdin=pipe, stdout=pipe, text=True)
    assert process.stdout is not None
    with process:
        try:
            yield process.stdout.readline().removeprefix("listening on ").strip()
        finally:
            process.terminate()


def reference() -> AbstractContextManager[str]:
    """The reference server, in which support says nothing by itself."""
    return serving("conformance.reference", "--port=0", "--exit-with-parent", "--no-auto-reply")
