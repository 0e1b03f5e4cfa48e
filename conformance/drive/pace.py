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


class Pace:
    """Falls in steps of a quarter, down to one scenario at a time, and does not rise again: what was too much once will
    be so again. ``most``: how many scenarios are recorded at once otherwise."""

    def __init__(self, most: int = 1) -> None:
        self.most = most
        self._limit = math.inf
        """None before the first step."""
        self._running = 0
        self._refused: Counter[str] = Counter()
        self._last_step = -math.inf
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
        if not self._refused:
            return None
        kinds = ", ".join(f"{count:,} × {why}" for why, count in self._refused.most_common())
        few = f"{self.at_once} scenario{'s were' if self.at_once > 1 else ' was'} recorded at once in the end"
        slowed = f"{few}, {self.most} at first" if self.at_once < self.most else "what it refused was tried again"
        return f"the target asked for patience ({kinds}): {slowed}"
