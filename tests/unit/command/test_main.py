"""The console command: which command gets which arguments, and what pytest is started with."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

import help_center_conformance
from conformance.command import main as command
from conformance.command import pytest_run
from conformance.paths import SETTINGS

OURS = ["-p", "help_center_conformance", "-c", str(SETTINGS)]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """The command lines of pytest that were started; each ends with exit code 1."""
    lines: list[Sequence[str]] = []

    def start(arguments: Sequence[str], plugins: Sequence[object]) -> int:
        assert [type(plugin) for plugin in plugins] == [pytest_run.OnlyOurSuites]
        lines.append(arguments)
        return 1

    monkeypatch.setattr(pytest, "main", start)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    return lines


@pytest.mark.parametrize("name", command.COMMANDS)
def test_every_command_has_a_main_of_its_own(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert callable(importlib.import_module(command.COMMANDS[name].module).main)
    with pytest.raises(SystemExit) as ended:
        command.main([name, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: help-center-conformance {name} ")


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--help"])
    lines = [line.split() for line in capsys.readouterr().out.partition("commands:\n")[2].splitlines()]
    assert [words[0] for words in lines] == list(command.COMMANDS)


def test_without_a_command_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([]) == 4
    assert capsys.readouterr().out.startswith("usage: help-center-conformance COMMAND")


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["certifi"])
    assert ended.value.code == 2
    assert "invalid choice: 'certifi'" in capsys.readouterr().err


def test_options_are_passed_on_to_pytest(started: list[Sequence[str]]) -> None:
    assert command.main(["certify", "http://localhost:3000", "-k", "SEND-MAX", "--jwt-secret", "s", "-x"]) == 1
    assert command.main(["rejudge", "reports", "--level=should"]) == 1
    assert [line[len(OURS) :] for line in started] == [
        ["--target=http://localhost:3000", "-k", "SEND-MAX", "--jwt-secret", "s", "-x"],
        ["--rejudge=reports", "--level=should"],
    ]


@pytest.mark.parametrize("arguments", [["certify"], ["certify", "-x"], ["rejudge"]])
def test_what_is_missing_is_said_in_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str], started: list[Sequence[str]]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert "OPTION" not in line
    assert started == []


INI = {
    "pytest.ini": """
[pytest]
addopts = -x
help_center_target = http://localhost:3000
help_center_waivers = waivers.toml
help_center_header =
    A: hidden
    B: hidden
""",
    "pyproject.toml": """
[tool.pytest.ini_options]
addopts = "-x"
help_center_target = "http://localhost:3000"
help_center_waivers = "waivers.toml"
help_center_header = ["A: hidden", "B: hidden"]
""",
}


@pytest.mark.parametrize("name", INI)
def test_of_a_projects_ini_file_our_settings_are_taken(
    name: str,
    tmp_path: Path,
    started: list[Sequence[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / name).write_text(INI[name], encoding="utf-8")
    (tmp_path / "inside").mkdir()
    monkeypatch.chdir(tmp_path / "inside")
    command.main(["certify", "--level=should"])
    settings = ["target=http://localhost:3000", f"waivers={tmp_path}/waivers.toml", "header=A: hidden\nB: hidden"]
    passed = [word for one in settings for word in ("-o", f"help_center_{one}")]
    assert [line[len(OURS) :] for line in started] == [[*passed, "--level=should"]]
    printed = capsys.readouterr().out
    assert '-o help_center_header="$HELP_CENTER_HEADER"' in printed
    assert "hidden" not in printed


def test_pytest_runs_with_our_settings_alone(
    started: list[Sequence[str]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "PYTEST_ADDOPTS", "--their-option")
    command.main(["certify", "http://localhost:3000"])
    assert started == [[*OURS, "--target=http://localhost:3000"]]
    assert (os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"], os.environ.get("PYTEST_ADDOPTS")) == ("1", None)
    left_out, printed = capsys.readouterr().out.splitlines()
    assert "PYTEST_ADDOPTS is left out" in left_out
    assert printed == f"$ PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 pytest {' '.join(OURS)} --target=http://localhost:3000"


def test_the_command_line_can_be_copied_and_holds_no_secret() -> None:
    given = ["--target=http://a", "--jwt-secret", "hidden", "--token=hidden", "--header=A: hidden", "-k", "A or B"]
    assert pytest_run.command_line(given).partition(f"{OURS[-1]} ")[2] == (
        '--target=http://a --jwt-secret="$HELP_CENTER_JWT_SECRET" --token="$HELP_CENTER_TOKEN" '
        "--header=\"$HELP_CENTER_HEADER\" -k 'A or B'"
    )


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), 2, "help-center-conformance: interrupted\n"),
        (MemoryError(), 4, "help-center-conformance: too little memory: raise ulimit -v\n"),
    ],
    ids=["interrupted", "no memory"],
)
def test_what_ends_it_while_pytest_is_loaded_is_one_line(
    error: BaseException, code: int, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ends(_: str) -> None:
        raise error

    monkeypatch.setattr(command.importlib, "import_module", ends)
    assert command.main(["certify", "http://127.0.0.1:9"]) == code
    assert capsys.readouterr() == ("", line)


def test_too_little_memory_is_noticed_before_a_run_is_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded: list[str] = []

    def load(name: str) -> SimpleNamespace:
        loaded.append(name)
        return SimpleNamespace(main=lambda _: 0)

    monkeypatch.setattr(command.importlib, "import_module", load)
    monkeypatch.setattr(command, "address_space", lambda: command.LEAST - 1)
    assert command.main(["certify", "http://127.0.0.1:9"]) == 4
    assert capsys.readouterr() == ("", "help-center-conformance: too little memory: raise ulimit -v\n")
    assert command.main(["requirements"]) == 0
    monkeypatch.setattr(command, "address_space", lambda: command.LEAST)
    assert command.main(["certify", "http://127.0.0.1:9"]) == 0
    assert loaded == ["conformance.command.requirements", "conformance.command.certify"]


def test_ctrl_c_while_the_plugin_is_loaded_is_one_line(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: pytest.PytestPluginManager) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(help_center_conformance, "load", interrupted)
    monkeypatch.setattr(help_center_conformance, "PLUGIN", "not loaded yet")
    monkeypatch.setattr(help_center_conformance, "has_our_settings", lambda _: True)
    hook = help_center_conformance.pytest_load_initial_conftests(pytestconfig, pytest.Parser(_ispytest=True), [])
    with pytest.raises(SystemExit) as ended:
        next(hook)
    assert ended.value.code == 2
    assert capsys.readouterr().err == "help-center: interrupted\n"
