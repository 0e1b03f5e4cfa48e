"""Certifications take a while, so live tests run side by side: ``pytest tests/live -n 6``. Those of the batteries of
broken and of odd servers share nothing, and fill what is idle."""

from __future__ import annotations

import pytest

from tests.support.scheduling import BATTERIES


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: BATTERIES.index(item.path.name) if item.path.name in BATTERIES else -1)
