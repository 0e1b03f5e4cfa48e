"""What happened to several scenarios at once: the environment's doing, or that of a target that went down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.record.health import accidents, moment, of_scenario, span
from conformance.record.transcript import Kind, Transcript

MOMENTS = 1.0
"""Seconds between two losses that belong together."""
SEVERAL = 2
NAMED = 3


@dataclass(frozen=True, slots=True)
class Loss:
    """``kind``: of what was lost, ``Kind.HTTP`` for a request."""

    at: float
    scenario: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Incident:
    """Connections and requests of several scenarios that were lost within the same moments."""

    losses: Sequence[Loss]

    @property
    def scenarios(self) -> list[str]:
        return list(dict.fromkeys(loss.scenario for loss in self.losses))

    def covers(self, transcript: Transcript) -> bool:
        """Whether it happened while the scenario was recorded."""
        began, ended = span(transcript)
        return began <= self.losses[-1].at and self.losses[0].at <= ended

    @property
    def described(self) -> str:
        return f"within the same moments, {self.losses[0].at:.1f} s after the start, {_lost(self.losses)}"


def of_several(several: Sequence[Incident]) -> str:
    """All of what happened more than once, for a person."""
    every = [loss for one in several for loss in one.losses]
    when = ", ".join(f"{one.losses[0].at:.1f} s" for one in several[:NAMED]) + (" …" if several[NAMED:] else "")
    return f"within the same moments, {when} after the start, {_lost(every)}"


def _lost(found: Sequence[Loss]) -> str:
    scenarios = list(dict.fromkeys(loss.scenario for loss in found))
    more = len(scenarios) - NAMED
    who = ", ".join(scenarios[:NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{len(found)} connections or requests of {len(scenarios)} scenarios were lost ({who})"


def losses(transcript: Transcript) -> list[Loss]:
    """Whatever the scenario lost by accident."""
    name = of_scenario(transcript)
    return [Loss(moment(transcript, entry), name, entry.kind) for entry in accidents(transcript)]


def incidents(found: Iterable[Loss], *, several: int = SEVERAL) -> list[Incident]:
    """What belongs together among the losses of a run, in its order, where that many scenarios lost something."""
    groups: list[list[Loss]] = []
    for loss in sorted(found, key=lambda loss: loss.at):
        if not groups or loss.at - groups[-1][-1].at > MOMENTS:
            groups.append([])
        groups[-1].append(loss)
    return [one for one in map(Incident, groups) if len(one.scenarios) >= several]
