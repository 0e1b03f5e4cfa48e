"""The laws under load, on Locust, in processes of its own: correct and broken servers, counts, master and workers."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.reference.help_center import HelpCenter
from conformance.reference.serve import Served
from conformance.reference.tokens import Verifier
from tests.deployments.processes import free_port
from tests.load import crowds  # noqa: F401  registers them
from tests.load.faults import FAULTS, Counts, UnderLoad
from tests.load.oddities import ODDITIES
from tests.load.run import SECRET, TIMEOUT, Loaded, command, distributed, environment, load, loaded, shape
from tests.support.distance import Distance, far_away
from tests.support.peers import self_signed
from tests.support.servers import node_server

SIDE_BY_SIDE = 3
SECONDS = 5
PATIENT = "--deadline=9"
LOGGED = ("connect", "greeting", "send", "ack", "rest")
"""What the reference server logs, and we count by the same names."""
IMPOSSIBLE = "p99_connect=0.01ms"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("load")


@pytest.fixture(scope="module")
def faulty(folder: Path) -> Iterator[Mapping[str, Future[Loaded]]]:
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        yield {name: pool.submit(_load_fault, fault, folder / name) for name, fault in FAULTS.items()}


def _load_fault(fault: UnderLoad, reports: Path) -> Loaded:
    with Served(fault.app(SECRET, room=fault.users // 2)) as server:
        return load(server.url, reports, *shape(users=fault.users, seconds=SECONDS), PATIENT, "--level=should")


@pytest.mark.parametrize("name", FAULTS)
def test_a_bug_that_load_shows_is_found(faulty: Mapping[str, Future[Loaded]], name: str) -> None:
    run = faulty[name].result()
    assert FAULTS[name].breaks in run.violated, run.output
    assert run.exit_code == 1
    assert FAULTS[name].breaks in run.example(FAULTS[name].breaks)


@pytest.fixture(scope="module")
def odd(folder: Path) -> Iterator[Mapping[str, Future[Loaded]]]:
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        yield {name: pool.submit(_load_oddity, build, folder / name) for name, build in ODDITIES.items()}


def _load_oddity(build: type[HelpCenter], reports: Path) -> Loaded:
    with Served(build(Verifier(SECRET)).app) as server:
        return load(server.url, reports, *shape(users=25, seconds=SECONDS), PATIENT)


@pytest.mark.parametrize("name", ODDITIES)
def test_what_load_legally_does_to_a_server_blames_nobody(odd: Mapping[str, Future[Loaded]], name: str) -> None:
    run = odd[name].result()
    assert not run.violated, run.output
    assert run.exit_code == 0


@pytest.mark.parametrize(
    ("name", "what"),
    [("LimitsTheRate", "ack refused (RATE_LIMITED)"), ("TakesSomeConnections", "error SERVER_ERROR")],
)
def test_refusals_are_counted_apart(odd: Mapping[str, Future[Loaded]], name: str, what: str) -> None:
    run = odd[name].result()
    assert run.verdict["apart"][what] > 0
    assert f"counted apart, no failure: {what}" in run.output


def test_distance_is_in_the_times_and_blames_nobody(folder: Path) -> None:
    with Served(HelpCenter(Verifier(SECRET)).app) as server, far_away(server.url, Distance(rtt=0.1)) as url:
        run = load(url, folder / "far", *shape(users=6, seconds=SECONDS))
    assert (run.exit_code, run.violated) == (0, set()), run.output
    assert run.verdict["times_ms"]["ack"]["p50"] >= 100


class Gated:
    """Behind a gateway that wants a header with every request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.turned_away = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (b"x-gate", b"open sesame") in scope.get("headers", [(b"x-gate", b"open sesame")]):
            return await self._app(scope, receive, send)
        self.turned_away += 1
        await Response(status_code=403)(scope, receive, send)


@pytest.mark.parametrize("trust", ["bundle", "insecure", "default"])
def test_certificates_and_headers_are_those_of_a_certification(folder: Path, tmp_path: Path, trust: str) -> None:
    tls, certificate = self_signed(tmp_path)
    options = {"bundle": [f"--ca-bundle={certificate}"], "insecure": ["--insecure"], "default": []}[trust]
    gate = Gated(HelpCenter(Verifier(SECRET)).app)
    with Served(gate) as server, far_away(server.url, Distance(), tls=tls) as url:
        run = load(url, folder / trust, *shape(users=4, seconds=3), "--header=X-Gate: open sesame", *options)
    assert gate.turned_away == 0
    assert run.exit_code == (10 if trust == "default" else 0), run.output
    assert ("certificate verify failed" in str(run.verdict["apart"]).lower()) == (trust == "default")
    assert "sesame" not in run.output


