"""The batteries of broken and of odd servers are certified beside all other live tests, and asked for last: they keep
every processor busy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.battery import QUICK, Certified, certify_fault, pool
from tests.faults.fault import load_all as load_faults
from tests.legal.legal import LEGAL, OddServer, shared
from tests.legal.legal import load_all as load_legal

HERE = Path(__file__).parent
FAULTY, ODD = HERE / "test_faults.py", HERE / "test_legal.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path in (FAULTY, ODD))


@dataclass(frozen=True)
class Batteries:
    """Certifications under way: by the name of the fault; by oddity, with the server that has it."""

    faults: Mapping[str, Future[Certified]] = field(default_factory=dict)
    odd: Mapping[str, tuple[OddServer, Future[Certified]]] = field(default_factory=dict)


@pytest.fixture(scope="session", autouse=True)
def batteries(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Batteries]:
    """Begin what the selected tests will ask for."""
    faults, odd = _asked(request, FAULTY, "fault"), _asked(request, ODD, "odd")
    if not faults and not odd:
        yield Batteries()
        return
    folder, known = tmp_path_factory.mktemp("batteries"), load_faults()
    load_legal()
    with pool() as workers:
        runs = [
            (server, workers.submit(server.certify, folder, *QUICK)) for server in shared([LEGAL[name] for name in odd])
        ]
        yield Batteries(
            faults={name: workers.submit(certify_fault, known[name], folder / name, *QUICK) for name in faults},
            odd={one.name: (server, run) for server, run in runs for one in server.oddities},
        )
        workers.shutdown(cancel_futures=True)


def _asked(request: pytest.FixtureRequest, path: Path, parameter: str) -> list[str]:
    """The values of a parameter of the selected tests in a file."""
    callspecs = [getattr(item, "callspec", None) for item in request.session.items if item.path == path]
    return list(dict.fromkeys(spec.params[parameter] for spec in callspecs if spec and parameter in spec.params))
