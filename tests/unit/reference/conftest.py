"""One reference server for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.reference import Served
from tests.unit.reference.raw_client import (
    center,
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """One server without automatic replies; each test brings users of its own."""
    with Served(center().app) as server:
        yield server.url
