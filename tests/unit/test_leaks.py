"""The battery of hostile targets finds what a run has not let go of."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from tests.hostile import leaks


def test_what_was_not_let_go_of_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(leaks.FILE, str(tmp_path / "left"))
    over, loop = threading.Event(), asyncio.new_event_loop()
    thread = threading.Thread(target=over.wait, name="forgotten")
    thread.start()
    task = loop.create_task(asyncio.sleep(60), name="forgotten")
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, start_new_session=True)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    (temporary / "forgotten").touch()
    try:
        with socket.socket() as open_socket:
            leaks.pytest_unconfigure()
            number = os.fstat(open_socket.fileno()).st_ino
        left = list(leaks.left_behind(tmp_path / "left", child.pid, temporary))
    finally:
        over.set()
        thread.join()
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
        loop.close()
        child.communicate()
    assert {
        "thread forgotten",
        f"task {task.get_coro()}",
        f"socket:[{number}]",
        f"child {child.pid}",
        f"process {child.pid}",
        "file forgotten",
    } <= set(left)


def test_a_run_that_does_not_say_what_it_left_is_found(tmp_path: Path) -> None:
    assert list(leaks.left_behind(tmp_path / "left", 0, tmp_path)) == ["it did not come to say what it left"]


def test_who_left_nothing_is_not_accused(tmp_path: Path) -> None:
    (tmp_path / "left").write_text(json.dumps([]))
    (tmp_path / "temporary").mkdir()
    with subprocess.Popen(["true"], start_new_session=True) as ended:
        ended.wait()
    assert list(leaks.left_behind(tmp_path / "left", ended.pid, tmp_path / "temporary")) == []
