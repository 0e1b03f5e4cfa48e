"""The harness lets go of its own connections, to see whether it is for them that the target answers nobody."""

from __future__ import annotations

import asyncio

from conformance.drive.crowd import Crowd
from tests.support.peers import in_loop, rounds


@in_loop
async def test_all_leave_and_who_comes_then_waits_until_the_look_is_over() -> None:
    crowd, events = Crowd(), []

    async def recording(name: str) -> None:
        async with crowd.joined() as leave:
            events.append(f"{name} came")
            await leave.wait()
        events.append(f"{name} left")

    first = [asyncio.create_task(recording(name)) for name in ("ada", "ben")]
    await rounds()
    assert crowd.is_there
    async with crowd.gone():
        assert not crowd.is_there
        late = asyncio.create_task(recording("cleo"))
        await rounds()
        events.append("looked")
    await rounds()
    assert events == ["ada came", "ben came", "ada left", "ben left", "looked", "cleo came"]
    assert not late.done()
    late.cancel()
    await asyncio.gather(*first, late, return_exceptions=True)


@in_loop
async def test_nobody_has_to_leave_twice() -> None:
    crowd = Crowd()
    async with crowd.gone():
        pass
    async with crowd.joined() as leave:
        assert not leave.is_set()
