"""Servers of other makes, started for a test and stopped with it."""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from tests.support.tools import program

NODE_DIR = Path(__file__).parent / "node"

INSTALL_DEADLINE = 300.0  # seconds; npm may have to fetch every package
START_DEADLINE = 120.0  # seconds; generous, for a machine that runs everything else at the same time
STOP_DEADLINE = 5.0  # seconds

_READY = "listening on "


@contextmanager
def node_server(*args: str, entry: Path | None = None) -> Iterator[str]:
    """Run the Node.js server with these arguments on a free port; yield its base URL.

    `entry` is the `server.js` of a changed copy (see `copy_node_server`). The unchanged server has no
    business dying: when it does, leaving raises RuntimeError with what it said last.
    """
    command = node_command("--port=0", "--exit-with-parent", *args, entry=entry)
    with tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
        try:
            yield _url(process, stderr)
            if entry is None and process.poll() is not None:
                raise RuntimeError(f"the Node.js server ended by itself: {_report(process, stderr)}")
        finally:
            _stop(process)


def node_command(*args: str, entry: Path | None = None) -> list[str]:
    """The command line that starts the server, once everything it needs is installed.

    Raises ToolMissing when Node.js is missing, RuntimeError when the packages cannot be installed.
    """
    node = program("node")
    _install_packages()
    if entry is not None:
        _complete(entry.parent)
    return [node, str(entry or NODE_DIR / "server.js"), *args]


def node_client(*args: str) -> list[str]:
    """The command line that starts the official client's app, once everything it needs is installed."""
    node = program("node")
    _install_packages()
    return [node, str(NODE_DIR / "client.mjs"), *args]


def copy_node_server(folder: Path, *edits: tuple[str, str, str]) -> Path:
    """Copy the server into `folder`, changed by `edits` (file, old text, new text); return its `server.js`.

    Raises ValueError when an old text is not in its file exactly once: the copy would not be
    what the test thinks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for source in _sources():
        shutil.copy(source, folder)
    for name, old, new in edits:
        file = folder / name
        text = file.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise ValueError(f"{name} has {text.count(old)} times, not once: {old!r}")
        file.write_text(text.replace(old, new), encoding="utf-8")
    return folder / "server.js"


def _complete(folder: Path) -> None:
    """Put what a copy of `server.js` imports beside it, unless the copy brings its own."""
    for source in _sources():
        if not (folder / source.name).exists():
            shutil.copy(source, folder)
    packages = folder / "node_modules"  # ESM ignores NODE_PATH
    if not packages.exists():
        packages.symlink_to(NODE_DIR / "node_modules", target_is_directory=True)


def _sources() -> list[Path]:
    return [NODE_DIR / "package.json", *sorted(NODE_DIR.glob("*.js"))]


def _install_packages() -> None:
    """Bring `node_modules` up to date with the lock file, one process at a time."""
    lock_file = NODE_DIR / "package-lock.json"
    with lock_file.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        marker = NODE_DIR / "node_modules" / ".package-lock.json"  # npm writes it last
        if marker.exists() and marker.stat().st_mtime >= lock_file.stat().st_mtime:
            return
        done = subprocess.run(
            [program("npm"), "ci", "--include=dev", "--no-audit", "--no-fund"],
            cwd=NODE_DIR,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_DEADLINE,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"npm ci failed in {NODE_DIR}: exit code {done.returncode}\n{done.stderr[-2000:]}")


def _url(process: subprocess.Popen[bytes], stderr: IO[bytes]) -> str:
    """Wait for the line with which the server says where it listens."""
    stdout = cast("IO[bytes]", process.stdout).fileno()
    deadline = time.monotonic() + START_DEADLINE
    said = b""
    while not said.endswith(b"\n"):
        readable, _, _ = select.select([stdout], [], [], max(0.0, deadline - time.monotonic()))
        if not readable:
            raise RuntimeError(f"the Node.js server did not say in {START_DEADLINE:.0f} s where it listens")
        more = os.read(stdout, 1024)
        if not more:
            process.wait(STOP_DEADLINE)
            raise RuntimeError(f"the Node.js server did not start: {_report(process, stderr)}")
        said += more
    line = said.decode().strip()
    if not line.startswith(_READY):
        raise RuntimeError(f"the Node.js server said {line!r}, not where it listens")
    return line.removeprefix(_READY)


def _report(process: subprocess.Popen[bytes], stderr: IO[bytes]) -> str:
    stderr.seek(0)
    return f"exit code {process.returncode}\n{stderr.read()[-2000:].decode(errors='replace')}"


def _stop(process: subprocess.Popen[bytes]) -> None:
    with process:  # closes the pipes
        process.terminate()
        try:
            process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
