"""The loop in the background lets go of all that was begun, however many steps it takes to end."""

from __future__ import annotations

import asyncio
import threading

import pytest

from conformance.drive import background as module
from conformance.drive.background import Background


def test_what_takes_many_steps_to_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LETTING_GO", 0.02)
    monkeypatch.setattr(module, "AGAIN", 0.01)
    background, began, ended = Background(), threading.Event(), threading.Event()

    async def closes(devices: int) -> None:
        try:
            began.set()
            await asyncio.Event().wait()
        finally:
            if devices:
                await closes(devices - 1)
            ended.set()

    background.begin(closes(6))
    began.wait()
    background.stop(())
    assert ended.wait(5)
    assert background.loop.is_closed()
