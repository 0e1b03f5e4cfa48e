"""Keys of each algorithm."""

from __future__ import annotations

import pytest

from tests.support.signing import ALGORITHMS, Keys


@pytest.fixture(scope="module", params=ALGORITHMS)
def keys(request: pytest.FixtureRequest) -> Keys:
    return ALGORITHMS[request.param]()
