"""A Node.js server for the tests of a module, and a user of its own for each."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.support.clients import (
    PLAIN,
)
from tests.support.servers import node_server


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    """A server without automatic replies, shared by the tests, each with users of its own."""
    with node_server(*PLAIN) as url:
        yield url


@pytest.fixture
def user() -> str:
    return f"user-{uuid.uuid4()}"
