"""How long goodbyes are waited for: as long as it is not known that none is answered."""

from __future__ import annotations

import asyncio

import pytest

from conformance.transport import goodbyes
from conformance.transport.goodbyes import IN_VAIN, Goodbyes
from tests.support.peers import in_loop


async def said_in_vain(to: Goodbyes) -> None:
    async with to.awaited():
        await asyncio.Event().wait()


@pytest.fixture(autouse=True)
def seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(goodbyes, "CLOSING", 0.01)
    monkeypatch.setattr(goodbyes, "SHORTENED", 0.0)


@in_loop
async def test_a_target_that_answers_none_is_not_waited_for_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    to = Goodbyes()
    for _ in range(IN_VAIN):
        await said_in_vain(to)
    monkeypatch.setattr(goodbyes, "CLOSING", 1000.0)
    await said_in_vain(to)
    assert to.unanswered == IN_VAIN + 1


@in_loop
async def test_one_that_answered_once_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    to, answer = Goodbyes(unanswered=2 * IN_VAIN), asyncio.Event()
    async with to.awaited():
        pass
    assert to.answered
    monkeypatch.setattr(goodbyes, "CLOSING", 1000.0)
    asyncio.get_running_loop().call_later(0.05, answer.set)
    async with to.awaited():
        await answer.wait()
    assert to.unanswered == 2 * IN_VAIN
