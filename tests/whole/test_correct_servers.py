"""Both correct servers are certified by the real command line: the embedded one, and the one in Node.js."""

from __future__ import annotations

import pytest

from tests.whole.conftest import Whole


@pytest.mark.timeout(0)  # each certification has a timeout of its own
@pytest.mark.parametrize("name", ["embedded", "node"])
def test_a_correct_server_is_conformant(name: str, whole: Whole) -> None:
    certified = whole[name].certified
    assert certified.verdict.get("verdict") == "conformant", certified.output
    assert certified.exit_code == 0, certified.output
    assert not certified.ids("failed") | certified.ids("unverified"), certified.output
    assert not certified.contradictions
