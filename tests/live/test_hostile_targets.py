"""Some of the targets of ``python -m tests.hostile``: none breaks a promise of docs/robustness.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.hostile.certified import Certified, certify
from tests.hostile.suites import QUICK
from tests.hostile.target import load_all
from tests.support.checkout import Checkout

TARGETS = (
    "rest_is_a_bomb_in_a_bomb",
    "rest_has_headers_without_end",
    "rest_reason_is_a_terminal_escape",
    "rest_echoes_the_token_in_every_form",
    "polling_is_a_gzip_bomb",
    "a_deflate_bomb",
    "a_close_reason_with_a_forged_verdict",
    "a_flood_of_typing",
    "a_burst_of_a_hundred_thousand_packets",
    "ping_interval_is_a_list",
    "events_with_odd_names",
    "a_login_wall",
    "socket_io_2",
)
SIDE_BY_SIDE = 4


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Future[Certified]]]:
    folder, known = tmp_path_factory.mktemp("hostile-targets"), load_all()
    checkout = Checkout(folder, quick=QUICK).folder
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        yield {name: pool.submit(certify, known[name], folder / name, checkout=checkout) for name in TARGETS}
        pool.shutdown(cancel_futures=True)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", TARGETS)
def test_a_hostile_target_breaks_no_promise(runs: Mapping[str, Future[Certified]], name: str) -> None:
    certified = runs[name].result()
    assert not certified.broken, certified.output
