"""What the doctor asks a target for at last: its clock, within the bounds of every other request."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from conformance.auth.tokens import KeyMinter
from conformance.auth.users import Minted, Users
from conformance.drive import examination, preflight
from conformance.drive.context import RunContext
from conformance.drive.examination import Examination
from conformance.redaction import Redactor
from tests.support.clients import DEADLINE, SECRET
from tests.support.peers import in_loop, serving


async def examined(handle: Any, monkeypatch: pytest.MonkeyPatch, deadline: float = DEADLINE) -> Examination:
    """Of a target that was found to be a Help Center, and answers no more than the last request."""

    async def checked(context: RunContext, *_: object, **__: object) -> RunContext:
        return context

    async def lost(*_: object) -> list[str]:
        return []

    monkeypatch.setattr(preflight, "check", checked)
    monkeypatch.setattr(examination, "_lost_sessions", lost)
    redactor = Redactor()
    users = Users(Minted(KeyMinter(SECRET)), redactor, run="test")
    async with serving(handle) as url:
        run = RunContext.create(url, {}, None, redactor, deadline=deadline, settle=0.05, max_payload=2**16)
        return await examination.examine(run, users, wait=0, within=30)


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31 Dec 99999999999999999999 23:59:59 GMT"])
@in_loop
async def test_a_date_that_cannot_be_used_is_none(date: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def handle(_: web.Request) -> web.Response:
        return web.json_response({}, headers={"Date": date})

    found = await examined(handle, monkeypatch)
    assert (found.clock, found.unanswered) == (None, "")


@in_loop
async def test_no_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handle(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError("never")

    found = await examined(handle, monkeypatch, deadline=0.2)
    assert found.clock is None
    assert found.unanswered.startswith("ReadTimeout: not answered within ")


@in_loop
async def test_no_more_than_is_taken_of_other_answers_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = 0

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse()
        await answer.prepare(request)
        while sent < 2**28:
            await answer.write(bytes(2**20))
            sent += 2**20
        return answer

    found = await examined(handle, monkeypatch)
    assert found.clock is not None
    assert sent < 2**26
