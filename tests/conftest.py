"""Two tiers of tests. ``pytest tests`` is the first: it proves an installation and a change, in three minutes. Live
tests certify servers by the dozen; they run where they are named: ``pytest tests/live``."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.support.tools import ToolMissing

LIVE = Path(__file__).parent / "live"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    named = [Path(config.invocation_params.dir, arg.partition("::")[0]).resolve() for arg in config.args]
    if collection_path == LIVE and not any(path == LIVE or LIVE in path.parents for path in named):
        return True
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Warnings are errors in our own tests (a certification of somebody's server must not fail for one)."""
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("error"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that lacks a program fails with one line that says how to install it."""
    report = yield
    if call.excinfo is not None and isinstance(call.excinfo.value, ToolMissing):
        report.longrepr = str(call.excinfo.value)
    return report
