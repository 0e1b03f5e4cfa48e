"""The command line of a run under load."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from conformance.auth.tokens import KeyMinter, claims_of
from conformance.command import load
from conformance.errors import UsageError
from conformance.load import budgets, settings
from conformance.load.people import People, share_of
from conformance.load.tokens import VARIABLES, Tokens, options_of

URL = "http://localhost:3000"


def jwt(subject: str, seconds: int) -> str:
    return KeyMinter("s").sign({"sub": subject, "exp": int(time.time()) + seconds})


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
    for name in [name for name in os.environ if name.startswith(VARIABLES)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # the command sets it for good


def started(*words: str) -> Started:
    with pytest.raises(Started) as caught:
        load.main([URL, *words])
    return caught.value


def tokens_of(it: Started) -> Tokens:
    """What a process of Locust makes of its environment."""
    return Tokens.of(options_of(it.environment, URL))


def test_locust_is_told_what_was_asked_for_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--users=200", "--rate=20", "--time=2m", "--jwt-secret=hush hush", "--budget=p95_ack=300ms"]
    it = started(*words)
    expected = {f"--host={URL}", "--users=200", "--spawn-rate=20", "--run-time=120s", "--budget=p95_ack=300ms"}
    assert expected <= set(it.command)
    assert not [word for word in it.command if "hush" in word]
    assert it.environment["HELP_CENTER_JWT_SECRET"] == "hush hush"
    printed = capsys.readouterr().out
    assert "up to 200 users at once, 20 more a second, for 120 s" in printed
    assert "They stay in the target's database" in printed
    assert "hush" not in printed


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "the following arguments are required: URL"),
        (["localhost:3000"], "is not a URL: pass scheme, host and port"),
        ([URL], "no way to get a token: set HELP_CENTER_JWT_SECRET"),
        ([URL, "--users=0"], "--users=0 is out of bounds: pass a number from 1 to 20000"),
        ([URL, "--users=-1"], "--users=-1 is out of bounds"),
        ([URL, "--users=@/nowhere"], "--users=@/nowhere is not a readable file with one user a line"),
        ([URL, "--users=a,a", "--jwt-secret=s"], "--users takes different subjects"),
        ([URL, "--users=3", "--token=one", "--token=two"], "--users=3: tokens of 2 users were given"),
        ([URL, "--token=one", "--token-command=true"], "--token and --token-command exclude each other"),
        ([URL, "--token-command=false"], "--token-command failed with exit code 1"),
        ([URL, "--token-command=echo two words"], "--token-command must print one token; it printed 2 words"),
        ([URL, "--time=2h", f"--token={jwt('alice', 3600)}"], "the token of alice expires at"),
        ([URL, f"--token={jwt('alice', -30)}"], "token 1 of 1 (alice) expired at"),
        ([URL, "--token=one", "--header=nonsense"], "--header takes 'Name: value'"),
        ([URL, "--token=one", "--ca-bundle=/nowhere"], "--ca-bundle=/nowhere is not a readable file"),
        ([URL, "--token=one", "--jwt-claims={}", "--examples=3"], "unrecognized arguments: --examples=3"),
        ([URL, "--time=soon"], "--time=soon is not a time: pass one as in 60s, 5m or 1h"),
        ([URL, "--time=30h"], "out of bounds"),
        ([URL, "--transports=carrier"], "--transports=carrier is not understood: pass shares"),
        ([URL, "--transports=websocket=0"], "is not understood"),
        ([URL, "--budget=fast"], "--budget=fast is not understood: pass a percentile, an outcome and a time"),
        ([URL, "--budget=p95_lunch=1s"], "lunch is not measured. These are: connect, greeting, ack"),
        ([URL, "--jwt-secret=s", "--jwt-claims=[]"], "--jwt-claims must be a JSON object"),
        ([URL, "--jwt-secret=s", "--jwt-algorithm=RS256"], "--jwt-algorithm=RS256 does not work with --jwt-secret"),
        ([URL, "--jwt-key=/nowhere"], "--jwt-key=/nowhere is not a readable file"),
    ],
    ids=lambda value: None if isinstance(value, str) else str(len(value)),  # tokens differ each time
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


def test_users_are_named_as_in_a_certification(tmp_path: Path) -> None:
    (tmp_path / "users.txt").write_text("alice\nbob\n", encoding="utf-8")
    by_name, by_file = (started(f"--users={one}", "--jwt-secret=s") for one in ("alice,bob", f"@{tmp_path}/users.txt"))
    for it in (by_name, by_file):
        assert "--users=2" in it.command
        assert tokens_of(it).subjects == ["alice", "bob"]
        assert claims_of(tokens_of(it).token("bob").value or "") is not None


def test_ready_made_tokens_reach_locust_in_a_file_that_nobody_finds() -> None:
    one, two = jwt("alice", 3600), jwt("bob", 3600)
    it = started(f"--token={one}", f"--token={two}", "--header=X-Gate: open", "--insecure")
    assert "--users=2" in it.command
    assert not [word for word in (*it.command, *it.environment.values()) if one in word]
    tokens = tokens_of(it)
    assert {subject: tokens.token(subject).value for subject in tokens.subjects or ()} == {"alice": one, "bob": two}
    assert tokens.options.headers == {"X-Gate": "open"}
    assert tokens.options.tls is not None


def test_a_command_is_asked_for_a_token_of_each_user(tmp_path: Path) -> None:
    program = f"{sys.executable} -c \"print('token-of-{{user}}')\""
    it = started("--users=3", f"--token-command={program}")
    tokens = tokens_of(it)
    assert [tokens.token(one).value for one in tokens.subjects or ()] == [f"token-of-load-{n}" for n in (1, 2, 3)]


def test_a_teams_hook_is_asked_as_in_a_certification(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = "def pytest_help_center_token(config, user):\n    return config.getoption('--target')[:4] + user\n"
    (tmp_path / "conftest.py").write_text(hook, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)  # and taken away again
    monkeypatch.setenv("HELP_CENTER_JWT_SECRET", "weaker than the hook")
    tokens = tokens_of(started("--users=alice,bob"))
    assert [tokens.token(one).value for one in tokens.subjects or ()] == ["httpalice", "httpbob"]


def test_a_conftest_that_fails_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "conftest.py").write_text("import no_such_module, pytest_help_center_token\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert load.main([URL]) == 4
    [line] = capsys.readouterr().err.splitlines()
    assert "conftest.py cannot be loaded: ModuleNotFoundError" in line


def test_where_locust_is_started_by_itself_a_command_is_not_asked() -> None:
    with pytest.raises(UsageError, match="set HELP_CENTER_JWT_SECRET, or HELP_CENTER_TOKEN_FILE"):
        Tokens.of(options_of({"HELP_CENTER_TOKEN_COMMAND": "true"}, URL))


def test_known_users_are_there_once_and_divided_among_workers() -> None:
    subjects = ["a", "b", "c", "d", "e"]
    shares = [share_of(worker, ["w2", "w1"], subjects) for worker in ("w1", "w2")]
    assert shares == [["a", "c", "e"], ["b", "d"]]
    assert share_of("alone", [], subjects) == subjects
    people = People("0badcafe", ["a", "b"])
    first, second = people.take(), people.take()
    assert people.take() is None
    assert first is not None
    people.give_back(first)
    assert people.take() is first
    assert {first.subject, second and second.subject} == {"a", "b"}


def test_new_users_are_as_many_as_it_takes() -> None:
    people = People("0badcafe", None)
    first, second = people.take(), people.take()
    assert first is not None
    assert second is not None
    assert first.subject != second.subject


def test_mixes_of_transports() -> None:
    assert settings.Mix.parse("polling").weights == {"polling": 1}
    assert str(settings.Mix.parse("upgrade=3, polling=1")) == "upgrade=3,polling=1"
    assert set(settings.Mix().weights) == set(settings.TRANSPORTS)


def test_budgets() -> None:
    asked = budgets.parse("p99.9_echo_elsewhere=1.5s")
    assert (asked.share, asked.outcome, asked.milliseconds) == (0.9990000000000001, "echo_elsewhere", 1500.0)
    with pytest.raises(UsageError):
        budgets.parse("p100_ack=1s")


def test_what_judges_imports_nothing_that_patches_the_standard_library() -> None:
    modules = "conformance.command.load, conformance.load.judge, conformance.load.verdict, conformance.load.reports"
    code = f"import sys, {modules}; sys.exit(bool({{'gevent', 'locust'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