def test_where_websockets_are_blocked_users_stay_with_polling(folder: Path) -> None:
    center = HelpCenter(Verifier(SECRET))

    async def polling_alone(scope: Scope, receive: Receive, send: Send) -> None:
        blocked = Response(status_code=403) if scope["type"] == "websocket" else center.app
        await blocked(scope, receive, send)

    with Served(polling_alone) as server:
        run = load(server.url, folder / "blocked", *shape(users=4, seconds=3), "--transports=upgrade")
    assert (run.exit_code, run.violated) == (0, set()), run.output
    assert run.verdict["apart"]["stayed with polling: the upgrade to WebSocket was not completed"] > 0
    assert "upgrade" not in run.verdict["counts"]


@pytest.fixture(scope="module")
def counted(folder: Path) -> tuple[Counts, Loaded]:
    """A run against the reference server, which keeps a log of its own."""
    center = Counts(Verifier(SECRET))
    with Served(center.app) as server:
        options = (
            *shape(users=12, seconds=SECONDS),
            f"--budget={IMPOSSIBLE}",
            "--budget=p95_ack=60s",
        )
        return center, load(server.url, folder / "counted", *options)


def test_a_correct_server_violates_nothing(counted: tuple[Counts, Loaded]) -> None:
    _, run = counted
    assert not run.violated, run.output
    assert {"SEND-KEPT", "ACK-MATCH", "MESSAGE-ECHO", "ISOLATION-MESSAGES", "RECONNECT-GREETED"} <= run.held


def test_counts_agree_with_the_servers_own_log(counted: tuple[Counts, Loaded]) -> None:
    center, run = counted
    counts = run.verdict["counts"]
    assert {name: counts[name] for name in LOGGED} == {name: center.log[name] for name in LOGGED}
    assert counts["ack"] == counts["echo"] > 0
    assert counts["echo"] < counts["message"] <= center.log["message"], "a message may cross a device that leaves"


def test_locusts_table_has_each_outcome_once(counted: tuple[Counts, Loaded]) -> None:
    center, run = counted
    [acks] = re.findall(r"^user +ack +(\d+) +0\(", run.output, re.MULTILINE)[:1]
    assert int(acks) == center.log["ack"]


def test_a_budget_that_is_exceeded_has_an_exit_code_of_its_own(counted: tuple[Counts, Loaded]) -> None:
    _, run = counted
    assert run.exit_code == 11
    assert [one["budget"] for one in run.verdict["budgets"] if one["exceeded"]] == [IMPOSSIBLE]


def test_reports_stand_beside_locusts_and_hold_no_secret(counted: tuple[Counts, Loaded], folder: Path) -> None:
    files = {path.name: path.read_text(encoding="utf-8") for path in (folder / "counted").iterdir()}
    assert set(files) == {"load.json", "load.html", "locust.html"}
    assert not [name for name, text in files.items() if SECRET in text or ("eyJ" in text and "html" not in name)]


def test_the_node_server_violates_nothing(folder: Path) -> None:
    with node_server(f"--jwt-secret={SECRET}") as url:
        run = load(url, folder / "node", *shape(users=12, seconds=SECONDS), "--transports=upgrade")
    assert run.exit_code == 0, run.output
    assert 0 < run.verdict["counts"]["upgrade"] <= run.verdict["counts"]["connect"]
    assert not run.violated


def test_two_workers_count_what_the_server_did(folder: Path) -> None:
    center = Counts(Verifier(SECRET))
    with Served(center.app) as server:
        run = distributed(server.url, folder / "distributed", *shape(users=12, seconds=SECONDS), workers=2)
    assert run.exit_code == 0, run.output
    assert {name: run.verdict["counts"][name] for name in LOGGED} == {name: center.log[name] for name in LOGGED}
    assert center.log["ack"] > 0
    assert run.verdict["generator"]["processes"] == 2


def test_where_nothing_answers_nothing_is_checked(folder: Path) -> None:
    run = load(f"http://127.0.0.1:{free_port()}", folder / "no-server", *shape(users=2, seconds=2))
    assert run.exit_code == 10, run.output
    assert run.verdict["verdict"] == "nothing checked"


def test_ctrl_c_ends_it_at_once_and_what_was_judged_stands(folder: Path) -> None:
    center, reports = Counts(Verifier(SECRET)), folder / "interrupted"
    with Served(center.app) as server:
        options = (*shape(users=4, seconds=60), "--transports=websocket", f"--reports={reports}")
        with subprocess.Popen(
            command(server.url, *options), env=environment(), stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                assert center.has_acked.wait(60)
                center.is_empty.clear()
                process.send_signal(signal.SIGINT)
                output, _ = process.communicate(timeout=TIMEOUT)
            finally:
                process.kill()
        assert center.is_empty.wait(20)
    run = loaded(process.returncode, reports, output)
    assert run.exit_code == 2, output
    assert run.verdict["verdict"] == "interrupted"
