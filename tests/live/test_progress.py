"""The line under pytest's own progress: seen on a terminal while pytest waits, and nowhere else; it leaves no trace."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from conformance.run.progress import Progress
from tests.support.checkout import CHAT, REPORTS, TIMEOUT, Checkout
from tests.support.clients import DEADLINE

SLOW = '''
from conformance.requirements import requirement
from conformance.drive.scenario import scenario


@scenario
async def slow(stage):
    """One device waits in vain for its connection to end."""
    async with stage.device("phone") as phone:
        await phone.wait_closed(within=SECONDS)


@scenario(wave=2)
async def later(stage):
    """A device that comes when the others have gone."""
    async with stage.device("phone"):
        pass


@requirement("CONN-STAYS")
def test_slow(slow):
    pass


@requirement("SEND-MAX")
def test_later(later):
    pass
'''
STANDING = b"scenarios: 1 recorded, 1 running, 1 waiting"
COLUMNS, ROWS = 80, 12
"""Fewer rows than a run has lines: the screen scrolls."""


class Screen:
    """As much of a terminal as pytest and the progress line use. ``text``: what a person can scroll through."""

    def __init__(self) -> None:
        self.lines = [""]
        self.row = self.column = 0

    def feed(self, said: str) -> None:
        for control, number, letter, plain in re.findall(r"(\x1b\[([0-9;]*)([A-Za-z]))|([^\x1b])", said, re.DOTALL):
            if control:
                self._control(letter, number)
            elif plain == "\r":
                self.column = 0
            elif plain == "\n":
                self._down()
            else:
                self._put(plain)

    def _control(self, letter: str, number: str) -> None:
        if letter == "K":
            self.lines[self.row] = self.lines[self.row][: self.column]
        elif letter == "A":
            assert self.row, "above the screen"
            self.row -= 1
        elif letter == "G":
            self.column = int(number) - 1
        else:
            assert letter == "m", f"unknown to this terminal: {letter}"

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")

    def _put(self, plain: str) -> None:
        if self.column == COLUMNS:
            self.column = 0
            self._down()
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[: self.column] + plain + line[self.column + 1 :]
        self.column += 1

    @property
    def text(self) -> list[str]:
        return [line.rstrip() for line in self.lines]


@contextlib.contextmanager
def at_a_terminal(
    checkout: Checkout, *options: str, **environment: str
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A run in a terminal, and the other end of it."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (ROWS, COLUMNS))
    own = {"PYTHONPATH": str(checkout.folder), "TERM": "xterm"}
    inherited = {name: value for name, value in os.environ.items() if name not in ("CI", "BUILD_NUMBER", "COLUMNS")}
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=checkout.folder,
        env={**inherited, **own, **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  so that Ctrl-C is typed, not sent
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(ours)


def read(terminal: int, *, until: bytes | None = None) -> bytes:
    """What comes out until the run ends, or until it says something."""
    said, ends = b"", time.monotonic() + TIMEOUT
    with contextlib.suppress(OSError):  # the other end is closed
        while until is None or until not in said:
            assert select.select([terminal], [], [], max(0.0, ends - time.monotonic()))[0], said.decode()
            said += os.read(terminal, 4096)
    return said


def watched(checkout: Checkout, *options: str, **environment: str) -> bytes:
    with at_a_terminal(checkout, "--hypothesis-seed=7", *options, **environment) as (process, terminal):
        said = read(terminal)
        assert process.wait(TIMEOUT) == 0, said.decode()
        return said


def screen(said: bytes) -> list[str]:
    """The lines without what differs from run to run."""
    shown = Screen()
    shown.feed(said.decode())
    lines = [re.sub(r"[0-9.]+ ?s\b|seed +[0-9]+|=+|-+", "", line) for line in shown.text]
    return [line for line in lines if not line.startswith(("target", "  OBS", "help-center:"))]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("progress"), chat=CHAT, slow=SLOW.replace("SECONDS", "2.5"))


@pytest.mark.parametrize("options", [(), ("-q",), ("-v",), ("-s",)], ids=["plain", "quiet", "verbose", "uncaptured"])
def test_it_is_seen_while_pytest_waits_and_leaves_no_trace(checkout: Checkout, options: tuple[str, ...]) -> None:
    with_it = watched(checkout, *options)
    without = watched(checkout, *options, TERM="dumb")
    assert STANDING in with_it
    assert b"scenarios:" not in without
    assert screen(with_it) == screen(without)


@pytest.mark.parametrize("variable", ["CI", "BUILD_NUMBER"])
def test_it_is_not_seen_in_ci(checkout: Checkout, variable: str) -> None:
    assert b"scenarios:" not in watched(checkout, **{variable: "1"})


def test_it_is_not_seen_in_a_pipe(checkout: Checkout) -> None:
    run = checkout.run(TERM="xterm", CI="", BUILD_NUMBER="")
    assert (run.code, "scenarios:" in run.output) == (0, False)


def test_ctrl_c_stops_at_once_and_says_what_was_judged(tmp_path: Path) -> None:
    endless = Checkout(tmp_path, chat=CHAT, slow=SLOW.replace("SECONDS", "600"))
    with at_a_terminal(endless, "--deadline=300") as (process, terminal):
        said = read(terminal, until=STANDING)
        typed = time.monotonic()
        os.write(terminal, b"\x03")
        said += read(terminal)
        assert process.wait(TIMEOUT) == 2
    assert time.monotonic() - typed < DEADLINE  # 0.5 on an idle machine: no deadline is waited for
    shown = Screen()
    shown.feed(said.decode())
    assert "VERDICT  interrupted: this is what was judged until then" in shown.text
    assert not [line for line in shown.text if "scenarios:" in line]
    assert {path.name for path in (endless.folder / "reports").iterdir()} == REPORTS
    verdict = json.loads((endless.folder / "reports" / "verdict.json").read_text(encoding="utf-8"))
    assert [one["status"] for one in verdict["requirements"] if one["id"] == "SEND-TRIM"] == ["passed"]


def test_a_line_is_taken_away_though_its_writing_was_interrupted(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []

    def write(_: int, said: bytes) -> None:
        written.append(said)
        if len(written) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr("conformance.run.progress.os", SimpleNamespace(write=write))
    monkeypatch.setattr("conformance.run.progress._is_watched", lambda _: True)
    monkeypatch.setattr("conformance.run.progress.DELAY", 0)
    progress = Progress(pytestconfig)
    with pytest.raises(KeyboardInterrupt), progress:
        progress.show(lambda: "it stands")
    assert [b"it stands" in said for said in written] == [True, False]


def test_waiting_for_a_target_is_reported(checkout: Checkout) -> None:
    target = "--target=http://127.0.0.1:1"
    with at_a_terminal(checkout, target, "--jwt-secret=another secret", "--wait=2.5") as (process, terminal):
        said = read(terminal)
        assert process.wait(TIMEOUT) == 4
    assert b"waiting for http://127.0.0.1:1" in said
    shown = Screen()
    shown.feed(said.decode())
    assert not [line for line in shown.text if line.startswith("waiting for")]
