"""Runs that do not go as planned: interrupted, killed, a target that comes late or goes early."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from conformance.protocol import REST_PATH
from conformance.reference.serve import Served
from tests.support.checkout import CHAT, REPORTS, TOKENS, Checkout, Run
from tests.support.clients import DEADLINE
from tests.support.hostile import SECRET, Deploying, Leaving, help_center, losing, tcp

LONG = """
import os
import pathlib

from conformance.requirements import requirement
from conformance.drive.scenario import scenario


@scenario
async def long(stage):
    \"\"\"One device waits for what never comes.\"\"\"
    pathlib.Path(os.environ["URL_FILE"]).write_text(stage.run.url)
    async with stage.device("phone") as phone:
        await phone.wait_closed(within=600)


@requirement("CONN-STAYS")
def test_long(long):
    pass
"""
ASK = """
from conformance.checks.assertions import expect
from conformance.requirements import requirement
from conformance.drive.scenario import scenario


@scenario
async def asks(stage):
    await stage.fetch(tag="asked")


@requirement("REST-OPEN")
def test_asks(asks):
    expect(asks.fetch("asked").successful, "an answer", "none")
"""
LEAVE = """
from conformance.checks.assertions import expect
from conformance.requirements import requirement
from conformance.drive.scenario import scenario


@scenario(wave=2)
async def leaving(stage):
    async with stage.device("phone") as phone:
        await phone.emit_send({"text": "please leave"}, tag="leave")
    async with stage.device("phone"):
        pass


@scenario(wave=2)
async def later(stage):
    async with stage.device("phone"):
        pass


@requirement("SEND-PLAIN")
def test_leaving(leaving):
    pass


@requirement("SEND-MAX")
def test_later(later):
    expect(later.connection().greeted, "a greeting", "none")
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("runner"), chat=CHAT, tokens=TOKENS)


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Its last scenario takes ten minutes."""
    return Checkout(tmp_path_factory.mktemp("endless"), chat=CHAT, long=LONG)


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Its last scenarios see the target go."""
    return Checkout(tmp_path_factory.mktemp("left"), chat=CHAT, leave=LEAVE)


def answers(url: str) -> bool:
    where = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((where.hostname, where.port)) == 0


