"""The laws under load, on Locust, in processes of its own: correct and broken servers, counts, master and workers."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from conformance.command.load import LOCUSTFILE
from conformance.reference.serve import Served
from conformance.reference.tokens import Verifier
from tests.deployments.processes import free_port
from tests.load.faults import FAULTS, Counts, UnderLoad
from tests.load.run import SECRET, Loaded, command, environment, load, loaded, shape
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
    with Served(fault.app(SECRET)) as server:
        return load(server.url, reports, *shape(users=fault.users, seconds=SECONDS), PATIENT)


@pytest.mark.parametrize("name", FAULTS)
def test_a_bug_that_load_shows_is_found(faulty: Mapping[str, Future[Loaded]], name: str) -> None:
    run = faulty[name].result()
    assert FAULTS[name].breaks in run.violated, run.output
    assert run.exit_code == 1
    assert FAULTS[name].breaks in run.example(FAULTS[name].breaks)


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
    center, reports = Counts(Verifier(SECRET)), folder / "distributed"
    port = free_port()
    locust = [sys.executable, "-m", "locust", f"--locustfile={LOCUSTFILE}"]
    with Served(center.app) as server:
        options = ["--headless", "--only-summary", "--users=12", "--spawn-rate=12", f"--run-time={SECONDS}s"]
        options += ["--expect-workers=2", f"--host={server.url}", f"--reports={reports}", "--stop-timeout=60"]
        bind = ["--master", "--master-bind-host=127.0.0.1", f"--master-bind-port={port}"]
        master = subprocess.Popen([*locust, *bind, *options], env=environment(), stdout=subprocess.PIPE, text=True)
        join = ["--worker", "--master-host=127.0.0.1", f"--master-port={port}"]
        workers = [subprocess.Popen([*locust, *join], env=environment()) for _ in range(2)]
        try:
            output, _ = master.communicate(timeout=90)
            codes = [worker.wait(30) for worker in workers]
        finally:
            for process in (master, *workers):
                process.kill()
    run = loaded(master.returncode, reports, output)
    assert (run.exit_code, codes) == (0, [0, 0]), run.output
    assert {name: run.verdict["counts"][name] for name in LOGGED} == {name: center.log[name] for name in LOGGED}
    assert center.log["ack"] > 0


def test_where_nothing_answers_nothing_is_checked(folder: Path) -> None:
    run = load(f"http://127.0.0.1:{free_port()}", folder / "no-server", *shape(users=2, seconds=2))
    assert run.exit_code == 10, run.output
    assert run.verdict["verdict"] == "nothing checked"


def test_ctrl_c_ends_it_at_once_and_what_was_judged_stands(folder: Path) -> None:
    center, reports = Counts(Verifier(SECRET)), folder / "interrupted"
    with Served(center.app) as server:
        options = (*shape(users=4, seconds=60), "--transports=websocket", f"--reports={reports}")
        process = subprocess.Popen(command(server.url, *options), env=environment(), stdout=subprocess.PIPE, text=True)
        try:
            assert center.has_acked.wait(60)
            center.is_empty.clear()
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=60)
        finally:
            process.kill()
        assert center.is_empty.wait(20)
    run = loaded(process.returncode, reports, output)
    assert run.exit_code == 2, output
    assert run.verdict["verdict"] == "interrupted"
