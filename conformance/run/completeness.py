"""Whether every judgement was selected and has run; and why none was."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from conformance.paths import SUITES, resolved
from conformance.requirements import Catalogue, Level, ids_of
from conformance.run import selection
from conformance.run.certification import Certification
from conformance.run.outcome_recorder import test_id


def is_complete(
    config: pytest.Config,
    judgements: Sequence[pytest.Item],
    certification: Certification,
    left_out: Collection[Path] = (),
) -> bool:
    """Whether these are the judgements of all suites, and have run. ``left_out``: files in which the run has nothing
    to judge."""
    files = {path.resolve() for path in SUITES.glob("test_*.py")}.difference(left_out)
    collected = {resolved(item.path) for item in judgements}
    picked = any("::" in arg for arg in config.args)
    ran = {test_id(item) for item in judgements} <= {
        *certification.outcomes,
        *_observing(judgements, certification.catalogue),
    }
    return files <= collected and not picked and ran


def _observing(judgements: Sequence[pytest.Item], known: Catalogue) -> set[str]:
    return {test_id(item) for item in judgements if known[ids_of(item)[0]].level is Level.OBSERVATION}


def missed(
    config: pytest.Config, certification: Certification, judgements: Sequence[pytest.Item] | None, deselected: int
) -> str | None:
    """Why there was nothing to judge. ``judgements``: those that were selected, None when collecting has not ended;
    ``deselected``: how many were not."""
    if judgements is None or judgements:
        return None
    if not selection.is_wanted(config):
        return selection.intruders(config)
    return selection.matched_nothing(config, certification.catalogue, deselected)
