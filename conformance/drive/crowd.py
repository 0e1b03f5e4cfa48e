"""The connections that the harness itself holds: a server may have no room beside them for one more."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LETTING_GO = 10.0
"""Seconds that recordings have to close their connections, a goodbye to each."""


class Crowd:
    """The recordings that hold connections now. They can be made to leave, to see whether it is for them that the
    target answers nobody."""

    def __init__(self) -> None:
        self._members = 0
        self._leave = asyncio.Event()
        self._door = asyncio.Lock()
        self._empty = asyncio.Event()

    @property
    def is_there(self) -> bool:
        """Whether anybody holds a connection."""
        return self._members > 0

    @asynccontextmanager
    async def joined(self) -> AsyncIterator[asyncio.Event]:
        """While connections are held: what is set once they have to be let go."""
        async with self._door:
            leave = self._leave
            self._members += 1
        try:
            yield leave
        finally:
            self._members -= 1
            if not self._members:
                self._empty.set()

    @asynccontextmanager
    async def gone(self) -> AsyncIterator[None]:
        """While all have let go of theirs, and nobody opens one."""
        async with self._door:
            self._leave.set()
            self._leave = asyncio.Event()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LETTING_GO):
                    while self._members:
                        self._empty.clear()
                        await self._empty.wait()
            yield
