"""What a process has not let go of at its end. ``-p tests.hostile.leaks`` has a run say it in the file ``LEFT``."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

FILE = "HOSTILE_LEFT"
"""The environment variable that names the file."""


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    Path(os.environ[FILE]).write_text(json.dumps(list(_left())), "utf-8")


def _left() -> Iterator[str]:
    """Threads, tasks, sockets and child processes, each in a few words."""
    gc.unfreeze()
    gc.collect()
    yield from (f"thread {one.name}" for one in threading.enumerate() if one is not threading.main_thread())
    tasks = (one for one in gc.get_objects() if isinstance(one, asyncio.Task))
    yield from (f"task {one.get_coro()}" for one in tasks if not one.done())
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the folder that is read
            if (what := str(link.readlink())).startswith("socket:"):
                yield what
    for thread in Path("/proc/self/task").iterdir():
        yield from (f"child {pid}" for pid in (thread / "children").read_text().split())


def left_behind(file: Path, session: int, temporary: Path) -> Iterator[str]:
    """All that a process has left: what it said itself, processes of its session, and temporary files."""
    if not file.exists():
        yield "it did not come to say what it left"
        return
    yield from json.loads(file.read_text("utf-8"))
    yield from (f"process {pid}" for pid in _of_session(session))
    yield from (f"file {path.name}" for path in temporary.iterdir())


def _of_session(session: int) -> Iterator[int]:
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getsid(int(path.name)) == session:
                yield int(path.name)
