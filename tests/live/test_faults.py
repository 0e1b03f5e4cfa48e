"""Every check can fail: broken servers are certified, and the requirement that each one's fault breaks is blamed.

A few faults that break every requirement between them are certified here: every fortieth one whole, and some more, the
others by the judgements of what they break, in a tenth of the time. ``python -m tests.faults`` certifies all faults
whole; what it wrote is held against what they say, and ``tests/rejudged`` has what else the kept transcripts of each
fail.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import matrix
from tests.faults.battery import QUICK, certify_fault, selection
from tests.faults.fault import cover, load_all

FAULTS = load_all()
FEW = cover(FAULTS)
BESIDE_ALL_ELSE = {"HasNullBeforeTheFirstSocket", "RefusesNowAndThen", "TakesTooSmallFrames"}
"""What they break shows only among everything that a whole run sends."""
WHOLE = {*FEW[::40], *BESIDE_ALL_ELSE}


@pytest.mark.timeout(0)  # the battery has a timeout of its own for each certification
@pytest.mark.parametrize("fault", sorted(FEW, key=lambda name: name not in WHOLE))  # what takes longest comes first
def test_the_fault_is_blamed_and_nothing_else(fault: str, tmp_path: Path) -> None:
    broken = FAULTS[fault]
    selected = [] if fault in WHOLE else selection(sorted(broken.breaks))
    certified = certify_fault(broken, tmp_path, *QUICK, *selected)
    assert certified.verdict, certified.output
    assert not certified.ids("error"), certified.output
    assert not certified.contradictions
    missed = broken.breaks - certified.failed
    assert not missed, f"not blamed: {sorted(missed)}; failed: {sorted(certified.failed)}"
    collateral = {one: certified.reason(one) for one in certified.failed - broken.breaks - broken.also}
    assert not collateral


def test_the_kill_matrix_is_kept_in_step() -> None:
    written = matrix.written()
    assert written.keys() == FAULTS.keys(), "run python -m tests.faults --write NAME-PART …"
    assert matrix.wrong(FAULTS, written).nothing, "run python -m tests.faults --write NAME-PART …"
