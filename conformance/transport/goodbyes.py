"""How long a run waits for the target to answer a goodbye."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

CLOSING, SHORTENED = 2.0, 0.25
"""Seconds that each step of a goodbye may take; and once it is known that none is answered."""
IN_VAIN = 5


@dataclass(slots=True)
class Goodbyes:
    """On one transport, in a whole run: a target that has answered none of the first ones is not waited for so long."""

    unanswered: int = 0
    answered: bool = False

    @asynccontextmanager
    async def awaited(self) -> AsyncIterator[None]:
        """While one is said, and its answer waited for."""
        try:
            async with asyncio.timeout(CLOSING if self.answered or self.unanswered < IN_VAIN else SHORTENED):
                yield
            self.answered = True
        except TimeoutError:
            self.unanswered += 1
