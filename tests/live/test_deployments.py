"""The command that certifies deployments, and the one that needs no more than Node.js."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.deployments.__main__ import main
from tests.deployments.deployment import DEPLOYMENTS
from tests.deployments.processes import NotRun, Process
from tests.faults.battery import QUICK

HERE = Path(__file__).resolve().parents[1] / "deployments"


@pytest.mark.timeout(0)  # installing packages and the certification have timeouts of their own
def test_a_nest_gateway_is_conformant(tmp_path: Path) -> None:
    outcome, _ = DEPLOYMENTS["nest"].certify(tmp_path, *QUICK)
    assert outcome.exit_code == 0, outcome.output
    assert not outcome.failed, outcome.output


@pytest.mark.parametrize("name", ["nginx", "cluster", "nest"])
def test_a_program_that_is_missing_is_reported_in_one_line(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _, **__: None)
    assert main([name]) == 1
    [line] = capsys.readouterr().out.splitlines()
    assert line.split() == ["NOT", "RUN", name, *line.split()[3:]]
    assert line.endswith("node is not installed: install Node.js 20 or later, with npm (apt-get install nodejs npm)")


def test_a_name_that_is_unknown_is_reported_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["apache"])
    assert f"no deployment is named apache: there are {', '.join(DEPLOYMENTS)}" in capsys.readouterr().err


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    dies = Process([sys.executable, "-c", "print('no such table')"], tmp_path / "log", ready="listening")
    with pytest.raises(NotRun, match="did not start: no such table"):
        dies.start()


def test_a_server_is_ended_and_starts_anew(tmp_path: Path) -> None:
    serves = "import os, time; print('listening', os.getpid(), flush=True); time.sleep(60)"
    with Process([sys.executable, "-c", serves], tmp_path / "log", ready="listening") as one:
        one.kill()
        one.start()
        one.stop()
        one.start()
    ids = [line.split()[1] for line in one.said().splitlines()]
    assert len(set(ids)) == 3
    assert not [number for number in ids if Path("/proc", number).exists()]


@pytest.mark.parametrize("lock_file", sorted(HERE.glob("*/package-lock.json")), ids=lambda path: path.parent.name)
def test_lock_files_name_no_registry(lock_file: Path) -> None:
    assert '"resolved"' not in lock_file.read_text(encoding="utf-8")
