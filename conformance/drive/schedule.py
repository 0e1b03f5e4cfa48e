"""In which order the scenarios of a run are recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from conformance.drive.scenario import ScenarioCall


def phases(calls: Iterable[ScenarioCall]) -> list[list[ScenarioCall]]:
    """One after the other; what is in one is recorded side by side, and begins in this order."""
    ordered = sorted(calls, key=lambda call: (_phase(call), not call.scenario.takes_seconds))
    return [list(group) for _, group in groupby(ordered, key=_phase)]


def new_users(still: Sequence[Sequence[ScenarioCall]]) -> int:
    """How many users that never had contact are needed for these phases."""
    return sum(call.scenario.users for phase in still for call in phase if call.scenario.brand_new)


def _phase(call: ScenarioCall) -> tuple[int, bool]:
    """By wave, and within a wave the first contacts of new users before all others, for whether they overlap is a
    matter of milliseconds, and as long as a user is kept for them no other scenario has it."""
    return call.scenario.wave, not call.scenario.brand_new
