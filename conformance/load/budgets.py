"""Budgets: times that a run must not exceed, as in ``p95_ack=300ms``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.errors import UsageError

OUTCOMES = ("connect", "greeting", "ack", "echo", "echo_elsewhere", "reply", "rest")
"""What is measured, by the names in Locust's table but for spaces."""
EXAMPLE = "p95_ack=300ms"
_FORM = re.compile(r"p(?P<percent>\d{1,2}(?:\.\d+)?)_(?P<outcome>[a-z_]+)=(?P<time>\d+(?:\.\d+)?)(?P<unit>ms|s)")


@dataclass(frozen=True, slots=True)
class Budget:
    """``share`` of the times of an outcome are at most so many ``milliseconds``. ``text``: as it was asked for."""

    text: str
    share: float
    outcome: str
    milliseconds: float

    def judged(self, times: Mapping[str, Mapping[float, float | None]]) -> str | None:
        """What is wrong, for a person; None where it is kept. ``times``: of each outcome, by share."""
        actual = times.get(self.outcome, {}).get(self.share)
        if actual is None:
            return f"{self.text}: nothing to measure, no {self.outcome.replace('_', ' ')} was seen"
        return f"{self.text}: {actual:g}ms" if actual > self.milliseconds else None


def parse(text: str) -> Budget:
    """Raises UsageError."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            f"--budget={text} is not understood: pass a percentile, an outcome and a time, as in {EXAMPLE}"
        )
    if found["outcome"] not in OUTCOMES:
        raise UsageError(f"--budget={text}: {found['outcome']} is not measured. These are: {', '.join(OUTCOMES)}")
    milliseconds = float(found["time"]) * (1000 if found["unit"] == "s" else 1)
    return Budget(text.strip(), float(found["percent"]) / 100, found["outcome"], milliseconds)