def under_way(checkout: Checkout, folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = checkout.start("-v", "--deadline=300", f"--reports={folder}", URL_FILE=str(folder.with_suffix(".url")))
    assert process.stdout is not None
    for line in process.stdout:
        if "test_rest PASSED" in line:  # now pytest waits for the long scenario
            break
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.stdout.close()
    process.wait()


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    return tmp_path / "reports"


@pytest.fixture
def running(endless: Checkout, reports: Path) -> Iterator[subprocess.Popen[str]]:
    """A run that waits for a scenario; what was quick has been judged."""
    yield from under_way(endless, reports)


# -- interrupted ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("everybody", [False, True], ids=["pytest-alone", "whole-group"])
def test_interrupted(endless: Checkout, running: subprocess.Popen[str], reports: Path, everybody: bool) -> None:
    began = time.monotonic()
    (os.killpg if everybody else os.kill)(running.pid, signal.SIGINT)
    run = endless.finish(running, began, (f"--reports={reports}",))
    assert (run.code, run.verdict and run.verdict["verdict"]) == (2, "interrupted")
    assert run.seconds < DEADLINE  # 0.5 on an idle machine: no deadline is waited for
    assert run.status("SEND-TRIM") == "passed"
    assert run.line("VERDICT") == "VERDICT  interrupted: this is what was judged until then"
    assert {path.name for path in reports.iterdir()} == REPORTS
    noise = [word for word in ("Task was destroyed", "Traceback", "Unclosed", "Warning") if word in run.output]
    assert not noise, run.output
    assert not answers(reports.with_suffix(".url").read_text())


def test_killed(running: subprocess.Popen[str], reports: Path) -> None:
    url = reports.with_suffix(".url").read_text()
    assert answers(url)
    running.kill()
    running.wait()
    ends = time.monotonic() + DEADLINE
    while answers(url):
        assert time.monotonic() < ends, "the embedded server outlived its run"


# -- a target that goes --------------------------------------------------------------------------------------------


def certify_leaving(left: Checkout, reports: Path, kind: type[Leaving] = Leaving) -> Run:
    center = help_center(kind)
    with Served(center.app) as server:
        center.leave = server._server.stop
        arguments = (f"--target={server.url}", f"--jwt-secret={SECRET}", f"--reports={reports}", "--deadline=1")
        return left.run(*arguments, "--concurrency=1")


def test_a_target_that_goes_and_does_not_come_back(left: Checkout, reports: Path) -> None:
    run = certify_leaving(left, reports)
    assert (run.code, run.verdict and run.verdict["verdict"]) == (4, "incomplete")
    assert run.status("SEND-TRIM") == "passed"
    what = 'help_center:send {text: "please leave"}'
    assert run.reason("SEND-PLAIN") == f"the target went after {what} (see REJECT-SURVIVED)"
    gone = run.line("the target stopped answering at ")
    assert gone.endswith(f" s, after {what} (leaving); what was not judged by then is unverified")
    assert f"{run.reason('SEND-MAX')}; what was not judged by then is unverified" == gone
    again = left.run(f"--rejudge={reports}", f"--reports={reports}-again")
    assert (again.code, again.verdict and again.verdict["summary"]) == (4, run.verdict and run.verdict["summary"])


class LeavingUntrimming(Leaving):
    def trim(self, text: str) -> str:
        return text


def test_a_target_that_goes_when_something_has_failed(left: Checkout, reports: Path) -> None:
    run = certify_leaving(left, reports, LeavingUntrimming)
    assert (run.code, run.verdict and run.verdict["verdict"]) == (1, "non-conformant")
    assert run.status("SEND-MAX") == "unverified"


# -- a target that comes -------------------------------------------------------------------------------------------


def test_a_target_that_comes_late(checkout: Checkout, reports: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    arguments = (f"--target=http://127.0.0.1:{port}", f"--jwt-secret={SECRET}", f"--reports={reports}", "--wait=30")
    began = time.monotonic()
    process = checkout.start(*arguments)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("collected "):
            break
    with Served(help_center(Deploying).app, port=port):
        run = checkout.finish(process, began, arguments)
    assert (run.code, run.verdict and run.verdict["verdict"]) == (0, "conformant"), run.output


def test_a_target_that_never_comes(checkout: Checkout, reports: Path) -> None:
    run = checkout.run("--target=http://127.0.0.1:1", f"--jwt-secret={SECRET}", f"--reports={reports}", "--wait=0.5")
    reported = (
        "http://127.0.0.1:1 cannot be reached: nothing listens there. Is it running, and on this port? (waited 0.5 s)"
    )
    assert (run.code, run.line("ERROR")) == (4, f"ERROR: {reported}")
    assert f"nothing was judged.</strong> {reported}" in (reports / "report.html").read_text("utf-8")


@pytest.mark.parametrize(("times", "code"), [(1, 0), (2, 1)], ids=["once", "twice"])
def test_a_request_that_was_lost_on_the_way_counts_when_it_is_lost_again(
    tmp_path: Path, reports: Path, times: int, code: int
) -> None:
    asking = Checkout(tmp_path, ask=ASK)
    lost = range(1, 1 + times)  # the preflight asks for nothing where the first route is open
    with (
        Served(help_center().app) as server,
        tcp(losing(server.url, f"GET {REST_PATH}", lost)) as gateway,
    ):
        run = asking.run(f"--target={gateway}", f"--jwt-secret={SECRET}", f"--reports={reports}")
    assert run.code == code, run.output
    assert ("lost once and not again: asks: rest: RemoteProtocolError" in run.output) is (times == 1)
    assert len(list((reports / "transcripts").glob("asks_first_try*"))) == 1


# -- reports and secrets from elsewhere ----------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", ["joined", "apart"])
def test_paths_from_outside_the_checkout(checkout: Checkout, tmp_path: Path, spelling: str) -> None:
    """An existing file, or folder, makes pytest look for its rootdir there."""
    waivers = tmp_path / "secrets" / "waivers.toml"
    waivers.parent.mkdir()
    waivers.write_text("waiver = []\n", encoding="utf-8")
    reports = tmp_path / "elsewhere"
    reports.mkdir()
    given = {"--waivers": waivers, "--reports": reports}
    words = [word for flag, path in given.items() for word in (flag, str(path))]
    joined = [f"{flag}={path}" for flag, path in given.items()]
    code = checkout.run(*(joined if spelling == "joined" else words), "--jwt-secret", "another secret").code
    assert code == 0
    assert (reports / "verdict.json").exists()
    assert {path.name for path in waivers.parent.iterdir()} == {"waivers.toml"}


def test_reports_that_cannot_be_written(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = checkout.run(f"--reports={tmp_path / 'file' / 'reports'}")
    assert (run.code, run.line("ERROR")) == (
        4,
        f"ERROR: --reports={tmp_path}/file/reports cannot be written to: Not a directory",
    )


def test_a_verdict_of_yesterday_is_not_taken_for_todays(checkout: Checkout, reports: Path) -> None:
    reports.mkdir()
    (reports / "verdict.json").write_text("{}", encoding="utf-8")
    run = checkout.run("--target=http://127.0.0.1:1", f"--jwt-secret={SECRET}", f"--reports={reports}")
    assert (run.code, run.verdict, "VERDICT" in run.output) == (4, None, False)
