"""Trying again at targets that limit their rate or are busy: how long, and one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable


class Pauses:
    """What a scenario may spend on pauses that the target asks for: so long at a time, and so long in all (seconds)."""

    LONGEST, IN_ALL = 60.0, 120.0

    def __init__(self) -> None:
        self._left = self.IN_ALL

    def granted(self, asked: float | None) -> float:
        """As long as was asked for, or what is left; nothing where that is out of all bounds."""
        if asked is None or asked > self.LONGEST:
            return 0.0
        granted = min(asked, self._left)
        self._left -= granted
        return granted


class Turns:
    """Has those try again one after the other who were refused for their pace. Were they all to come back at the same
    moment, a limit would let a few through and refuse the others each time, until their pauses are used up.

    When one has tried in vain to its last pause, those who have waited for their turn meanwhile give up with it: a
    target that refuses everything costs one row of pauses, and not one for each.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._given_up = 0

    @property
    def given_up(self) -> int:
        """How often somebody has tried in vain to the last pause."""
        return self._given_up

    async def nobody(self) -> None:
        """Wait while somebody tries again: whoever comes for the first time would take what that one waits for."""
        async with self._turn:
            pass

    async def retry(self, again: Callable[[float], Awaitable[bool]], pauses: Iterable[float]) -> None:
        """Wait for a turn, and then call ``again`` with one pause (seconds) after the other until it says that this
        was taken."""
        since = self._given_up
        async with self._turn:
            if since != self._given_up:
                return
            for pause in pauses:
                if await again(pause):
                    return
            self._given_up += 1
