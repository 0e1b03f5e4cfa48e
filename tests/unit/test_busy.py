"""A command runs beside processes that burn time, and leaves none of them."""

from __future__ import annotations

import multiprocessing
import sys

import pytest

from tests.busy import busy, main


def test_the_exit_code_is_the_commands() -> None:
    assert main(["--processes=1", sys.executable, "-c", "raise SystemExit(7)"]) == 7


def test_nothing_burns_on() -> None:
    others = set(multiprocessing.active_children())
    with busy(2):
        burners = set(multiprocessing.active_children()) - others
        assert len(burners) == 2
    assert not any(burner.is_alive() for burner in burners)


def test_no_command_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "no command to run" in capsys.readouterr().err
