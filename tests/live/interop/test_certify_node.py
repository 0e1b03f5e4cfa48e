"""The Node.js server is correct: however it is set up, it is certified, and certified again."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import jwt
import pytest

from conformance.record.transcript import Transcript
from conformance.record.views import Record
from tests.faults.battery import QUICK, SECRET, VERDICT_ONLY, Certified, certify, selection
from tests.support.keys import key_files
from tests.support.servers import copy_node_server, node_server

SIDE_BY_SIDE = 3


@dataclass(frozen=True)
class Setting:
    """Options of the server and of the certification. ``algorithm``: tokens are signed with a private key, and not
    with the secret; ``ready``: users with two ready-made tokens each, instead of the secret; ``asked``: who is asked
    for tokens instead, a "command" or a "hook"; ``times``: certifications in a row, so that the later ones meet what
    the earlier ones left; ``unverified``: what cannot be checked then."""

    server: Sequence[str] = ()
    options: Sequence[str] = ()
    algorithm: str = ""
    ready: Sequence[str] = ()
    asked: str = ""
    times: int = 1
    unverified: frozenset[str] = frozenset()


MINT = f"""
import sys, time, uuid
import jwt

def pytest_help_center_token(user):
    now = int(time.time())
    return jwt.encode({{"sub": user, "iat": now, "exp": now + 600, "jti": uuid.uuid4().hex}}, {SECRET!r})
"""
UNSIGNED = frozenset({"AUTH-EXPIRED", "AUTH-OUTLIVED", "REST-EXPIRY", "TOKEN-REFRESHED"})
"""What needs the key: an expired token, and what comes after one."""
UNMET = frozenset({"FIRST-CONTACT", "BURST-AFTER-CONNECT"})
"""What needs users whom the server does not know."""
SUBJECTS = ("ada", "bob", "cyd", "dan", "eve")
AS_IT_IS = "as it is"
SETTINGS: Mapping[str, Setting] = {
    AS_IT_IS: Setting(),
    "known users, no reply": Setting(
        [f"--users={','.join(SUBJECTS)}", "--no-reply"], [f"--users={','.join(SUBJECTS)}"]
    ),
    "RS256, required claims, late replies": Setting(
        ['--require-claims={"role":"user","tenant":{"id":7}}', "--reply-delay=300"],
        ['--jwt-claims={"role":"user","tenant":{"id":7}}'],
        algorithm="RS256",
    ),
    "ES256, the last 50 messages": Setting(["--window=50", "--preload=60"], algorithm="ES256"),
    "EdDSA, the last 20 messages": Setting(["--window=20"], algorithm="EdDSA"),
    "a token command": Setting(options=[f"--users={','.join(SUBJECTS)}"], asked="command", unverified=UNSIGNED),
    "a token hook": Setting(options=[f"--users={','.join(SUBJECTS)}"], asked="hook", unverified=UNSIGNED),
    "long histories": Setting(
        ["--preload=500"],
        ready=SUBJECTS,
        unverified=UNSIGNED | UNMET,
    ),
    "the last 50 of long histories": Setting(
        ["--preload=2000", "--window=50"],
        ready=SUBJECTS,
        times=2,
        unverified=UNSIGNED | UNMET,
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the reports are."""
    return tmp_path_factory.mktemp("node")


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, folder: Path) -> Iterator[Mapping[str, Future[list[Certified]]]]:
    """The certifications of all selected settings, begun at once and side by side."""
    callspecs = [getattr(item, "callspec", None) for item in request.session.items]
    selected = [spec.params["name"] for spec in callspecs if spec and spec.params.get("name") in SETTINGS]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as workers:
        # the longest first
        names = sorted(dict.fromkeys(selected), key=lambda name: -SETTINGS[name].times)
        yield {name: workers.submit(certified, SETTINGS[name], folder / name.replace(" ", "-")) for name in names}
        workers.shutdown(cancel_futures=True)


def certified(setting: Setting, reports: Path) -> list[Certified]:
    tokens = [f"--token={token(subject)}" for subject in setting.ready for _ in range(2)]
    verifying, signing, secret = keys(setting, reports)
    folder = team(reports, hook=setting.asked == "hook") if setting.asked else None
    if setting.asked == "command":
        tokens = [f"--token-command={sys.executable} {reports}/mint.py {{user}}"]
    with node_server(*verifying, *setting.server) as url:
        return [
            certify(
                url,
                reports / str(turn),
                *setting.options,
                *signing,
                *tokens,
                *QUICK,
                secret="" if tokens else secret,
                folder=folder,
            )
            for turn in range(setting.times)
        ]


