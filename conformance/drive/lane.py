"""Scenarios that are recorded side by side, and how soon one may begin after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Lane:
    """Room for so many scenarios at once. Those with odd input begin ``apart`` (seconds), the first of them after a
    ``head_start`` of another lane: what a target dies of can only be told where not all comes at the same moment."""

    def __init__(self, at_once: int, *, apart: float = 0.0, head_start: float = 0.0) -> None:
        self._room = asyncio.Semaphore(at_once)
        self._apart, self._head_start = apart, head_start
        self._next: float | None = None
        """When another one may begin, by the clock of the event loop."""

    @asynccontextmanager
    async def turn(self, *, odd: bool) -> AsyncIterator[None]:
        """While a scenario is recorded; ``odd``: it sends what is not documented."""
        async with self._room:
            if odd:
                now = asyncio.get_running_loop().time()
                begin = now + self._head_start if self._next is None else max(now, self._next)
                self._next = begin + self._apart
                await asyncio.sleep(begin - now)
            yield
