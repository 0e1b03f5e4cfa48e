"""Whatever stands behind the URL, a run ends soon, and says in one line why there is nothing to judge, or judges it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.responses import RedirectResponse

from conformance.auth.tokens import KeyMinter
from conformance.reference.help_center import HelpCenter
from conformance.reference.serve import Served
from tests.support.checkout import CHAT, Checkout, Run, certify_with_all_suites
from tests.support.hostile import (
    SECRET,
    Bomb,
    Deaf,
    Huge,
    Mute,
    NoHelpCenter,
    PingsByList,
    PingsWithoutEnd,
    RestOnly,
    SocketOnly,
    dripping,
    dropping,
    garbage,
    help_center,
    page,
    silent,
    tcp,
)

LONGEST = 30
"""Seconds: a run that judges nothing has ended by then, on a machine that is busy with ten others; 6 on an idle one."""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("hostile"), chat=CHAT)


def certify(checkout: Checkout, url: str, folder: Path, *options: str) -> Run:
    return checkout.run(f"--target={url}", f"--jwt-secret={SECRET}", f"--reports={folder}", *options)


def unusable(run: Run) -> str:
    """The one line of a run that judged nothing."""
    assert run.code == 4, run.output
    assert run.verdict is None
    assert run.seconds < LONGEST
    assert "Traceback" not in run.output
    assert "VERDICT" not in run.output
    return run.line("ERROR: ").removeprefix("ERROR: ")


@contextmanager
def served(kind: type[HelpCenter]) -> Iterator[str]:
    with Served(help_center(kind).app) as server:
        yield server.url


# -- nothing to judge ------------------------------------------------------------------------------------------------


def test_nothing_listens(checkout: Checkout, tmp_path: Path) -> None:
    line = unusable(certify(checkout, "http://127.0.0.1:1", tmp_path))
    assert line == "http://127.0.0.1:1 cannot be reached: nothing listens there. Is it running, and on this port?"


@pytest.mark.parametrize(
    ("handle", "reported"),
    [
        (silent, "accepts connections and does not answer within 5 s"),
        (dripping, "accepts connections and does not answer within 5 s"),
        (garbage, "does not speak HTTP: illegal status line: bytearray(b'\\x15\\x03\\x01\\x00\\x02 this is not HTTP')"),
        (
            page,
            "no Help Center at {url}: GET /api/help-center/messages gave HTTP 200 text/html, "
            "and /help-center gave no greeting over Socket.IO (the transport was closed by the target (status 200, "
            "Invalid response status))",
        ),
    ],
)
def test_no_help_center(checkout: Checkout, tmp_path: Path, handle: object, reported: str) -> None:
    with tcp(handle) as url:  # type: ignore[arg-type]
        line = unusable(certify(checkout, url, tmp_path))
        assert line == (reported.format(url=url) if "{url}" in reported else f"{url} {reported}")


def test_tls_where_there_is_none(checkout: Checkout, tmp_path: Path) -> None:
    with served(HelpCenter) as url:
        line = unusable(certify(checkout, url.replace("http", "https"), tmp_path))
    assert "does not speak TLS as it should" in line
    assert line.endswith("is it http and not https?")


def test_another_socket_io_server(checkout: Checkout, tmp_path: Path) -> None:
    with served(NoHelpCenter) as url:
        line = unusable(certify(checkout, url, tmp_path))
    assert line == (
        f"no Help Center at {url}: GET /api/help-center/messages gave HTTP 404 text/plain; charset=utf-8, "
        "and /help-center gave no greeting over Socket.IO"
    )


def test_a_redirect_names_where_it_leads(checkout: Checkout, tmp_path: Path) -> None:
    with Served(RedirectResponse("https://elsewhere.example/", status_code=308)) as server:
        line = unusable(certify(checkout, server.url, tmp_path))
    assert line == (
        f"no Help Center at {server.url}: GET /api/help-center/messages gave HTTP 308 to https://elsewhere.example/, "
        "and /help-center gave no greeting over Socket.IO (the transport was closed by the target (status 308, "
        "redirected to https://elsewhere.example/)); pass as --target where it leads"
    )


def test_a_token_that_is_refused(checkout: Checkout, tmp_path: Path) -> None:
    refused = KeyMinter("a secret that is not trusted").sign({"sub": "someone"})
    with served(HelpCenter) as url:
        run = checkout.run(f"--target={url}", f"--token={refused}", f"--reports={tmp_path}", "--wait=60")
    assert unusable(run).startswith(
        f"{url} rejects the token over WebSocket, polling and REST "
        "(REST: HTTP 401; /help-center: help_center:error {UNAUTHORIZED, "
        '"The token is not a JWT signed with the expected key."}, DISCONNECT): check the token or secret'
    )
    assert refused not in run.output


def test_one_of_several_tokens_is_refused(checkout: Checkout, tmp_path: Path) -> None:
    good, bad = (KeyMinter(secret).sign({"sub": secret}) for secret in (SECRET, "a secret that is not trusted"))
    with served(HelpCenter) as url:
        run = checkout.run(f"--target={url}", f"--token={good}", f"--token={bad}", f"--reports={tmp_path}")
    assert unusable(run).startswith(f"user 2 of 2: {url} rejects the token over WebSocket, polling and REST")


# -- something to judge ----------------------------------------------------------------------------------------------


def test_rest_without_a_socket_is_judged(checkout: Checkout, tmp_path: Path) -> None:
    with served(RestOnly) as url:
        run = certify(checkout, url, tmp_path, "--deadline=1")
    assert (run.code, run.status("CONNECTED-SENT"), run.status("SEND-TRIM")) == (1, "failed", "unverified")


def test_a_socket_without_rest_is_judged(checkout: Checkout, tmp_path: Path) -> None:
    with served(SocketOnly) as url:
        run = certify(checkout, url, tmp_path, "--deadline=1")
    assert (run.code, run.status("REST-OPEN"), run.status("SEND-TRIM")) == (1, "failed", "passed")


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (PingsByList, "not an Engine.IO handshake: pingInterval is [25000]"),
        (PingsWithoutEnd, "not an Engine.IO handshake: pingInterval is 1000000000"),
        (Bomb, "sent more than 67,108,864 bytes in one answer"),
    ],
)
def test_handshakes_that_no_client_can_read_are_judged(tmp_path: Path, kind: type[HelpCenter], why: str) -> None:
    checkout = Checkout(tmp_path, chat=CHAT.replace('device("phone")', 'device("phone", transport="polling")'))
    with served(kind) as url:
        run = certify(checkout, url, tmp_path / "reports", "--deadline=1")
    assert (run.code, run.status("CONNECTED-SENT"), run.status("SEND-TRIM")) == (1, "failed", "unverified"), run.output
    assert "Traceback" not in run.output
    assert why in run.output


def test_a_run_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    long = CHAT.replace('await phone.send_text("  hello ", tag="padded")', "await phone.wait_closed(within=600)")
    with served(HelpCenter) as url:
        run = certify(Checkout(tmp_path, chat=long), url, tmp_path / "reports", "--max-time=3", "--allow-incomplete")
    assert (run.code, run.verdict and run.verdict["verdict"]) == (10, "incomplete"), run.output
    assert "the run was ended early: recording took longer than --max-time allows" in run.reason("SEND-TRIM")
    assert run.line("the run was ended early: ").endswith("; what was not judged by then is unverified")
    assert run.seconds < LONGEST


def test_huge_conversations(checkout: Checkout, tmp_path: Path) -> None:
    with served(Huge) as url:
        run = certify(checkout, url, tmp_path)
    assert (run.code, run.verdict and run.verdict["verdict"]) == (0, "conformant")
    history = gzip.decompress((tmp_path / "transcripts" / "histories.jsonl.gz").read_bytes())
    assert len(history) > 10 * 2**20


# -- all the real suites ---------------------------------------------------------------------------------------------


def _mute(folder: Path) -> Run:
    with served(Mute) as url:
        return certify_with_all_suites(url, SECRET, folder, "--deadline=1")


def _deaf(folder: Path) -> Run:
    with served(Deaf) as url:
        return certify_with_all_suites(url, SECRET, folder, "--deadline=1")


def _dropping(folder: Path) -> Run:
    with served(HelpCenter) as behind, tcp(dropping(behind, 0.2)) as url:
        return certify_with_all_suites(url, SECRET, folder, "--deadline=1")


TROUBLE = {"answers-nothing": _mute, "greets-no-one": _deaf, "drops-all": _dropping}


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Run]]]:
    """Three runs side by side: they mostly wait. A hanging one is killed."""
    with ThreadPoolExecutor(len(TROUBLE)) as pool:
        yield {name: pool.submit(run, tmp_path_factory.mktemp("troubled")) for name, run in TROUBLE.items()}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_trouble_costs_a_few_deadlines(troubled: dict[str, Future[Run]], trouble: str) -> None:
    run = troubled[trouble].result()
    assert (run.code, run.verdict and run.verdict["verdict"]) == (1, "non-conformant"), run.output