def keys(setting: Setting, folder: Path) -> tuple[list[str], list[str], str]:
    """Options of the server and of the certification, and the secret, if they share one."""
    if not setting.algorithm:
        return [f"--jwt-secret={SECRET}"], [], SECRET
    private, public = key_files(setting.algorithm, folder)
    algorithm = f"--jwt-algorithm={setting.algorithm}"
    return [f"--jwt-key={public}", algorithm], [f"--jwt-key={private}", algorithm], ""


def team(folder: Path, *, hook: bool) -> Path:
    """A team's own folder: with its hook, or with the same as a command."""
    folder.mkdir(parents=True)
    name, more = ("conftest.py", "") if hook else ("mint.py", "print(pytest_help_center_token(sys.argv[1]))\n")
    (folder / name).write_text(MINT + more, encoding="utf-8")
    return folder


def token(subject: str) -> str:
    now = int(time.time())
    claims = {"sub": subject, "iat": now - 60, "exp": now + 3600, "jti": uuid.uuid4().hex}
    return jwt.encode(claims, SECRET, algorithm="HS256")


def judged(one: Certified) -> dict[str, tuple[str, str]]:
    """What did not pass, and why."""
    requirements = one.verdict.get("requirements", [])
    return {r["id"]: (r["status"], r.get("reason", "")) for r in requirements if r["status"] != "passed"}


@pytest.mark.timeout(0)  # each certification has a timeout of its own
@pytest.mark.parametrize("name", SETTINGS)
def test_a_correct_server_is_certified(name: str, runs: Mapping[str, Future[list[Certified]]]) -> None:
    unverified = SETTINGS[name].unverified
    for one in runs[name].result():
        failed = {key: why for key, why in judged(one).items() if why[0] != "unverified"}
        assert not failed, one.output
        assert one.ids("unverified") == unverified, judged(one)
        assert one.verdict["verdict"] == ("incomplete" if unverified else "conformant")
        assert one.exit_code == (10 if unverified else 0), one.output
        assert "a connection was lost" not in one.output, one.output


@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", [name for name, setting in SETTINGS.items() if setting.times > 1])
def test_a_server_is_judged_the_same_again(name: str, runs: Mapping[str, Future[list[Certified]]]) -> None:
    first, *later = map(judged, runs[name].result())
    assert later == [first] * len(later)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", [AS_IT_IS, *(name for name, setting in SETTINGS.items() if setting.algorithm)])
def test_the_public_key_is_tried_as_a_secret_where_there_is_one(
    name: str, runs: Mapping[str, Future[list[Certified]]], folder: Path, tmp_path: Path
) -> None:
    """And so it is judged again from the record, where the algorithm is not given."""
    [one] = runs[name].result()
    recorded = folder / name.replace(" ", "-") / "0"
    again = certify(None, tmp_path, f"--rejudge={recorded}", *VERDICT_ONLY, secret="")
    tried = [
        [test for r in v["requirements"] for test in r["tests"] if "public-key" in test]
        for v in (one.verdict, again.verdict)
    ]
    assert (bool(tried[0]), tried[0] == tried[1], again.exit_code) == (name != AS_IT_IS, True, 0)
    assert (again.verdict["rejudged"]["agrees"], again.verdict["observations"]) == (True, one.verdict["observations"])


RECOVERING = "serveClient: false, connectionStateRecovery: { skipMiddlewares: false }"


@pytest.mark.timeout(0)
def test_what_socket_io_sends_whom_it_recovers_is_no_early_event(tmp_path: Path) -> None:
    """Of the server itself, whose sessions are those of whoever shows their private id, no more is judged here."""
    entry = copy_node_server(tmp_path / "server", ("server.js", "serveClient: false", RECOVERING))
    with node_server(f"--jwt-secret={SECRET}", entry=entry) as url:
        asked = selection(["EVENT-AFTER-CONNECT", "RECONNECT-GREETED"])
        one = certify(url, tmp_path / "reports", *QUICK, *asked)
    saved = (tmp_path / "reports" / "transcripts").glob("*.jsonl")
    assert (one.failed, any(map(_recovers, saved))) == (frozenset(), True), one.output


def _recovers(saved: Path) -> bool:
    """Whether a connection was let in with the private id that it had presented."""
    return any(connection.recovered for connection in Record(Transcript.load(saved)).connections)
