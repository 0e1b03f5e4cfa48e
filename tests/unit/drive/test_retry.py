"""Trying again: one after the other, and no longer than makes sense."""

from __future__ import annotations

import asyncio

import pytest

from conformance.drive.retry import Pauses, Turns, growing_pauses
from tests.support.peers import in_loop

REFUSED, TAKEN = "refused", "taken"


class Target:
    """Takes an attempt after so many that it refuses; notes how long was waited before each."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.waited: list[float] = []

    async def attempt(self) -> str:
        await asyncio.sleep(0)
        self.refusals -= 1
        return TAKEN if self.refusals < 0 else REFUSED

    async def pause(self, refused: str, seconds: float, _: float) -> None:
        assert refused == REFUSED
        self.waited.append(seconds)
        await asyncio.sleep(0)

    async def tried_again(self, turns: Turns) -> str:
        return await turns.retry(
            self.attempt, last=REFUSED, refused=lambda one: one == REFUSED, pause=self.pause, pauses=(1, 2, 4)
        )


@pytest.mark.parametrize(
    ("refusals", "waited", "outcome", "given_up"),
    [(0, [1], TAKEN, 0), (2, [1, 2, 4], TAKEN, 0), (3, [1, 2, 4], REFUSED, 1)],
)
@in_loop
async def test_it_is_tried_again_until_it_is_taken_or_the_pauses_are_used_up(
    refusals: int, waited: list[float], outcome: str, given_up: int
) -> None:
    target, turns = Target(refusals), Turns()
    assert await target.tried_again(turns) == outcome
    assert (target.waited, turns.given_up) == (waited, given_up)


@in_loop
async def test_whoever_waits_for_a_turn_gives_up_with_the_one_whose_turn_it_is() -> None:
    turns, target = Turns(), Target(refusals=100)
    assert await asyncio.gather(*(target.tried_again(turns) for _ in range(3))) == [REFUSED] * 3
    assert (target.waited, turns.given_up) == ([1, 2, 4], 1)


@in_loop
async def test_whoever_waits_for_a_turn_gets_it_when_the_other_is_through() -> None:
    turns, target = Turns(), Target(refusals=1)
    assert await asyncio.gather(*(target.tried_again(turns) for _ in range(2))) == [TAKEN] * 2
    assert target.waited == [1, 2, 1]


def test_pauses_grow_and_fit_into_what_there_is() -> None:
    assert list(growing_pauses(1.0)) == [0.1, 0.2, 0.4]
    assert not list(growing_pauses(0.05))


def test_pauses_that_are_asked_for_have_bounds() -> None:
    pauses = Pauses()
    assert [pauses.grant(asked) for asked in (None, 1.0, 3600.0, 60.0, 59.0, 60.0)] == [0, 1, 0, 60, 59, 0]


def test_what_was_waited_since_a_pause_was_asked_for_counts() -> None:
    pauses = Pauses()
    assert [pauses.grant(60.0, waited=waited) for waited in (0.0, 61.0, 20.0, 0.0, 0.0)] == [60, 0, 40, 20, 0]


@in_loop
async def test_whoever_waits_for_a_turn_waits_for_the_pause_that_was_asked_for_meanwhile() -> None:
    turns, first, second = Turns(), Target(refusals=0), Target(refusals=0)
    asked = 0.2
    waits: list[float] = []

    async def pause(_: str, __: float, waited: float) -> None:
        waits.append(max(0.0, asked - waited))
        await asyncio.sleep(waits[-1])

    async def again(target: Target) -> str:
        return await turns.retry(target.attempt, last=REFUSED, refused=REFUSED.__eq__, pause=pause, pauses=(0.0,))

    assert await asyncio.gather(again(first), again(second)) == [TAKEN] * 2
    assert (0 < waits[0] <= asked, waits[1]) == (True, 0.0)


@in_loop
async def test_a_target_that_never_lets_anybody_in_is_not_tried_for_ever() -> None:
    turns = Turns()

    async def attempt() -> bool:
        return False

    async def pause(_: bool, seconds: float, waited: float) -> None: ...

    for _ in range(Turns.IN_VAIN):
        assert not turns.hopeless
        await turns.retry(attempt, last=False, refused=lambda let_in: not let_in, pause=pause, pauses=[0.1])
    assert turns.hopeless
    turns.anybody = True
    assert not turns.hopeless
