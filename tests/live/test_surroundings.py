"""What happens around a run (signals, a full disk or terminal, few files, a second run) ends in one line, at most."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.reference.help_center import HelpCenter
from conformance.reference.serve import Served
from tests.support.checkout import CHAT, Checkout, Run
from tests.support.hostile import help_center

WAITS = """
import os
import pathlib

from conformance.requirements import requirement
from conformance.drive.scenario import scenario


@scenario
async def waits(stage):
    pathlib.Path(os.environ["BEGUN"]).touch()
    async with stage.device("phone") as phone:
        await phone.wait_closed(within=float(os.environ["SECONDS"]))


@requirement("CONN-STAYS")
def test_waits(waits):
    pass
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("surroundings"), chat=CHAT)


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("waiting"), chat=CHAT, waits=WAITS)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Served(help_center(HelpCenter).app) as server:
        yield server.url


def in_shell(checkout: Checkout, first: str, reports: Path, *options: str) -> Run:
    """A run after another command of the same shell."""
    began = time.monotonic()
    pytest_ = f"exec {sys.executable} -m pytest -q -p no:cacheprovider --reports={reports} {' '.join(options)}"
    process = subprocess.Popen(
        ["sh", "-c", f"{first}{pytest_}"],
        cwd=checkout.folder,
        env={**os.environ, "PYTHONPATH": str(checkout.folder), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    return checkout.finish(process, began, (f"--reports={reports}",))


def started(checkout: Checkout, reports: Path, seconds: float, *options: str) -> subprocess.Popen[str]:
    """A run whose last scenario has begun, and waits for so many seconds."""
    begun = reports.with_suffix(".begun")
    process = checkout.start(f"--reports={reports}", *options, BEGUN=str(begun), SECONDS=str(seconds))
    while not begun.exists():
        assert process.poll() is None
    return process


def test_a_full_disk_is_said_and_blames_no_one(checkout: Checkout, tmp_path: Path) -> None:
    run = in_shell(checkout, "ulimit -f 4; ", tmp_path / "reports")
    assert run.code == 4, run.output
    assert run.line("ERROR: ") == "ERROR: the reports cannot be written: File too large"
    assert run.line("VERDICT") == "VERDICT  conformant: every MUST holds"
    assert "Traceback" not in run.output
    assert not list((tmp_path / "reports").glob("*.part"))


def test_a_folder_of_reports_that_is_deleted_meanwhile_is_made_again(waiting: Checkout, tmp_path: Path) -> None:
    began, reports = time.monotonic(), tmp_path / "reports"
    process = started(waiting, reports, 2)
    shutil.rmtree(reports)
    run = waiting.finish(process, began, (f"--reports={reports}",))
    assert (run.code, run.verdict and run.verdict["verdict"]) == (0, "conformant"), run.output


def test_a_full_standard_output_costs_no_verdict(checkout: Checkout, tmp_path: Path) -> None:
    run = in_shell(checkout, "exec >/dev/full; ", tmp_path / "reports")
    assert (run.code, run.verdict and run.verdict["verdict"]) == (0, "conformant"), run.output
    assert not run.output


def test_few_files_are_enough(checkout: Checkout, tmp_path: Path, url: str) -> None:
    target = (f"--target={url}", "--jwt-secret='a secret that the hostile servers trust, too'")
    run = in_shell(checkout, "ulimit -n 48; ", tmp_path / "reports", *target)
    assert (run.code, run.verdict and run.verdict["verdict"]) == (0, "conformant"), run.output


def test_too_few_files_are_said(checkout: Checkout, tmp_path: Path) -> None:
    run = in_shell(checkout, "ulimit -n 24; ", tmp_path / "reports")
    assert run.code == 4
    few = "ERROR: only 24 files may be open at once, which is too few: raise it (ulimit -n 256)"
    assert run.line("ERROR: ") == few


def test_a_second_run_into_the_same_folder_is_refused(waiting: Checkout, tmp_path: Path) -> None:
    began, reports = time.monotonic(), tmp_path / "reports"
    process = started(waiting, reports, 600)
    second = waiting.run(f"--reports={reports}")
    process.send_signal(signal.SIGINT)
    first = waiting.finish(process, began, (f"--reports={reports}",))
    assert second.code == 4
    assert second.line("ERROR: ") == f"ERROR: another run is writing to --reports={reports}: pass another folder"
    assert (first.code, first.verdict and first.verdict["verdict"]) == (2, "interrupted")
    assert waiting.run(f"--reports={reports}", BEGUN=str(tmp_path / "x"), SECONDS="0").code == 0


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT]], ids=["sigterm", "twice"])
def test_signals_end_a_run_with_its_reports(waiting: Checkout, tmp_path: Path, signals: list[int]) -> None:
    began, reports = time.monotonic(), tmp_path / "reports"
    process = started(waiting, reports, 600)
    for number in signals:
        process.send_signal(number)
    run = waiting.finish(process, began, (f"--reports={reports}",))
    assert (run.code, run.verdict and run.verdict["verdict"]) == (2, "interrupted"), run.output
    assert "Traceback" not in run.output


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks /proc for processes")
def test_a_token_command_ends_with_the_run(checkout: Checkout, tmp_path: Path, url: str) -> None:
    pid, began = tmp_path / "pid", time.monotonic()
    command = tmp_path / "command"
    command.write_text(f"#!/bin/sh\nsleep 600 &\necho $! > {pid}.part; mv {pid}.part {pid}; wait\n")
    command.chmod(0o755)
    options = (f"--target={url}", f"--token-command={command}", f"--reports={tmp_path / 'reports'}")
    process = checkout.start(*options)
    while not pid.exists():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    run = checkout.finish(process, began, options)
    assert run.code == 2, run.output
    assert not alive(int(pid.read_text()))


def test_a_token_command_that_prints_without_end_is_stopped(checkout: Checkout, tmp_path: Path, url: str) -> None:
    run = checkout.run(f"--target={url}", "--token-command=yes token", f"--reports={tmp_path / 'reports'}")
    reported = "ERROR: --token-command must print one token; it printed more than 65,536 bytes"
    assert (run.code, run.line("ERROR: ")) == (4, reported)
