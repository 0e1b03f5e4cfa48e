"""Every check can fail: broken servers are certified, and the requirement that each one's fault breaks is blamed.

One fault for each requirement is certified here. ``python -m tests.faults`` certifies them all, and what it wrote is
held against what the faults say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future

import pytest

from tests.faults import matrix
from tests.faults.battery import Certified, certify_fault, pool
from tests.faults.fault import cover, load_all

FAULTS = load_all()


@pytest.fixture(scope="session")
def battery(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Future[Certified]]]:
    """The certifications of all selected faults, begun at once and side by side."""
    callspecs = [getattr(item, "callspec", None) for item in request.session.items]
    names = [spec.params["name"] for spec in callspecs if spec and spec.params.get("name") in FAULTS]
    folder = tmp_path_factory.mktemp("faults")
    with pool() as workers:
        yield {name: workers.submit(certify_fault, FAULTS[name], folder / name) for name in dict.fromkeys(names)}
        workers.shutdown(cancel_futures=True)


@pytest.mark.timeout(0)  # the battery has a timeout of its own for each certification
@pytest.mark.parametrize("name", cover(FAULTS))
def test_the_fault_is_blamed_and_nothing_else(name: str, battery: Mapping[str, Future[Certified]]) -> None:
    fault, certified = FAULTS[name], battery[name].result()
    assert certified.verdict, certified.output
    assert not certified.ids("error"), certified.output
    missed = fault.breaks - certified.failed
    assert not missed, f"not blamed: {sorted(missed)}; failed: {sorted(certified.failed)}"
    collateral = {one: certified.reason(one) for one in certified.failed - fault.breaks - fault.also}
    assert not collateral


def test_the_kill_matrix_is_kept_in_step() -> None:
    written = matrix.written()
    assert written.keys() == FAULTS.keys(), "run python -m tests.faults --write NAME-PART …"
    assert matrix.wrong(FAULTS, written).nothing, "run python -m tests.faults --write NAME-PART …"
