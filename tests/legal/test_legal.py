"""No correct server is accused: odd ones are certified, and every one of them is conformant.

Oddities that do not touch each other share a server here; ``python -m tests.legal [NAME-PART …]`` certifies each alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future

import pytest

from tests.faults.battery import Certified, pool
from tests.legal.legal import OddServer, load_all, shared

LEGAL = load_all()
Runs = Mapping[str, tuple[OddServer, "Future[Certified]"]]


@pytest.fixture(scope="session")
def odd_servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """By oddity, the server that has it and its certification; all begun at once and side by side."""
    callspecs = [getattr(item, "callspec", None) for item in request.session.items]
    selected = [LEGAL[spec.params["odd"]] for spec in callspecs if spec and spec.params.get("odd") in LEGAL]
    folder = tmp_path_factory.mktemp("legal")
    with pool() as workers:
        runs = [(server, workers.submit(server.certify, folder)) for server in shared(selected)]
        yield {one.name: (server, run) for server, run in runs for one in server.oddities}
        workers.shutdown(cancel_futures=True)


@pytest.mark.timeout(0)  # the battery has a timeout of its own for each certification
@pytest.mark.parametrize("odd", LEGAL)
def test_an_odd_server_that_is_right_is_conformant(odd: str, odd_servers: Runs) -> None:
    server, run = odd_servers[odd]
    certified = run.result()
    assert not server.accusations(certified), server.name
    assert certified.verdict.get("verdict") == "conformant", certified.output
    assert certified.exit_code == 0, certified.output
    assert LEGAL[odd].advice <= certified.failed, "its advice is not needed"


def test_every_oddity_is_on_one_server() -> None:
    names = [one.name for server in shared(LEGAL.values()) for one in server.oddities]
    assert sorted(names) == sorted(LEGAL)
