"""In which order the scenarios of a run are recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from conformance.drive.scenario import Scenario, ScenarioCall

FEW = 8
"""Scenarios with bad tokens at the same time, where the target is near."""


def phases(calls: Iterable[ScenarioCall]) -> list[list[ScenarioCall]]:
    """One after the other; what is in one is recorded side by side, and begins in this order."""
    ordered = sorted(calls, key=lambda call: (_phase(call), *_turn(call.scenario)))
    return [list(group) for _, group in groupby(ordered, key=_phase)]


def new_users(still: Sequence[Sequence[ScenarioCall]]) -> int:
    """How many users that never had contact are needed for these phases."""
    return sum(call.scenario.users for phase in still for call in phase if call.scenario.brand_new)


def refused_at_once(rtt: float, *, apart: float) -> int:
    """How many scenarios that end in a refusal, and begin ``apart`` (seconds), are recorded side by side. A target may
    well shut out an address that sends many bad tokens in a short time; one that is far away gets no more of them in
    a second where more are on their way at the same moment."""
    return FEW + int(FEW * rtt / apart)


def _turn(scenario: Scenario) -> tuple[bool, bool, bool]:
    """What takes longest comes first, and who comes back after all others last."""
    return scenario.returns is not None, not scenario.takes_seconds, not scenario.many_steps


def _phase(call: ScenarioCall) -> tuple[int, bool]:
    """By wave, and within a wave the first contacts of new users before all others, for whether they overlap is a
    matter of milliseconds, and as long as a user is kept for them no other scenario has it."""
    return call.scenario.wave, not call.scenario.brand_new
