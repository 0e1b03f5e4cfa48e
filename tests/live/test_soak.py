"""A short soak: both correct servers, far away. ``python -m tests.soak 200`` is the long one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.faults.battery import QUICK, Certified, pool
from tests.soak import Run, certified
from tests.support.distance import Distance

RUNS = (Run(1, "reference", Distance(0.1, 0.05, seed=1), 64), Run(2, "node", Distance(0.02, 0.02, seed=2), 16))


@pytest.fixture(scope="module")
def soaked(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Certified]:
    """Both certifications, side by side."""
    folder: Path = tmp_path_factory.mktemp("soak")
    with pool() as workers:
        return {
            run.server: outcome for run, outcome, _ in workers.map(lambda run: certified(run, folder, *QUICK), RUNS)
        }


@pytest.mark.timeout(0)  # each certification has a timeout of its own
@pytest.mark.parametrize("server", [run.server for run in RUNS])
def test_a_correct_server_far_away_is_conformant(server: str, soaked: Mapping[str, Certified]) -> None:
    outcome = soaked[server]
    assert outcome.exit_code == 0, outcome.output
    assert not outcome.failed, outcome.output
    assert not outcome.contradictions
