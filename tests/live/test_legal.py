"""No correct server is accused: odd ones are certified, and every one of them is conformant.

Oddities that do not touch each other share a server here; ``python -m tests.legal [NAME-PART …]`` certifies each alone.
"""

from __future__ import annotations

import pytest

from tests.legal.legal import load_all, shared
from tests.live.conftest import Batteries

LEGAL = {name: one for name, one in load_all().items() if not one.slow}


@pytest.mark.timeout(0)  # the battery has a timeout of its own for each certification
@pytest.mark.parametrize("odd", LEGAL)
def test_an_odd_server_that_is_right_is_conformant(odd: str, batteries: Batteries) -> None:
    server, run = batteries.odd[odd]
    certified = run.result()
    assert not server.accusations(certified), server.name
    assert not certified.contradictions
    assert certified.verdict.get("verdict") == "conformant", certified.output
    assert certified.exit_code == 0, certified.output
    assert LEGAL[odd].advice <= certified.failed, "its advice is not needed"


def test_every_oddity_is_on_one_server() -> None:
    names = [one.name for server in shared(LEGAL.values()) for one in server.oddities]
    assert sorted(names) == sorted(LEGAL)
