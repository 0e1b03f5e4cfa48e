"""Whether the target lives is asked once for many scenarios that waited in vain."""

from __future__ import annotations

import asyncio
import time
from typing import cast

import pytest
from starlette.responses import Response
from starlette.types import ASGIApp

from conformance.auth.tokens import KeyMinter
from conformance.auth.users import Minted, User
from conformance.drive.context import RunContext
from conformance.drive.liveness import Life
from conformance.record.transcript import Kind, Transcript
from conformance.redaction import Redactor
from conformance.reference import HelpCenter, Served, Verifier
from tests.support.clients import SECRET
from tests.support.handmade import Handmade
from tests.support.losses import began
from tests.support.peers import in_loop, rounds

USER = cast(User, None)


def silent(at: float) -> Transcript:
    """A device that was never greeted; ``at`` is when that was given up."""
    made = began(Handmade(), at)
    made.opens()
    made.add(Kind.EXPIRED, waiting={"greeting": True}, seconds=1.0)
    return made.transcript


@pytest.fixture
def life() -> Life:
    """Of a run that began a minute ago."""
    made = Life(RunContext.create("http://127.0.0.1:9", {}, None, Redactor(), deadline=0.2, settle=0.05))
    made._origin -= 60
    return made


@in_loop
async def test_who_has_waited_until_the_target_was_asked_does_not_ask_again(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    async def greets(_: User) -> bool:
        asked.append(time.monotonic())
        return True

    monkeypatch.setattr(life, "_greets", greets)
    assert await life.answered(silent(at=30.0), USER)
    assert await life.answered(silent(at=40.0), USER)
    assert len(asked) == 1
    assert await life.answered(silent(at=600.0), USER)
    assert len(asked) == 2


@in_loop
async def test_a_target_that_did_not_answer_is_asked_by_each(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([False, True, True])

    async def greets(_: User) -> bool:
        return next(answers)

    monkeypatch.setattr(life, "_greets", greets)
    assert not await life.answered(silent(at=30.0), USER)
    assert life.gone is None
    assert await life.answered(silent(at=600.0), USER)
    assert next(answers, None) is None


class KeepsOut(HelpCenter):
    """A gateway before it has too many connections."""

    def build_app(self) -> ASGIApp:
        return Response(status_code=503)


@in_loop
async def test_a_target_that_is_limited_is_not_said_to_have_stopped_at_what_it_was_sent() -> None:
    with Served(KeepsOut(Verifier(SECRET)).app) as server:
        life = Life(RunContext.create(server.url, {}, None, Redactor(), deadline=2.0, settle=0.05))
        made = began(Handmade(), 0.0)
        made.opens()
        made.greeted()
        made.emits({"text": "hello"})
        life.recordings += [made.transcript, waited := silent(at=30.0)]
        life._origin -= 60
        user = User("user 1", "ada", Minted(KeyMinter(SECRET)), Redactor(), brand_new=True)
        assert not await life.answered(waited, user)
    assert life.gone == "let no one in any more after 0.0 s: HTTP 503, as of a limit of rate"


async def holds(life: Life) -> None:
    """A recording that holds its connections until they have to be let go."""
    async with life.crowd.joined() as leave:
        await leave.wait()


@in_loop
async def test_a_target_that_answers_once_all_have_let_go_was_full(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    life._context.pace.most = 8
    let_go, kept = silent(at=20.0), silent(at=30.0)
    life.recordings += [let_go, kept]

    async def greets(_: User) -> bool:
        return not life.crowd.is_there

    monkeypatch.setattr(life, "_greets", greets)
    holding = asyncio.create_task(holds(life))
    await rounds()
    assert not await life.answered(kept, USER)
    await holding
    assert life.gone is None
    assert life._context.pace.at_once == 2
    assert not await life.keeps(let_go)
    assert life.recordings == [kept]
    assert not await life.answered(silent(at=25.0), USER), "who waited meanwhile did so for the crowd"


@in_loop
async def test_a_target_that_answers_nobody_when_all_have_let_go_is_gone(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def greets(_: User) -> bool:
        return False

    monkeypatch.setattr(life, "_greets", greets)
    holding = asyncio.create_task(holds(life))
    await rounds()
    assert not await life.answered(interrupted := silent(at=30.0), USER)
    await holding
    assert life.gone is not None
    assert await life.keeps(interrupted)
