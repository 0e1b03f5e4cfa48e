"""Who is told that a connection came too soon comes again after a pause."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from conformance.checks import authentication
from conformance.drive.opening import ScenarioAborted
from conformance.record.health import kept_out, lost
from conformance.record.transcript import Kind
from conformance.record.views import Record
from conformance.reference import HelpCenter, Problem
from tests.support.peers import in_loop
from tests.support.staging import BOTH, stage_on


class TooManyAtFirst(HelpCenter):
    """Refuses so many connections for their pace, in words."""

    times = 2
    said: ClassVar[dict[str, Any]] = {
        "code": "RATE_LIMITED",
        "message": "Too many connections.",
        "details": {"retryAfter": 0.3},
    }

    async def admit(self, sid: str, user: str) -> None:
        self.times -= 1
        if self.times >= 0:
            await self.refuse(sid, Problem(**self.said))
        else:
            await super().admit(sid, user)


@BOTH
@in_loop
async def test_who_comes_too_soon_comes_again_and_what_was_refused_is_not_judged(transport: str) -> None:
    async with stage_on(TooManyAtFirst) as stage:
        async with stage.device(transport=transport) as phone:
            await phone.send_plain()
        [connection] = Record(stage.transcript).all_connections
        assert connection.greeted
        limits = [entry for entry in stage.transcript.of(Kind.MARK) if entry.get("limited") == "RATE_LIMITED"]
        assert [entry.get("label") for entry in limits] == ["RATE_LIMITED: tries again after 0.3 s"] * 2
        assert len(stage.transcript.of(Kind.OPEN)) == 3
        assert lost(stage.transcript) is None


class LimitsStrangers(TooManyAtFirst):
    """Before it looks at the token."""

    times = 1

    async def on_connect(self, sid: str, environ: Any, auth: object = None) -> None:
        self.times -= 1
        if self.times >= 0:
            await self.refuse(sid, Problem(**self.said))
        else:
            await super().on_connect(sid, environ, auth)


@in_loop
async def test_who_comes_too_soon_with_a_bad_token_comes_again_too() -> None:
    async with stage_on(LimitsStrangers) as stage:
        await stage.device(token=await stage.user.bad("garbage")).connect()
        await stage.close()
        refused = authentication.refusal(Record(stage.transcript))
        authentication.coded(refused)
        assert len(stage.transcript.of(Kind.OPEN)) == 2


@in_loop
async def test_a_limit_in_words_that_holds_out_is_the_last_connection_alone() -> None:
    async with stage_on(type("Forever", (TooManyAtFirst,), {"times": 1000})) as stage:
        with pytest.raises(ScenarioAborted, match="RATE_LIMITED"):
            await stage.device().connect()
        await stage.close()
        [connection] = Record(stage.transcript).all_connections
        assert connection.too_soon is not None
        assert kept_out(stage.transcript)
        assert lost(stage.transcript) is None


@in_loop
async def test_an_error_that_speaks_of_no_limit_is_no_reason_to_come_again() -> None:
    said = {"code": "SERVER_ERROR", "message": "Something went wrong. Please try again later."}
    async with stage_on(type("Fails", (TooManyAtFirst,), {"said": said})) as stage:
        with pytest.raises(ScenarioAborted, match="SERVER_ERROR"):
            await stage.device().connect()
        assert len(stage.transcript.of(Kind.OPEN)) == 1
