"""The recorder's waits."""

from __future__ import annotations

import asyncio
import time

import pytest

from conformance.record.capacity import Capacity
from conformance.record.clock import SLICE, one_slice, unhurried
from conformance.record.recorder import EACH, FREE, Recorder
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


@in_loop
async def test_it_is_quiet_once_none_of_the_connections_was_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(Transcript("key", "key"), Redactor())
    heard = [2, 1, 3, 2, 3, 3]

    async def slice_of(seconds: float, _: object) -> float:
        recorder.add(Kind.RECEIVED, connection=heard.pop(0), packet="EVENT")
        return seconds

    monkeypatch.setattr("conformance.record.recorder.one_slice", slice_of)
    await recorder.quiet(0.1, 1, 2, at_most=5)
    assert heard == [2, 3, 3]
    await recorder.quiet(0.1, 1, 2, at_most=0.15)
    assert heard == [3]


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


# -- a target that sends too much --------------------------------------------------------------------------------------


def flooded(kind: Kind, **data: str) -> int:
    """After how many entries of a kind recording ends."""
    recorder = Recorder(Transcript("key", "key"), Redactor())
    for _ in range(3 * FREE):
        recorder.add(kind, **data)
    assert recorder.flooded.is_set() == (len(recorder.transcript.entries) < 3 * FREE)
    return len(recorder.transcript.entries)


def test_no_more_is_kept_than_a_few_thousand_packets() -> None:
    assert flooded(Kind.RECEIVED) == flooded(Kind.GARBLED) == flooded(Kind.ENGINE, direction="<") == FREE + 1
    assert flooded(Kind.ENGINE, direction=">") == flooded(Kind.SENT) == 3 * FREE


def test_whoever_is_sent_much_may_answer_much() -> None:
    recorder = Recorder(Transcript("key", "key"), Redactor())
    for _ in range(FREE):
        recorder.add(Kind.SENT)
        for _ in range(EACH):
            recorder.add(Kind.RECEIVED)
    assert len(recorder.transcript.entries) == FREE * (EACH + 1)


def test_no_more_is_kept_than_there_is_room_for_in_a_run() -> None:
    capacity = Capacity(room=100_000)
    recorders = [Recorder(Transcript("key", "key"), Redactor(), capacity=capacity) for _ in range(2)]
    for recorder in recorders:
        recorder.add(Kind.RECEIVED, args=["x" * 30_000, *[{}] * 500])
    assert [recorder.flooded.is_set() for recorder in recorders] == [False, True]
    assert [len(recorder.transcript.entries) for recorder in recorders] == [1, 0]
    assert recorders[1].excess == (
        "the target sent more than the 100.0 kB that are kept in a run (and 16.4 kB for each packet that it was sent): "
        "pass --max-payload=400000 to keep twice as much"
    )


def test_whoever_is_sent_something_may_answer_it() -> None:
    capacity = Capacity(room=0)
    recorder = Recorder(Transcript("key", "key"), Redactor(), capacity=capacity)
    recorder.add(Kind.SENT)
    recorder.add(Kind.RECEIVED, args=["x" * 2000])
    assert not recorder.flooded.is_set()


@in_loop
async def test_while_nothing_is_read_no_time_passes_for_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    held = iter([True] * 5)
    recorder = Recorder(Transcript("key", "key"), Redactor(), is_held=lambda: next(held, False))
    began = time.monotonic()
    assert await recorder.until(lambda: None, within=0.2) is None
    assert time.monotonic() - began >= 5 * 0.1 + 0.2
    assert not recorder.flooded.is_set()


@in_loop
async def test_it_is_not_waited_for_ever_until_others_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.record.recorder.LONGEST_HELD", 0.3)
    recorder = Recorder(Transcript("key", "key"), Redactor(), is_held=lambda: True)
    assert await recorder.until(lambda: None, within=0.2) is None
    assert recorder.flooded.is_set()
    assert "--concurrency" in recorder.excess


def test_of_a_long_text_the_beginning_is_kept_without_secrets() -> None:
    redactor = Redactor()
    redactor.register("a secret", "secret")
    recorder = Recorder(Transcript("key", "key"), redactor)
    kept = recorder.add(Kind.RECEIVED, text=f"{'x' * 99_996}a secret{'x' * 10**6}").get("text")
    assert kept == f"{'x' * 99_996}‹sec… (1,099,996 characters)".replace("(1,099,996", "(1,100,004")
    assert recorder.brief("x" * 196 + "a secret") == "x" * 196 + "‹sec"
