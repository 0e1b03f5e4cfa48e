"""No correct server is accused: odd ones are certified, and every one of them is conformant.

Oddities that do not touch each other share a server here. Every twelfth server is certified, and one more for each
topic that none of those shows; ``python -m tests.legal [NAME-PART …]`` certifies each oddity alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.battery import QUICK
from tests.legal.legal import OddServer, load_all, shared

LEGAL = [one for one in load_all().values() if not one.slow]
SERVERS = shared(LEGAL)[::-1]
"""Those that limit something come first: they take a minute, and wait most of it."""


def _certified() -> list[OddServer]:
    """A few that show every topic between them."""
    chosen = SERVERS[::12]
    left = dict.fromkeys(one.topic for one in LEGAL)
    for topic in left:
        if not any(topic in _topics(server) for server in chosen):
            chosen.append(next(server for server in SERVERS if topic in _topics(server)))
    return chosen


def _topics(server: OddServer) -> set[str]:
    return {one.topic for one in server.oddities}


CERTIFIED = _certified()


@pytest.mark.timeout(0)  # the battery has a timeout of its own for each certification
@pytest.mark.parametrize("server", CERTIFIED, ids=lambda server: server.name)
def test_an_odd_server_that_is_right_is_conformant(server: OddServer, tmp_path: Path) -> None:
    certified = server.certify(tmp_path, *QUICK)
    assert not server.accusations(certified)
    assert not certified.contradictions
    assert certified.verdict.get("verdict") == "conformant", certified.output
    assert certified.exit_code == 0, certified.output
    assert server.advice <= certified.failed, "its advice is not needed"


def test_every_oddity_is_on_one_server() -> None:
    names = [one.name for server in SERVERS for one in server.oddities]
    assert sorted(names) == sorted(one.name for one in LEGAL)
