"""Devices that are connected at once from one process, each with a user and a recording of its own."""

from __future__ import annotations

import asyncio
import resource
import time
from contextlib import AsyncExitStack

from benchmarks.figure import Figure, Figures
from benchmarks.processes import reference
from benchmarks.stages import Stages

HOW_MANY = (10, 100, 1000)


def measure() -> Figures:
    figures, memory = [], _memory()
    took = {}
    for count in HOW_MANY:
        with reference() as url:
            wall, took[count] = asyncio.run(_connected(url, count))
        grown = _memory() - memory
        figures += [
            Figure(f"{count:,} devices: wall time", wall, "s"),
            Figure(f"{count:,} devices: processor time of each", took[count] / count * 1000, "ms"),
            Figure(f"{count:,} devices: memory of each", grown / count * 1000, "kB"),
        ]
    few, many = HOW_MANY[1:]
    growth = took[many] / many / (took[few] / few)
    return [*figures, Figure(f"processor time of each, {many:,} against {few:,}", growth, at_most=1.2)]


async def _connected(url: str, count: int) -> tuple[float, float]:
    """Seconds of wall time and processor time until all are greeted, and closed again."""
    stages = Stages(url)
    began, used = time.monotonic(), time.process_time()
    async with stages.users(count) as users, AsyncExitStack() as open_stages:
        own = [await open_stages.enter_async_context(stages.stage(user.name, [user])) for user in users]
        await asyncio.gather(*(stage.device().connect() for stage in own))
    return time.monotonic() - began, time.process_time() - used


def _memory() -> float:
    """Megabytes at most, until now."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
