"""The command line of a run under load."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import NoReturn

import pytest

from conformance.command import load
from conformance.errors import UsageError
from conformance.load import budgets, settings

URL = "http://localhost:3000"


class Started(Exception):
    """In place of Locust: its command line, and its environment."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        super().__init__(command)
        self.command, self.environment = command, environment


@pytest.fixture(autouse=True)
def never_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def execve(_: str, command: list[str], environment: Mapping[str, str]) -> NoReturn:
        raise Started(command, environment)

    monkeypatch.setattr(os, "execve", execve)
    for name in (settings.SECRET, settings.KEY, settings.ALGORITHM, settings.CLAIMS):
        monkeypatch.delenv(name, raising=False)


def test_locust_is_told_what_was_asked_for_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    words = [URL, "--users=200", "--rate=20", "--time=2m", "--jwt-secret=hush hush", "--budget=p95_ack=300ms"]
    with pytest.raises(Started) as started:
        load.main(words)
    expected = {f"--host={URL}", "--users=200", "--spawn-rate=20", "--run-time=120s", "--budget=p95_ack=300ms"}
    assert expected <= set(started.value.command)
    assert not [word for word in started.value.command if "hush" in word]
    assert started.value.environment[settings.SECRET] == "hush hush"
    told = capsys.readouterr().out
    assert "up to 200 users at once, 20 more a second, for 120 s" in told
    assert "They stay in the target's database" in told
    assert "hush" not in told


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "the following arguments are required: URL"),
        (["localhost:3000"], "is not a URL: pass scheme, host and port"),
        ([URL], "no way to get a token: pass --jwt-secret or --jwt-key"),
        ([URL, "--users=0"], "--users=0 is out of bounds: pass a number from 1 to 20000"),
        ([URL, "--users=many"], "--users=many is out of bounds"),
        ([URL, "--time=soon"], "--time=soon is no time: pass one as in 60s, 5m or 1h"),
        ([URL, "--time=30h"], "out of bounds"),
        ([URL, "--transports=carrier"], "--transports=carrier is not understood: pass shares"),
        ([URL, "--transports=websocket=0"], "is not understood"),
        ([URL, "--budget=fast"], "--budget=fast is not understood: pass a percentile, an outcome and a time"),
        ([URL, "--budget=p95_lunch=1s"], "lunch is not measured. These are: connect, greeting, ack"),
        ([URL, "--jwt-secret=s", "--jwt-claims=[]"], "--jwt-claims must be a JSON object"),
        ([URL, "--jwt-secret=s", "--jwt-algorithm=RS256"], "--jwt-algorithm=RS256 does not go with the given key"),
        ([URL, "--jwt-key=/nowhere"], "--jwt-key=/nowhere holds no unencrypted private key in PEM form"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code: object = load.main(words)
    except SystemExit as ended:
        code = ended.code
    [line] = capsys.readouterr().err.splitlines()
    assert code == 4
    assert says in line


def test_without_locust_the_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(load.importlib.util, "find_spec", lambda _: None)
    assert load.main([URL, "--jwt-secret=s"]) == 4
    assert "Locust is not installed: pip install 'help-center-conformance[load]'" in capsys.readouterr().err


def test_mixes_of_transports() -> None:
    assert settings.Mix.parse("polling").weights == {"polling": 1}
    assert str(settings.Mix.parse("websocket=3, polling=1")) == "websocket=3,polling=1"


def test_budgets() -> None:
    asked = budgets.parse("p99.9_echo_elsewhere=1.5s")
    assert (asked.share, asked.outcome, asked.milliseconds) == (0.9990000000000001, "echo_elsewhere", 1500.0)
    with pytest.raises(UsageError):
        budgets.parse("p100_ack=1s")


def test_what_judges_imports_nothing_that_patches_the_standard_library() -> None:
    modules = "conformance.command.load, conformance.load.judge, conformance.load.verdict, conformance.load.reports"
    code = f"import sys, {modules}; sys.exit(bool({{'gevent', 'locust'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
