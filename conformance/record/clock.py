"""Time that passes for the target: what a busy machine takes from us does not count."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

SLICE = 0.1
"""Seconds."""


@asynccontextmanager
async def unhurried(seconds: float) -> AsyncIterator[None]:
    """``asyncio.timeout``, cut into slices none of which counts much longer than it was meant to be: on a machine that
    gives us no time, it is not the target that is late."""
    loop = asyncio.get_running_loop()
    left, began = seconds, loop.time()
    ticking: asyncio.TimerHandle | None = None

    def tick() -> None:
        nonlocal left, began, ticking
        now = loop.time()
        left, began = left - min(now - began, 2 * SLICE), now
        if left <= 0:
            bound.reschedule(now)
        else:
            ticking = loop.call_later(min(left, SLICE), tick)

    try:
        async with asyncio.timeout(None) as bound:
            ticking = loop.call_later(min(left, SLICE), tick)
            yield
    finally:
        if ticking is not None:
            ticking.cancel()
