"""Trying again what a target refused for its pace: it limits its rate, or is busy."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable


class Turns:
    """Has those try again one after the other who were refused for their pace. Were they all to come back at the same
    moment, a limit would let a few through and refuse the others each time, until their pauses are used up.

    When one has tried in vain to its last pause, those who have waited for their turn meanwhile give up with it: a
    target that refuses everything costs one row of pauses, and not one for each.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._given_up = 0

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
