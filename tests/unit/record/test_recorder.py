"""The recorder's waits."""

from __future__ import annotations

import asyncio

import pytest

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
