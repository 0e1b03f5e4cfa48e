"""What a device sends, and what of it is tried again."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from conformance.drive.device import ScenarioAborted
from conformance.protocol import CONNECTED
from conformance.record.rate_limits import CONTROL
from conformance.record.timeouts import ACK, EARLY_ACK, EARLY_MESSAGE, AdaptiveTimeout
from conformance.record.views import Record
from conformance.reference import Event, HelpCenter, Problem
from tests.support.peers import in_loop
from tests.support.staging import attempts, stage_on


class Throttling(HelpCenter):
    """Refuses the first sends for their pace."""

    refusals = 3
    code = "RATE_LIMITED"

    def validate(self, payload: object) -> str:
        if self.refusals > 0:
            self.refusals -= 1
            raise Problem(self.code, "slower")
        return super().validate(payload)


@in_loop
async def test_a_throttled_text_is_tried_again_with_growing_pauses() -> None:
    async with stage_on(Throttling) as stage:
        async with stage.device() as phone:
            answer = await phone.send_text("hello")
        assert answer["message"]["text"] == "hello"
        assert [(e.get("send"), e.get("attempt")) for e in attempts(stage)] == [(1, 1), (1, 2), (1, 3), (1, 4)]
        times = [e.at for e in attempts(stage)]
        pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
        assert all(pause >= least for pause, least in zip(pauses, [0.1, 0.2, 0.4], strict=True))


class Limiting(HelpCenter):
    """Takes five texts a second, and no two at once."""

    next_one = 0.0

    async def on_send(self, event: Event) -> None:
        now = asyncio.get_running_loop().time()
        if now < self.next_one:
            await self.reject(event, Problem("RATE_LIMITED", "Not so fast."))
        else:
            self.next_one = now + 0.2
            await super().on_send(event)


@in_loop
async def test_texts_that_were_throttled_together_are_tried_again_one_by_one() -> None:
    async with stage_on(Limiting, deadline=1.0) as stage, stage.device() as phone:
        await phone.pipeline([f"text {number}" for number in range(8)])
        assert len(Record(stage.transcript).accepted()) == 8


@in_loop
async def test_those_who_wait_for_their_turn_give_up_with_the_one_who_tries() -> None:
    async with stage_on(type("Always", (Throttling,), {"refusals": 10**6}), deadline=0.8) as stage:
        async with stage.device() as phone:
            await phone.pipeline(["one", "two", "three"])
        sends = [send for send in Record(stage.transcript).sends if send.tag != CONTROL]
        assert sorted(send.attempts[-1].entry.get("attempt") for send in sends) == [1, 1, 4]


@in_loop
async def test_trying_again_is_bounded() -> None:
    async with stage_on(type("Always", (Throttling,), {"refusals": 10**6}), deadline=0.8) as stage:
        async with stage.device() as phone:
            answer = await phone.send_text("hello")
            with pytest.raises(ScenarioAborted):
                await phone.send_plain()
        assert answer["error"]["code"] == "RATE_LIMITED"
        assert len(attempts(stage)) == 8


@pytest.mark.parametrize(
    ("code", "valid", "tries"),
    [("VALIDATION_ERROR", True, 1), ("RATE_LIMITED", False, 1), ("RATE_LIMITED", True, 4)],
)
@in_loop
async def test_what_is_tried_again(code: str, valid: bool, tries: int) -> None:
    async with stage_on(type("Some", (Throttling,), {"code": code})) as stage:
        async with stage.device() as phone:
            await phone.send_text("hello", valid=valid)
        assert len(attempts(stage)) == tries


@in_loop
async def test_an_invalid_text_is_tried_again_once_its_code_is_known_to_be_about_the_pace() -> None:
    async with stage_on(Throttling) as stage, stage.device() as phone:
        stage.run.throttle_codes.add("RATE_LIMITED")
        answer = await phone.send_text("", valid=False)
        assert answer["error"]["code"] == "VALIDATION_ERROR"


class ForgetsEarlySends(HelpCenter):
    """Ignores all sends, and greets after the fourth."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.early = asyncio.Semaphore(0)

    async def welcome(self, sid: str, user: str) -> None:
        self.spawn(self.greet(sid, user))

    async def greet(self, sid: str, user: str) -> None:
        for _ in range(4):
            await self.early.acquire()
        await super().welcome(sid, user)

    async def on_send(self, event: Event) -> None:  # noqa: ARG002
        self.early.release()


async def learned_from_early_sends(kind: type[HelpCenter]) -> AdaptiveTimeout:
    """What a run knows of how long to wait, after four texts that were sent before the greeting."""
    async with stage_on(kind, deadline=0.3) as stage:
        phone = stage.device()
        await phone.open()
        await phone.enter_sending(["one", "two", "three", "four"], tag="burst")
        assert phone.inbox.heard(CONNECTED)
        return phone.context.run.timeout


@in_loop
async def test_sends_that_are_lost_before_the_greeting_shorten_no_wait_for_others() -> None:
    timeout = await learned_from_early_sends(ForgetsEarlySends)
    assert timeout.is_short(EARLY_ACK)
    assert not timeout.is_short(ACK)


class TellsNothingOfEarlySends(ForgetsEarlySends):
    """Acks them all the same."""

    async def on_send(self, event: Event) -> None:
        message = self.save(self.sender_of(event), self.validate(self.payload_of(event)), sender="user")
        await self.acknowledge(event, self.ack_payload(message))
        await super().on_send(event)


@in_loop
async def test_events_that_are_lost_before_the_greeting_shorten_no_wait_for_others() -> None:
    timeout = await learned_from_early_sends(TellsNothingOfEarlySends)
    assert timeout.is_short(EARLY_MESSAGE)
    assert not timeout.is_short("message")
