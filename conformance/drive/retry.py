"""Trying again at targets that limit their rate or are busy: how long, and one after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

FIRST_PAUSE = 0.1
"""Seconds."""


class Pauses:
    """What a scenario may spend on pauses that the target asks for: so long at a time, and so long in all (seconds)."""

    LONGEST, IN_ALL = 60.0, 120.0

    def __init__(self) -> None:
        self._left = self.IN_ALL

    def grant(self, asked: float | None, *, waited: float = 0.0) -> float:
        """As long as was asked for, but for what was waited since; or what is left. Nothing where that is out of all
        bounds."""
        if asked is None or asked > self.LONGEST:
            return 0.0
        granted = min(max(0.0, asked - waited), self._left)
        self._left -= granted
        return granted


class Turns:
    """Has those try again one after the other who were refused for their pace. Were they all to come back at the same
    moment, a limit would let a few through and refuse the others each time, until their pauses are used up.

    When one has tried in vain to its last pause, those who have waited for their turn meanwhile give up with it: a
    target that refuses everything costs one row of pauses, and not one for each.
    """

    IN_VAIN = 20
    """So many rows of pauses, of three seconds and more each, outlast a limit that counts by the minute."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._given_up = 0
        self.anybody = False
        """Whether anybody was ever let in."""

    @property
    def hopeless(self) -> bool:
        """Whether no one was ever let in, however often that was tried again."""
        return not self.anybody and self._given_up >= self.IN_VAIN

    @property
    def given_up(self) -> int:
        """How often somebody has tried in vain to the last pause."""
        return self._given_up

    async def none_waiting(self) -> None:
        """Wait while others try again: whoever comes for the first time would take what they wait for."""
        async with self._turn:
            pass

    async def retry(
        self,
        attempt: Callable[[], Awaitable[T]],
        *,
        last: T,
        refused: Callable[[T], bool],
        pause: Callable[[T, float, float], Awaitable[None]],
        pauses: Iterable[float],
    ) -> T:
        """Wait for a turn, and then ``attempt`` again after one pause (seconds) after the other, until that is not
        ``refused``. What came of the last attempt; of ``last``, which was refused, where another has given up
        meanwhile. ``pause`` is given what was refused, how long to wait at least, and how long it is that it was
        refused."""
        since, at = self._given_up, time.monotonic()
        async with self._turn:
            if since != self._given_up:
                return last
            for seconds in pauses:
                await pause(last, seconds, time.monotonic() - at)
                last, at = await attempt(), time.monotonic()
                if not refused(last):
                    return last
            self._given_up += 1
            return last


def growing_pauses(at_most: float) -> Iterator[float]:
    """Pauses between tries, each twice as long as the one before, of so many seconds in all."""
    pause, spent = FIRST_PAUSE, 0.0
    while spent + pause <= at_most:
        yield pause
        spent += pause
        pause *= 2
