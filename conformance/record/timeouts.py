"""How long to wait for what must come: until the conversation has been silent for long enough.

The document has no time limits, so that a target is slow does not matter; whether it is silent is what counts.
What comes in the same conversation meanwhile begins a wait anew. How long the silence must be is learned from the run:
as long as nothing is known, very long (``late``); where a kind of answer was waited for in vain and never came at all,
short; where some came and some were lost for good, some times as long as what came took.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from conformance.record.transcript import Doubt

LATE, LEAST = 3, 15.0
"""Deadlines, and seconds at least, of silence after which what has not come is taken to never come."""
IN_VAIN = 4
"""How many times sooner than the deadline a wait ends for what the target has never done in the run."""
OFTEN, SHORTEST = 5, 5
"""After so many more such waits the next ones are half as long, and half as long again; but no shorter than one of that
many parts of the first."""
SURE = 3
"""After so many that were lost for good, while others came, the wait is as short, or as long as theirs requires."""
DOUBTFUL = 3
"""What has not come after this many times the longest silence that it ever came after is lost; sooner, it may come."""
GREETED, UNJUDGED, ACK, REFUSING_ACK = "connected", "connected on trial", "ack", "refusing ack"
"""Kinds of answers: the greeting, that of an experiment, and to sends."""
EARLY_ACK, EARLY_MESSAGE = "early ack", "early message"
"""To a send before the greeting: a target that loses those owes other acks and events all the same, and may be slow."""
ENGINE_HANDSHAKE, ANSWER, SHOWN = "handshake", "REST", "shown by REST"
"""Outside of Help Center connections."""
_WITHOUT = {REFUSING_ACK: ACK, EARLY_ACK: ACK, ACK: GREETED, UNJUDGED: GREETED}
"""What never comes either, where none of another kind ever came."""
CHATTER = 3
"""How many times as long a wait may be prolonged by what answers nothing: typing, words of support."""


def late(deadline: float) -> float:
    """Seconds of silence after which what has not come is taken to never come."""
    return max(LATE * deadline, LEAST)


@dataclass
class _Known:
    """What the run knows of a kind of answer: whether it ever came, after how long a silence at most, and how many
    were lost for good."""

    came: bool = False
    slowest: float = 0.0
    lost: int = 0
    in_vain: int = 0
    """How many more were not waited for to the end, as none had ever come."""


@dataclass
class AdaptiveTimeout:
    """Of a whole run. Seconds of silence; kinds of answers by name ("ack", "message", …)."""

    deadline: float
    late: float
    answers: int = 0
    """How many came, of all kinds."""
    _kinds: defaultdict[str, _Known] = field(default_factory=lambda: defaultdict(_Known))

    def of(self, kind: str, behind: int = 0) -> float:
        """How long silence must last now until one of this kind is given up, where so many other events may have to be
        handled first."""
        known = self._kinds[kind]
        if self._hopeless(kind):
            return self.deadline / IN_VAIN / min(1 << known.in_vain // OFTEN, SHORTEST)
        usual = max(DOUBTFUL, behind) * known.slowest
        least = self.deadline / IN_VAIN if known.lost >= SURE else self.late
        return min(max(least, usual), CHATTER * self.late)

    def came(self, kind: str, silence: float) -> None:
        """One of this kind came, after so long a silence at most."""
        known = self._kinds[kind]
        self.answers += 1
        known.came, known.in_vain, known.slowest = True, 0, max(known.slowest, silence)

    def gave_up(self, kind: str, silence: float, behind: int = 0) -> Doubt | None:
        """One of this kind did not come. Why it may still have been under way; None: it never comes."""
        known = self._kinds[kind]
        if self._hopeless(kind):
            known.in_vain += 1
            return Doubt.UNPRECEDENTED
        if silence < max(DOUBTFUL, behind) * known.slowest:
            return Doubt.SLOW
        known.lost += 1
        return None

    def _hopeless(self, kind: str) -> bool:
        """Whether the run has waited for one of this kind to the end, and none ever came."""
        if self._kinds[kind].came:
            return False
        return self._kinds[kind].lost > 0 or (kind in _WITHOUT and self._hopeless(_WITHOUT[kind]))

    @property
    def slow(self) -> bool:
        """Whether the target takes its time for acks."""
        return self.slowest(ACK) > self.deadline / IN_VAIN

    def is_short(self, kind: str) -> bool:
        """Whether so many were lost that the wait for the next one is short, or as long as what came requires."""
        return self._hopeless(kind) or self._kinds[kind].lost >= SURE

    def ever_came(self, *kinds: str) -> bool:
        """Whether any of these ever came."""
        return any(self._kinds[kind].came for kind in kinds)

    def slowest(self, *kinds: str) -> float:
        """The longest silence after which one of these came."""
        return max((self._kinds[kind].slowest for kind in kinds), default=0.0)


@dataclass
class Talk:
    """What has come in the conversation of one user, on all devices and over REST: anything, and answers."""

    heard: int = 0
    answered: int = 0

    def add(self, *, answer: bool) -> None:
        self.heard += 1
        self.answered += answer


class Taken(NamedTuple):
    """A message that was accepted: of which user, its id, and after how many entries of the record it was sent."""

    user: str
    message_id: str
    since: int
