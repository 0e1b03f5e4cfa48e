"""Servers that are slow, and not silent, or that take few connections, are accused of nothing. Their whole
certifications take minutes, so only some scenarios are recorded here, side by side: they mostly wait.
``python -m tests.legal`` has the whole."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.faults.battery import VERDICT_ONLY, Certified, selection
from tests.legal.legal import OddServer, load_all

LEGAL = load_all()
SLOW = {
    "SavesRowByRow": ("ACK-CALLED", "MESSAGE-ECHO", "BURST-AFTER-GREETING"),
    "CommitsLongAfterTheEvent": ("ACK-CALLED", "SEND-UNACKED", "SUPPORT-STORED"),
    "SendsFromAnOutbox": ("MESSAGE-ECHO", "SEND-UNACKED", "SUPPORT-EMITTED", "MESSAGE-DEVICES"),
    "TellsLongAfterTheAck": ("REJECT-UNACKED", "MESSAGE-DEVICES"),
    "AcksLongAfterTheEvent": ("ACK-CALLED", "BURST-AFTER-CONNECT", "REJECT-NO-OBJECT"),
    "Moderates": ("ACK-CALLED", "BURST-AFTER-GREETING", "SEND-UNACKED"),
    "GreetsLate": ("CONNECTED-SENT", "REFUSAL-CLOSE", "REST-FIRST"),
    "TakesEightConnections": ("CONN-UPGRADE", "REFUSAL-EVENT", "RECONNECT-RESYNC", "TOKEN-REFRESHED"),
}
"""What each would fail if the run took it for silent."""


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Certified]]]:
    folder = tmp_path_factory.mktemp("slow")
    with ThreadPoolExecutor(len(SLOW)) as pool:
        yield {
            name: pool.submit(
                OddServer((LEGAL[name],)).certify, folder, "--examples=1", *VERDICT_ONLY, *selection(SLOW[name])
            )
            for name in SLOW
        }


@pytest.mark.timeout(0)  # each certification has a timeout of its own
@pytest.mark.parametrize("name", SLOW)
def test_a_slow_server_is_accused_of_nothing(slow: dict[str, Future[Certified]], name: str) -> None:
    certified = slow[name].result()
    assert certified.ids("passed") == set(SLOW[name]), certified.output
    assert certified.exit_code == 0, certified.output
