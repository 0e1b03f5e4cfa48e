"""Whole certifications, which run beside the unit tests: begun with the session and asked for last in one process; the
first thing that one of several workers does."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.battery import SECRET, Certified, certify, certify_app
from tests.support.servers import node_server
from tests.support.shambles import shambles

HERE = Path(__file__).parent
SIDE_BY_SIDE = 2


@dataclass(frozen=True)
class Written:
    """A certification with all its reports."""

    certified: Certified
    file: Path
    """report.html"""


def _embedded(reports: Path) -> Certified:
    return certify(None, reports)


def _node(reports: Path) -> Certified:
    with node_server(f"--jwt-secret={SECRET}") as url:
        return certify(url, reports)


def _broken(reports: Path) -> Certified:
    return certify_app(shambles(SECRET), reports)


MADE = {"broken": _broken, "embedded": _embedded, "node": _node}
"""What takes longest comes first."""


WAITS_FOR_ALL = "test_correct_servers.py"
"""Behind the others: they read some of the certifications while the last ones are under way."""


class Whole:
    """The certifications under way, side by side."""

    def __init__(self) -> None:
        self._temporary = tempfile.TemporaryDirectory()
        self._workers = ThreadPoolExecutor(SIDE_BY_SIDE)
        self._folder = Path(self._temporary.name)
        self._runs = {name: self._workers.submit(make, self._folder / name) for name, make in MADE.items()}

    def __getitem__(self, name: str) -> Written:
        return Written(self._runs[name].result(), self._folder / name / "report.html")

    def end(self) -> None:
        self._workers.shutdown(cancel_futures=True)
        self._temporary.cleanup()


WHOLE = pytest.StashKey[Whole]()


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    first = _is_worker(config)
    items.sort(key=lambda item: ((HERE in item.path.parents) is not first, item.path.name == WAITS_FOR_ALL))


def pytest_collection_finish(session: pytest.Session) -> None:
    waits = session.config.option.collectonly or _is_worker(session.config)
    if not waits and any(HERE in item.path.parents for item in session.items):
        session.config.stash[WHOLE] = Whole()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if (whole := session.config.stash.get(WHOLE, None)) is not None:
        whole.end()


@pytest.fixture(scope="session")
def whole(request: pytest.FixtureRequest) -> Whole:
    """Whole certifications by name: of the embedded server, of the Node.js server, and of a broken one."""
    stash = request.config.stash
    if WHOLE not in stash:
        stash[WHOLE] = Whole()
    return stash[WHOLE]
