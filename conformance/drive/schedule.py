"""In which order the scenarios of a run are recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby

from conformance.drive.scenario import Scenario, ScenarioCall

FEW = 8
"""Scenarios with bad tokens at the same time, where the target is near."""
SIMPLEST, LAST = 12, 10
"""Scenarios with bad tokens that come before those of many steps, and behind them."""


def phases(calls: Iterable[ScenarioCall]) -> list[list[ScenarioCall]]:
    """One after the other; what is in one is recorded side by side, and begins in this order."""
    ordered = sorted(calls, key=lambda call: (_phase(call), *_turn(call.scenario)))
    return [_spread(list(group)) for _, group in groupby(ordered, key=_phase)]


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
    first = scenario.many_steps and not scenario.limit_concurrency
    return scenario.returns is not None, not scenario.takes_seconds, not first


def _spread(phase: list[ScenarioCall]) -> list[ScenarioCall]:
    """Those of many steps with bad tokens evenly among the others with bad tokens, behind the simplest: these come
    first, for then it is soon clear what a target dies of. None is among the last, and waited for at the end."""
    limited = [call for call in phase if call.scenario.limit_concurrency and not call.scenario.takes_seconds]
    long = [call for call in limited if call.scenario.many_steps]
    short = [call for call in limited if not call.scenario.many_steps]
    among = short[SIMPLEST - 1 : -LAST] or short[-1:]
    if not long or not among:
        return phase
    following: dict[str, list[ScenarioCall]] = defaultdict(list)
    for number, call in enumerate(long):
        following[among[number * len(among) // len(long)].key].append(call)
    others = (call for call in phase if call not in long)
    return [one for call in others for one in (call, *following[call.key])]


def _phase(call: ScenarioCall) -> tuple[int, bool]:
    """By wave, and within a wave the first contacts of new users before all others, for whether they overlap is a
    matter of milliseconds, and as long as a user is kept for them no other scenario has it."""
    return call.scenario.wave, not call.scenario.brand_new
