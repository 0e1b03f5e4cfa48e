"""Time that passes for the target: what a busy machine takes from this process does not count against it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

SLICE = 0.1
"""Seconds."""


async def one_slice(seconds: float, wait: Callable[[float], Awaitable[object]]) -> float:
    """``wait`` for a slice of so many seconds; how many of them passed for the target. However long the slice took,
    no more counts than twice what it was meant to take: while this process was not scheduled, nothing could be read."""
    meant = min(seconds, SLICE)
    began = time.monotonic()
    await wait(meant)
    return min(time.monotonic() - began, 2 * meant)


@asynccontextmanager
async def unhurried(seconds: float) -> AsyncIterator[None]:
    """``asyncio.timeout``, measured in slices."""

    async def expire(bound: asyncio.Timeout) -> None:
        left = seconds
        while left > 0:
            left -= await one_slice(left, asyncio.sleep)
        bound.reschedule(asyncio.get_running_loop().time())

    async with asyncio.timeout(None) as bound:
        clock = asyncio.create_task(expire(bound))
        try:
            yield
        finally:
            clock.cancel()
