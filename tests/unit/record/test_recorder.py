"""The recorder's waits."""

from __future__ import annotations

import asyncio
import time

import pytest

from conformance.record.clock import SLICE, one_slice, unhurried
from conformance.record.recorder import Recorder
from conformance.record.transcript import Kind, Transcript
from conformance.redaction import Redactor
from tests.support.peers import in_loop


@in_loop
async def test_a_wait_that_is_cancelled_as_an_entry_comes_ends() -> None:
    recorder = Recorder(Transcript("key", "key"), Redactor())
    waiting = asyncio.ensure_future(recorder.until(lambda: None, within=20))
    await asyncio.sleep(0)  # it begins
    recorder.add(Kind.MARK, label="something else")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(waiting, 5)


# -- a machine that gives us no time -----------------------------------------------------------------------------------


async def stalls(_: float) -> None:
    time.sleep(0.3)  # noqa: ASYNC251  nothing else runs meanwhile: that is what it is for


@in_loop
async def test_a_slice_that_took_too_long_counts_twice_at_most() -> None:
    assert await one_slice(5.0, stalls) == 2 * SLICE
    assert await one_slice(0.02, stalls) == 0.04


@in_loop
async def test_a_timeout_outlives_a_stall() -> None:
    async with unhurried(0.25):
        await stalls(0)
        await asyncio.sleep(0)


@in_loop
async def test_a_timeout_ends_what_takes_longer() -> None:
    with pytest.raises(TimeoutError):
        async with unhurried(0.05):
            await asyncio.Event().wait()
