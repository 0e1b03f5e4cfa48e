"""How many scenarios are recorded at once falls in steps where the target asks for patience."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from conformance.drive import pace as pace_module
from conformance.drive.pace import NOT_TAKEN, STEP, UNANSWERED, Pace
from tests.support.peers import in_loop, rounds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at it comes a step after the one before."""
    ticks = itertools.count(start=100.0, step=STEP)
    monkeypatch.setattr(pace_module, "monotonic", lambda: next(ticks))


class Crowd:
    """Scenarios that are recorded until they are let go."""

    def __init__(self, pace: Pace, size: int) -> None:
        self._pace = pace
        self._ends = asyncio.Event()
        self.running = self.most = 0
        self.tasks = [asyncio.create_task(self._record()) for _ in range(size)]

    async def _record(self) -> None:
        async with self._pace.turn():
            self.running += 1
            self.most = max(self.most, self.running)
            await self._ends.wait()
            self.running -= 1

    async def end(self) -> None:
        self._ends.set()
        await asyncio.gather(*self.tasks)


@in_loop
async def test_each_step_is_a_quarter_down_to_one_scenario() -> None:
    pace = Pace(24)
    crowd = Crowd(pace, 24)
    await rounds()
    fallen = []
    for _ in range(10):
        pace.slower("HTTP 429")
        fallen.append(pace.at_once)
    assert fallen == [18, 13, 9, 6, 4, 3, 2, 1, 1, 1]
    assert pace.note() == (
        "the target asked for patience (10 × HTTP 429): 1 scenario was recorded at once in the end, 24 at first"
    )
    await crowd.end()


@in_loop
async def test_those_that_run_go_on_and_the_next_wait_for_room() -> None:
    pace = Pace(4)
    first = Crowd(pace, 4)
    await rounds()
    pace.slower(NOT_TAKEN)
    assert (first.running, pace.at_once) == (4, 3)
    later = Crowd(pace, 5)
    await rounds()
    assert later.running == 0
    await first.end()
    await rounds()
    assert later.running == 3
    await later.end()
    assert later.most == 3


@in_loop
async def test_whoever_gives_up_while_it_waits_takes_no_room() -> None:
    pace = Pace(2)
    first = Crowd(pace, 2)
    await rounds()
    pace.slower(NOT_TAKEN)
    second = Crowd(pace, 2)
    await rounds()
    second.tasks.pop().cancel()
    await first.end()
    await rounds()
    assert second.running == 1
    await second.end()


@in_loop
async def test_what_is_refused_at_the_same_moment_is_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(24)
    crowd = Crowd(pace, 24)
    await rounds()
    monkeypatch.setattr(pace_module, "monotonic", lambda: 1000.0)
    for _ in range(20):
        pace.slower("HTTP 503")
    assert pace.at_once == 18
    await crowd.end()


@in_loop
async def test_one_scenario_alone_is_as_slow_as_it_gets() -> None:
    pace = Pace(24)
    async with pace.turn():
        pace.slower("HTTP 429")
    pace.slower(NOT_TAKEN)
    assert pace.at_once == 24
    assert pace.note() == (
        "the target asked for patience (1 × HTTP 429, 1 × connections not taken): what it refused was tried again"
    )


def test_nothing_is_said_where_nothing_was_refused() -> None:
    assert Pace(24).note() is None


@in_loop
async def test_a_crowd_that_had_to_let_go_comes_back_as_a_quarter() -> None:
    pace = Pace(20)
    pace.crowded()
    assert pace.at_once == 5
    pace.crowded()
    assert pace.at_once == 1
    assert pace.note() == (
        "the target answered nobody while 20 and 5 scenarios were recorded at once, and did once they had let go "
        "of their connections: they were recorded again, 1 at once in the end (pass --concurrency)"
    )


@in_loop
async def test_what_is_refused_to_one_alone_as_well_was_not_for_the_pace() -> None:
    pace = Pace(4)
    first = Crowd(pace, 4)
    await rounds()
    pace.slower(UNANSWERED)
    later = Crowd(pace, 4)
    await first.end()
    await rounds()
    assert later.running == 3
    pace.not_for(UNANSWERED)
    await rounds()
    assert (later.running, pace.at_once, pace.note()) == (4, 4, None)
    await later.end()


@in_loop
async def test_another_reason_to_go_slowly_stands() -> None:
    pace = Pace(4)
    crowd = Crowd(pace, 4)
    await rounds()
    pace.slower("HTTP 429")
    pace.slower(UNANSWERED)
    pace.not_for(UNANSWERED)
    assert pace.at_once == 2
    assert pace.note() == (
        "the target asked for patience (1 × HTTP 429): 2 scenarios were recorded at once in the end, 4 at first"
    )
    await crowd.end()
