"""Which scenarios are recorded again that lost something, and how often. Pure: it counts and decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from conformance.drive import suspects
from conformance.drive.scenario import ScenarioCall
from conformance.drive.stimuli import Stimulus, stimuli
from conformance.record.health import broken, kept_out, lost, moment, span, unanswered, waited_in_vain
from conformance.record.incidents import Loss, incidents, losses
from conformance.record.transcript import Entry, Kind, Transcript

AGAIN = 5
"""Connections (or requests) lost in so many recordings and once more in the second ones: no need to ask on."""
EXTRA = 4
"""Third recordings of a run, for scenarios that the environment struck twice: of those that lose something then, too.
"""
HELPED = 12
"""Third recordings of a run that lost nothing any more, and are not counted among those."""
DEATHS = 2
"""How often a target dies of one scenario, played alone, until that is to blame."""
ALIKE = 2
"""How many scenarios are blamed for what one requirement judges: others are not tried any more."""


@dataclass
class Case:
    """A scenario that is to be recorded again. ``loss``: what it lost by itself, if anything."""

    call: ScenarioCall
    recordings: list[Transcript]
    loss: Entry | None
    waited: bool = False
    """Whether it is for what it waited for in vain, at a target that may have had no room for it."""
    bystander: bool = False
    """Whether others lost something while it was recorded, and it did not."""
    deaths: int = 0


@dataclass
class RerunPolicy:
    """What a run has learnt of losses so far."""

    recurred: Counter[Kind] = field(default_factory=Counter)
    """By what was lost: ``Kind.HTTP`` for requests."""
    extra: int = EXTRA
    blamed: Counter[str] = field(default_factory=Counter)
    """By the requirement that judges what the target died of."""
    losses: list[Loss] = field(default_factory=list)
    """Of the recordings that have ended."""
    restless: bool = False
    """Whether several scenarios have lost something at the same time."""
    unprovoked: bool = False
    """Whether connections end with nothing sent at all: then no scenario is what the target dies of."""
    in_vain: int = 0
    """How many scenarios were kept out for their pace, or waited in vain, when nothing else was recorded, too."""
    crowded: bool = False
    """Whether a new connection or a request, or anything at a slow target, had no answer while others were recorded.
    """
    helped: int = 0
    """How many scenarios lost something twice, and nothing after that."""

    def struck(self, transcript: Transcript, running: Iterable[Transcript]) -> tuple[Entry | None, bool]:
        """What a scenario lost, and whether others lost something, too, while it was recorded."""
        self.losses += losses(transcript)
        happened = self._happened(transcript, [*self.losses, *(loss for one in running for loss in losses(one))])
        self.restless = self.restless or happened
        return lost(transcript), happened

    def _happened(self, transcript: Transcript, known: Iterable[Loss]) -> bool:
        """Whether the environment struck while a scenario was recorded. What is lost again and again, by scenarios that
        are recorded alone, is the target's doing, and says nothing of the environment."""
        unexplained = [loss for loss in known if not self._recurs(loss.kind)]
        return any(one.covers(transcript) for one in incidents(unexplained))

    def _recurs(self, kind: Kind) -> bool:
        return self.recurred[kind] >= AGAIN

    def waits(self, transcript: Transcript, *, others: bool, slow: bool) -> bool:
        """Whether a scenario waited in vain, beside others, for what the target may have had no room for, or, where it
        is ``slow``, no time."""
        if self.alone_in_vain:
            return False
        vain = bool(unanswered(transcript)) or (slow and waited_in_vain(transcript))
        self.crowded = self.crowded or (others and vain)
        self.in_vain += self.crowded and vain and not others
        return self.crowded and waited_in_vain(transcript)

    @property
    def alone_in_vain(self) -> bool:
        """Whether what has no answer has none either where nothing else is recorded: that is not for want of room."""
        return self.in_vain >= AGAIN

    def worthwhile(self, case: Case) -> bool:
        """Whether recording a scenario again may still tell something."""
        if case.bystander and self._happened(case.recordings[0], self.losses):
            return True
        if case.loss is None and (case.waited or kept_out(case.recordings[-1])):
            return not self.alone_in_vain
        if case.bystander:
            return False
        return not self._recurs(Kind.CLOSED if case.loss is None else case.loss.kind)

    def familiar(self, case: Case) -> str | None:
        """The requirement that was blamed often enough for what this scenario was just sending when it was lost."""
        culprit = suspect(case.recordings[0])
        judge = culprit.judges[0] if culprit is not None and culprit.odd else ""
        return judge if self.blamed[judge] >= ALIKE else None

    def once_more(self, *, died: bool) -> bool:
        """Whether a scenario that lost something in its second recording, too, gets another."""
        if not (died or self.restless) or self.extra <= 0:
            return False
        self.extra -= not died
        return True

    def calm(self, case: Case) -> None:
        """A scenario that was recorded again lost nothing. Where it had lost something twice, it was the environment
        that struck, and others that it strikes twice are owed as much."""
        if len(case.recordings) > 2 and case.deaths == 0 and self.helped < HELPED:
            self.helped += 1
            self.extra += 1

    def blame(self, culprit: Stimulus) -> None:
        self.blamed[culprit.judges[0]] += 1


def suspect(transcript: Transcript) -> Stimulus | None:
    """What a target may have died of in a scenario that was played alone."""
    loss = lost(transcript)
    until = moment(transcript, loss) if loss is not None else span(transcript)[1]
    return suspects.alone(stimuli(transcript), until, broken=next(iter(broken(transcript)), None))
