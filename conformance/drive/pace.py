"""How many scenarios are recorded at once, and how that falls where the target asks for patience."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

SHARE = 0.75
"""What is left after a step of the scenarios that may be recorded at once."""
STEP = 1.0
"""Seconds between two steps: what is refused sooner is still answered to the pace before."""
NOT_TAKEN = "connections not taken"
UNANSWERED = "connections not answered in time"
CROWDED_OUT = 0.25
"""What is left of them where the target answered nobody for all the connections that they held."""


class Pace:
    """Falls in steps of a quarter, down to one scenario at a time, and does not rise again (but ``not_for``): what was
    too much once will be so again. ``most``: how many scenarios are recorded at once otherwise."""

    def __init__(self, most: int = 1) -> None:
        self.most = most
        self._limit = math.inf
        """None before the first step."""
        self._running = 0
        self._refused: Counter[str] = Counter()
        self._last_step = -math.inf
        self._jams: list[int] = []
        """How many scenarios were recorded at once when their connections were too many."""
        self._freed = asyncio.Event()

    @property
    def at_once(self) -> int:
        """How many scenarios may be recorded at once."""
        return int(min(self.most, self._limit))

    def slower(self, why: str) -> None:
        """The target, or a gateway before it, has refused something for the pace at which it came. One scenario alone
        is as slow as it gets."""
        self._refused[why] += 1
        now = monotonic()
        if self._running > 1 and now - self._last_step >= STEP:
            self._last_step = now
            self._limit = max(1, int(SHARE * self.at_once))

    def not_for(self, why: str) -> None:
        """What was refused so is refused to one scenario alone, too: it was not for the pace, which is as before unless
        there was another reason to slow down."""
        if self._refused.pop(why, 0) and not self._refused and not self._jams:
            self._limit = math.inf
            self._freed.set()

    def crowded(self) -> None:
        """The target answered nobody while so many were recorded, and did once they had let go of their connections."""
        self._jams.append(self.at_once)
        self._last_step = monotonic()
        self._limit = max(1, int(CROWDED_OUT * self.at_once))

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """While a scenario is recorded: begins when there is room for it."""
        while self._running >= self._limit:
            self._freed.clear()
            await self._freed.wait()
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._freed.set()

    def note(self) -> str | None:
        """For a person; None where nothing was refused."""
        said = [one for one in (self._crowd_note(), self._patience_note()) if one is not None]
        return "; ".join(said) or None

    def _crowd_note(self) -> str | None:
        if not self._jams:
            return None
        times = " and ".join(map(str, self._jams))
        return (
            f"the target answered nobody while {times} scenarios were recorded at once, and did once they had let go "
            f"of their connections: they were recorded again, {self.at_once} at once in the end (pass --concurrency)"
        )

    def _patience_note(self) -> str | None:
        if not self._refused:
            return None
        kinds = ", ".join(f"{count:,} × {why}" for why, count in self._refused.most_common())
        few = f"{self.at_once} scenario{'s were' if self.at_once > 1 else ' was'} recorded at once in the end"
        slowed = f"{few}, {self.most} at first" if self.at_once < self.most else "what it refused was tried again"
        return f"the target asked for patience ({kinds}): {slowed}"
