"""What a device waits for, and how long."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conformance.record.transcript import Doubt, Kind
from conformance.record.views import Record
from conformance.reference import Event, HelpCenter
from tests.support.peers import in_loop
from tests.support.staging import attempts, stage_on, story


class LateEvents(HelpCenter):
    """Acks first, tells later."""

    async def announce(self, user: str, message: Any, *, origin: str | None) -> None:
        async def later() -> None:
            await asyncio.sleep(0.05)
            await HelpCenter.announce(self, user, message, origin=origin)

        self.spawn(later())


@in_loop
async def test_a_send_is_done_when_it_is_acked_and_heard() -> None:
    async with stage_on(LateEvents) as stage, stage.device() as phone:
        await phone.send_text("hello")
        assert story(stage)[-2:] == ["< ACK", "< help_center:message"]


@pytest.mark.parametrize(("text", "last"), [(" hello ", "< help_center:message"), ("", "< help_center:error")])
@in_loop
async def test_a_send_without_ack_is_done_when_it_is_reported(text: str, last: str) -> None:
    async with stage_on(LateEvents) as stage, stage.device() as phone:
        answer = await phone.send_text(text, ack=False)
        assert story(stage)[-1] == last
        assert set(answer) == {"message"} if text else {"error"}


@in_loop
async def test_a_pipeline_goes_out_before_its_answers_are_waited_for() -> None:
    async with stage_on(HelpCenter) as stage, stage.device() as phone:
        await phone.pipeline(["a", "b", "c"])
        reported = [word for word in story(stage) if "send" in word or "ACK" in word]
        assert reported == ["> help_center:send"] * 3 + ["< ACK"] * 3
        assert [e.get("args")[0]["text"] for e in attempts(stage)] == ["a", "b", "c"]


class NeverAcks(HelpCenter):
    async def acknowledge(self, event: Event, answer: Any) -> None:
        pass


@in_loop
async def test_a_post_waits_for_its_ack_no_longer_than_a_quiet_window() -> None:
    async with stage_on(NeverAcks) as stage, stage.device() as phone:
        await phone.emit_send("no object", 7, tag="odd")
        assert attempts(stage)[0].get("args") == ["no object", 7]
        assert "expired" not in " ".join(story(stage))


@in_loop
async def test_what_never_came_is_waited_for_less_long() -> None:
    async with stage_on(NeverAcks, deadline=0.8) as stage, stage.device() as phone:
        assert await phone.send_text("one") is None
        assert await phone.send_text("two") is None
        assert await phone.send_text("", valid=False) is None
        expired = [(e.get("waiting"), e.get("doubt")) for e in stage.transcript.of(Kind.EXPIRED)]
        acks = [{"ack": number} for number in (1, 2, 3)]
        assert expired == [(acks[0], None), *((ack, Doubt.UNPRECEDENTED) for ack in acks[1:])]
        first, *others = (e.get("seconds") for e in stage.transcript.of(Kind.EXPIRED))
        assert first >= 0.8
        assert all(seconds < 0.8 for seconds in others)


class AcksOneAfterTheOther(HelpCenter):
    """Takes half a second for each."""

    async def on_send(self, event: Event) -> None:
        await asyncio.sleep(0.5)
        await super().on_send(event)


@in_loop
async def test_an_answer_to_something_else_begins_a_wait_anew() -> None:
    async with stage_on(AcksOneAfterTheOther, deadline=0.9) as stage, stage.device() as phone:
        await phone.pipeline([stage.words() for _ in range(5)])
        assert len(Record(stage.transcript).accepted()) == 5
        assert not stage.transcript.of(Kind.EXPIRED)


class TypesForEver(NeverAcks):
    """Never acks, and never stops typing."""

    async def on_send(self, event: Event) -> None:
        self.spawn(self.chat(event.sid))

    async def chat(self, sid: str) -> None:
        while sid in self.users:
            await self.emit("help_center:typing", {"isTyping": True, "sender": "support"}, to=sid)
            await asyncio.sleep(0.01)


@in_loop
async def test_what_is_no_answer_does_not_keep_a_wait_for_ever() -> None:
    async with stage_on(TypesForEver, deadline=0.4) as stage, stage.device() as phone:
        assert await phone.send_text("one") is None
        assert [e.get("waiting") for e in stage.transcript.of(Kind.EXPIRED)] == [{"ack": 1}]


class AcksTooLate(HelpCenter):
    """The first ack comes when it is not waited for any more."""

    async def acknowledge(self, event: Event, answer: Any) -> None:
        self.spawn(self.later(event, answer))

    async def later(self, event: Event, answer: Any) -> None:
        await asyncio.sleep(0.7)
        await super().acknowledge(event, answer)


@in_loop
async def test_what_comes_too_late_is_waited_for_the_next_time() -> None:
    async with stage_on(AcksTooLate, deadline=0.3) as stage, stage.device() as phone:
        assert await phone.send_text("one") is None
        await phone.wait_closed(within=0.8)
        answer = await phone.send_text("two")
        assert answer["message"]["text"] == "two"


class Chatty(HelpCenter):
    """Never stops typing."""

    async def on_typing(self, event: Event) -> None:
        async def chat() -> None:
            while event.sid in self.users:
                await self.emit("help_center:typing", {"isTyping": True, "sender": "support"}, to=event.sid)
                await asyncio.sleep(0.01)

        self.spawn(chat())


@in_loop
async def test_a_chatty_server_does_not_keep_a_device_for_ever() -> None:
    async with stage_on(Chatty) as stage, stage.device() as phone:
        await phone.typing({"isTyping": True})
        async with asyncio.timeout(60):  # far beyond any machine's pace: without a bound it would never return
            await phone.fence()
        assert not phone.closed


@in_loop
async def test_a_device_waits_for_silence_after_the_last_packet() -> None:
    async with stage_on(LateEvents, settle=0.2) as stage, stage.device() as phone:
        await phone.emit_send({"text": "hello"}, tag="odd")
        await phone.settle()
        assert story(stage)[-1] == "< help_center:message"
        assert stage.recorder.now - stage.transcript.entries[-1].at >= 0.2


@in_loop
async def test_what_was_sent_since_the_last_answer_is_counted() -> None:
    async with stage_on(HelpCenter) as stage, stage.device() as phone:
        for _ in range(3):
            await phone.typing({"isTyping": True})
        await phone.settle()
        assert phone.inbox.ahead == 3
        await phone.send_text("hello")
        assert phone.inbox.ahead == 0
