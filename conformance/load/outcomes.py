"""What users experience, as Locust counts it: each outcome is fired once, with its own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance.load.tally import Tally
from conformance.record.transcript import Doubt
from conformance.requirements import catalogue

DOUBTFUL = 3
"""What others took as long for as this part of the deadline may still have been under way when it was given up."""
LAW, USER = "law", "user"
"""The types of Locust's requests: violations of laws, and what users experience."""


class Violation(Exception):
    """A law was broken."""


class Failed(Exception):
    """Something that a user wanted did not work."""


@dataclass
class Outcomes:
    """Of one worker. ``fire``: Locust's ``events.request.fire``; ``rounded``: how Locust rounds times (ms);
    ``deadline``: how many seconds of silence are waited out."""

    fire: Callable[..., None]
    rounded: Callable[[float], int]
    tally: Tally
    deadline: float
    slowest: float = 0.0
    """Seconds that something came after."""

    def came(self, name: str, seconds: float) -> None:
        """One of ``budgets.OUTCOMES``, or a refusal."""
        self.slowest = max(self.slowest, seconds)
        self._fired(USER, name, seconds * 1000)
        self.tally.counts[name] += 1
        if name == "ack":
            self.tally.acked(time.time(), self.rounded(seconds * 1000))

    def failed(self, name: str, seconds: float, why: str) -> None:
        self._fired(USER, name, seconds * 1000, Failed(why))
        self.tally.apart[f"{name}: {why}"] += 1

    def apart(self, what: str) -> None:
        """Something that load legally does to a server."""
        self.tally.apart[what] += 1

    def moved(self, done: bool) -> None:
        """A connection was to move from polling to a WebSocket. Which transports there are is the target's choice."""
        if done:
            self.tally.counts["upgrade"] += 1
        else:
            self.apart("stayed with polling: the upgrade to WebSocket was not completed")

    def violated(self, requirement: str) -> None:
        """It has no time of its own: none is counted."""
        self._fired(LAW, requirement, None, Violation(catalogue()[requirement].title))

    @property
    def doubt(self) -> dict[str, str]:
        """What an entry says of something that was given up just now."""
        return {"doubt": str(Doubt.SLOW)} if self.slowest * DOUBTFUL > self.deadline else {}

    def _fired(self, kind: str, name: str, milliseconds: float | None, failure: Exception | None = None) -> None:
        fields: dict[str, Any] = {"request_type": kind, "name": name, "response_time": milliseconds}
        self.fire(**fields, response_length=0, exception=failure, context={})
