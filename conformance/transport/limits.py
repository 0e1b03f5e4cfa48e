"""How much of what a target sends is taken, in bytes. A target without limits must not take all memory; and a limit of
ours is never the target's failure: what exceeds one is named, with the option that raises it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from conformance.transport.meter import Meter

MAX_BYTES = 64 * 2**20
"""Of one answer or one WebSocket message, decompressed. A greeting with 50,000 messages has 12 MB."""
MAX_ERROR_BYTES = 2**20
"""Of the body of an answer other than 200, which is only quoted."""
LARGE = 4 * 2**20
"""Bodies that are larger are read one after the other, and so are messages once one was too large."""
OPTION = "--max-payload"


@dataclass
class Intake:
    """Of a whole run. ``most``: bytes of one answer or message."""

    most: int = field(default_factory=lambda: MAX_BYTES)
    exceeded: bool = False
    """Whether a WebSocket message was larger than that. Others may be, at the same time, and cannot take turns."""
    meter: Meter = field(default_factory=Meter)
    """What is taken is counted, with all else that the run costs the target."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def of_message(self) -> int:
        """What a WebSocket message may have now."""
        return min(self.most, LARGE) if self.exceeded else self.most

    @asynccontextmanager
    async def turns(self) -> AsyncIterator[Turn]:
        """Whoever reads a body asks for its turn when that becomes large."""
        async with AsyncExitStack() as stack:
            yield Turn(self._turn, stack)


class Turn:
    """Of one reader."""

    def __init__(self, lock: asyncio.Lock, stack: AsyncExitStack) -> None:
        self._lock, self._stack, self._taken = lock, stack, False

    async def taken(self, size: int) -> None:
        """Go on with a body that has so many bytes by now, when it is its turn."""
        if size > LARGE and not self._taken:
            self._taken = True
            await self._stack.enter_async_context(self._lock)


def oversized(limit: int, what: str) -> str:
    return f"sent more than {limit:,} bytes in one {what}"
