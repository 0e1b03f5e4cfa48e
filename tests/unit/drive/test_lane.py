"""Room for scenarios that are recorded side by side."""

from __future__ import annotations

import asyncio

from conformance.drive.lane import Lane
from tests.support.peers import in_loop


async def _begins(lane: Lane, times: list[float], *, odd: bool) -> None:
    async with lane.turn(odd=odd):
        times.append(asyncio.get_running_loop().time())


@in_loop
async def test_odd_scenarios_begin_one_after_the_other_and_after_those_of_another_lane() -> None:
    lane, times, now = Lane(3, apart=0.02, head_start=0.05), list[float](), asyncio.get_running_loop().time()
    await asyncio.gather(*(_begins(lane, times, odd=True) for _ in range(3)))
    assert [time - now >= least for time, least in zip(times, (0.049, 0.069, 0.089), strict=True)] == [True] * 3


@in_loop
async def test_documented_ones_begin_at_once_as_many_as_there_is_room_for() -> None:
    lane, running, most, done = Lane(2, apart=60, head_start=60), 0, 0, asyncio.Event()

    async def scenario() -> None:
        nonlocal running, most
        async with lane.turn(odd=False):
            running += 1
            most = max(most, running)
            if most == 2:
                done.set()
            await done.wait()
            running -= 1

    await asyncio.gather(*(scenario() for _ in range(5)))
    assert most == 2
