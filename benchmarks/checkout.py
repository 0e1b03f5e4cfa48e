"""Another revision of the project, with an environment of its own, to measure against."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import ROOT


@dataclass(frozen=True)
class Checkout:
    folder: Path
    python: str


HERE = Checkout(ROOT, sys.executable)


@contextmanager
def checkout(revision: str) -> Iterator[Checkout]:
    """A worktree at a revision, with the benchmarks of this one. Raises CalledProcessError where there is none."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "before")
        _do("git", "worktree", "add", "--quiet", "--detach", str(folder), revision, folder=ROOT)
        try:
            _do(sys.executable, "-m", "venv", ".venv", folder=folder)
            python = str(folder / ".venv" / "bin" / "python")
            _do(python, "-m", "pip", "install", "--quiet", "-e", ".[dev]", folder=folder)
            shutil.copytree(ROOT / "benchmarks", folder / "benchmarks", dirs_exist_ok=True)
            yield Checkout(folder, python)
        finally:
            _do("git", "worktree", "remove", "--force", str(folder), folder=ROOT)


def _do(*command: str, folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True)
