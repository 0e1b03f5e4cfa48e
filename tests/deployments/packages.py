"""What deployments need from npm and PyPI, installed beside them once, as their lock files say."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.deployments.processes import NotRun, program

INSTALL_DEADLINE = 600.0  # seconds; everything may have to be fetched
_NODE = "install Node.js 20 or later, with npm (apt-get install nodejs npm)"


def node() -> str:
    return program("node", install=_NODE)


def install_npm(folder: Path, *, build: bool = False) -> None:
    """``npm ci``, and ``npm run build`` where it is asked for. Raises NotRun."""
    with _renewed(folder / "package-lock.json", folder / "node_modules" / ".installed") as is_old:
        if is_old:
            _run([program("npm", install=_NODE), "ci", "--include=dev"], folder)
    if build:
        _run([program("npm", install=_NODE), "run", "build"], folder)


def install_python(folder: Path) -> Path:
    """A virtual environment with what ``requirements.txt`` names; its Python. Raises NotRun."""
    environment = folder / ".venv"
    python = environment / "bin" / "python"
    with _renewed(folder / "requirements.txt", environment / ".installed") as is_old:
        if is_old:
            _run([sys.executable, "-m", "venv", "--clear", str(environment)], folder)
            _run([str(python), "-m", "pip", "install", "-q", "--no-input", "-r", "requirements.txt"], folder)
    return python


@contextmanager
def _renewed(source: Path, marker: Path) -> Iterator[bool]:
    """Whether what ``source`` describes has to be installed, one process at a time; then it is marked as done."""
    with source.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        is_old = not marker.exists() or marker.stat().st_mtime < source.stat().st_mtime
        yield is_old
        if is_old:
            marker.touch()


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=INSTALL_DEADLINE
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise NotRun(f"{Path(command[0]).name} {' '.join(command[1:3])} failed in {folder.name}: {' '.join(said)}")
