"""Certifications take a while, so live tests run side by side, each module in one process: ``pytest tests/live -n 6
--dist=loadgroup``. The batteries of broken and of odd servers, which share nothing, fill what is idle."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
BATTERIES = (HERE / "test_faults.py", HERE / "test_legal.py")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path not in BATTERIES:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=lambda item: item.path in BATTERIES)
