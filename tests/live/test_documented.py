"""The commands of the documentation that certify a server, as they stand there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.reference.serve import Served
from tests.support.checkout import TIMEOUT
from tests.support.documented import Block, blocks
from tests.support.hostile import SECRET, help_center


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    with Served(help_center().app) as server:
        yield server.url


@pytest.mark.parametrize("block", [one for one in blocks() if one.kind == "slow"], ids=str)
def test_the_commands_work_as_they_stand_there(block: Block, target: str, tmp_path: Path) -> None:
    block.run(tmp_path, seconds=4 * TIMEOUT, TARGET=target, SECRET=SECRET, HELP_CENTER_JWT_SECRET=SECRET)
