"""Two tiers of tests. ``pytest tests`` is the first: it proves an installation and a change, in three minutes, on
two cores. Live tests certify servers by the dozen; they run where they are named: ``pytest tests/live``."""

from __future__ import annotations

import signal
from collections.abc import Generator
from pathlib import Path

import pytest
from xdist.remote import Producer

from tests.support.scheduling import ByModule
from tests.support.tools import ToolMissing

HERE = Path(__file__).parent
LIVE = HERE / "live"
WORKERS = 2
WAIT_LONGEST = ("test_legal.py", "test_rejudge.py", "test_faults.py")
"""Servers that limit something, or hang, have their clients wait for minutes, while other tests run."""

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell has it for what it starts in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # else all that tests start and interrupt would ignore it


def _named(config: pytest.Config) -> list[Path]:
    return [Path(config.invocation_params.dir, arg.partition("::")[0]).resolve() for arg in config.args]


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """``pytest tests`` has two workers, unless ``-n`` says otherwise, or a debugger is asked for."""
    option = config.option
    option.loadscopereorder = False  # what takes longest stays first
    unsaid = getattr(option, "numprocesses", 0) is None and not option.usepdb and not hasattr(config, "workerinput")
    if unsaid and _named(config) == [HERE]:
        option.numprocesses = WORKERS


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByModule:
    return ByModule(config, log)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if collection_path == LIVE and not any(path == LIVE or LIVE in path.parents for path in _named(config)):
        return True
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Warnings are errors in our own tests (a certification of somebody's server must not fail for one). What waits
    longest comes first."""
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("error"))
    items.sort(key=lambda item: (*WAIT_LONGEST, item.path.name).index(item.path.name))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that lacks a program fails with one line that says how to install it."""
    report = yield
    if call.excinfo is not None and isinstance(call.excinfo.value, ToolMissing):
        report.longrepr = str(call.excinfo.value)
    return report
