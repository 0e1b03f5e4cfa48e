"""The Node.js server is correct: however it is set up, it is certified, and certified again."""

from __future__ import annotations

import time
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
    """Options of the server and of the certification. ``ready``: users with ready-made tokens, instead of the secret;
    ``times``: certifications in a row against one server, by which the later ones meet what the earlier ones left."""

    server: Sequence[str] = ()
    options: Sequence[str] = ()
    ready: Sequence[str] = ()
    times: int = 1


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
    "long histories": Setting(["--preload=2000"], ready=SUBJECTS, times=2),
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
    tokens = [f"--token={token(subject)}" for subject in setting.ready]
    with node_server(f"--jwt-secret={SECRET}", *setting.server) as url:
        return [
            certify(url, reports / str(time), *setting.options, *tokens, secret="" if tokens else SECRET)
            for time in range(setting.times)
        ]


def token(subject: str) -> str:
    now = int(time.time())
    return jwt.encode({"sub": subject, "iat": now - 60, "exp": now + 3600}, SECRET, algorithm="HS256")


def judged(one: Certified) -> dict[str, tuple[str, str]]:
    """What did not pass, and why."""
    requirements = one.verdict.get("requirements", [])
    return {r["id"]: (r["status"], r.get("reason", "")) for r in requirements if r["status"] != "passed"}


WITH_THE_KEY = [name for name, setting in SETTINGS.items() if not setting.ready]


@pytest.mark.timeout(0)  # each certification has a timeout of its own
@pytest.mark.parametrize("name", WITH_THE_KEY)
def test_a_correct_server_is_certified(name: str, runs: Mapping[str, Future[list[Certified]]]) -> None:
    for one in runs[name].result():
        failed = {key: why for key, why in judged(one).items() if why[0] != "unverified"}
        assert not failed, one.output
        assert one.verdict["verdict"] in ("conformant", "incomplete"), one.output


