"""Certifications take a while, so live tests run side by side: ``pytest tests/live -n 6``. A module's tests share
fixtures, and so a process; those of the batteries of broken and of odd servers share nothing, and fill what is idle."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

BATTERIES = ("test_faults.py", "test_legal.py")


class ByModule(LoadScopeScheduling):
    """Keeps a module's tests in one process, but for the batteries."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return nodeid if module.endswith(BATTERIES) else module


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByModule:
    return ByModule(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name in BATTERIES)
