"""The Node.js server is correct: however it is set up, it is certified, and certified again."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import jwt
import pytest

from tests.faults.battery import SECRET, Certified, certify
from tests.servers import node_server

SIDE_BY_SIDE = 3


@dataclass(frozen=True)
class Setting:
    """Options of the server and of the certification. ``ready``: users with two ready-made tokens each, instead of
    the secret; ``times``: certifications in a row, so that the later ones meet what the earlier ones left;
    ``unverified``: what cannot be checked then."""

    server: Sequence[str] = ()
    options: Sequence[str] = ()
    ready: Sequence[str] = ()
    times: int = 1
    unverified: frozenset[str] = frozenset()


SUBJECTS = ("ada", "bob", "cyd", "dan", "eve")
SETTINGS: Mapping[str, Setting] = {
    "as it is": Setting(),
    "known users": Setting([f"--users={','.join(SUBJECTS)}"], [f"--users={','.join(SUBJECTS)}"]),
    "required claims": Setting(
        ['--require-claims={"role":"user","tenant":{"id":7}}'], ['--jwt-claims={"role":"user","tenant":{"id":7}}']
    ),
    "a window of 50": Setting(["--window=50", "--preload=60"]),
    "a window of 20": Setting(["--window=20"]),
    "older messages": Setting(["--preload=60"]),
    "no reply": Setting(["--no-reply"]),
    "late replies": Setting(["--reply-delay=300"]),
    "long histories": Setting(
        ["--preload=2000"],
        ready=SUBJECTS,
        times=2,
        unverified=frozenset({"FIRST-CONTACT", "AUTH-EXPIRED", "REST-EXPIRY", "TOKEN-REFRESHED"}),
    ),
    "the last 50 of long histories": Setting(
        ["--preload=2000", "--window=50"],
        ready=SUBJECTS,
        times=2,
        unverified=frozenset({"FIRST-CONTACT", "AUTH-EXPIRED", "REST-EXPIRY", "TOKEN-REFRESHED"}),
    ),
}


@pytest.fixture(scope="module")
def runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Future[list[Certified]]]]:
    """The certifications of all selected settings, begun at once and side by side."""
    callspecs = [getattr(item, "callspec", None) for item in request.session.items]
    selected = [spec.params["name"] for spec in callspecs if spec and spec.params.get("name") in SETTINGS]
    folder = tmp_path_factory.mktemp("node")
    with ThreadPoolExecutor(SIDE_BY_SIDE) as workers:
        # the longest first
        names = sorted(dict.fromkeys(selected), key=lambda name: -SETTINGS[name].times)
        yield {name: workers.submit(certified, SETTINGS[name], folder / name.replace(" ", "-")) for name in names}
        workers.shutdown(cancel_futures=True)


def certified(setting: Setting, reports: Path) -> list[Certified]:
    tokens = [f"--token={token(subject)}" for subject in setting.ready for _ in range(2)]
    with node_server(f"--jwt-secret={SECRET}", *setting.server) as url:
        return [
            certify(url, reports / str(turn), *setting.options, *tokens, secret="" if tokens else SECRET)
            for turn in range(setting.times)
        ]


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
