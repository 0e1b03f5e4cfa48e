"""Devices: what they wait for, how long, and what they try again."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from typing import Any

import pytest
from aiohttp import web

from conformance.drive.device import ScenarioAborted
from conformance.drive.stage import Stage
from conformance.record.rate_limits import CONTROL
from conformance.record.transcript import Doubt, Entry, Kind
from conformance.record.views import Record
from conformance.reference import Event, HelpCenter, Problem
from tests.support.peers import HANDSHAKE, in_loop, serving
from tests.support.recovery import Recovers
from tests.support.staging import stage_at, stage_on, story

BOTH = pytest.mark.parametrize("transport", ["websocket", "polling"])

# -- packets -------------------------------------------------------------------------------------------------------


class SendsPictures(HelpCenter):
    """Emits a binary event, whose bytes follow in frames of their own, and takes away some of these."""

    lost = 0

    async def welcome(self, sid: str, user: str) -> None:
        await super().welcome(sid, user)
        engine = self.wire.eio.sockets[self.wire.manager.eio_sid_from_sid(sid, self.wire.namespace)]
        send = engine.send
        frames = itertools.count()

        async def losing(packet: Any) -> None:
            if not packet.binary or next(frames) >= self.lost:
                await send(packet)

        engine.send = losing
        await self.wire.emit("avatar", {"png": b"\x89PNG", "more": [b""]}, to=sid, namespace=self.wire.namespace)


@BOTH
@in_loop
async def test_the_bytes_of_a_binary_event_belong_to_it(transport: str) -> None:
    async with stage_on(SendsPictures) as stage:
        async with stage.device(transport=transport) as phone:
            await phone.send_plain()
        assert not stage.transcript.of(Kind.GARBLED)
        told = [str(entry.get("packet")) for entry in stage.transcript.of(Kind.ENGINE)]
        assert [line for line in told if "attachment" in line] == ["attachment of 4 bytes", "attachment of 0 bytes"]


@BOTH
@in_loop
async def test_a_binary_event_without_its_bytes_is_garbled(transport: str) -> None:
    async with stage_on(type("Loses", (SendsPictures,), {"lost": 1})) as stage:
        async with stage.device(transport=transport) as phone:
            await phone.send_plain()
        assert [e.get("why") for e in stage.transcript.of(Kind.GARBLED)] == ["a packet in place of 1 more attachments"]


# -- connecting ----------------------------------------------------------------------------------------------------


@BOTH
@in_loop
async def test_who_was_cut_off_gives_back_what_recovers_a_connection(transport: str) -> None:
    """As the official JavaScript client does; and only where it is told how, and asked to."""
    async with stage_on(Recovers) as stage:
        phone = stage.device(transport=transport)
        await phone.connect()
        await phone.drop()
        await phone.reconnect(recover=True)
        await phone.close()
        await phone.reconnect()
        await phone.close()
        record = Record(stage.transcript)
        assert [connection.recovers for connection in record.connections] == [False, True, False]
        sent = [e.get("data") for e in stage.transcript.of(Kind.SENT) if e.get("packet") == "CONNECT"]
        assert sent[1].keys() == {"pid", "offset", "token"}
        assert sent[1]["offset"] == "o-1"


@in_loop
async def test_who_was_told_nothing_gives_nothing_back() -> None:
    async with stage_on(HelpCenter) as stage:
        phone = stage.device()
        await phone.connect()
        await phone.drop()
        await phone.reconnect(recover=True)
        await phone.close()
        assert not any(connection.recovers for connection in Record(stage.transcript).connections)


class GreetsEarly(HelpCenter):
    """python-socketio's default: the connect handler runs before CONNECT is answered."""

    def wire_options(self) -> dict[str, Any]:
        return {"always_connect": False}


@BOTH
@in_loop
async def test_a_greeting_may_come_after_the_connect_answer(transport: str) -> None:
    async with stage_on(HelpCenter) as stage:
        async with stage.device(transport=transport):
            pass
        expected = f"open {transport}, > CONNECT, < CONNECT, < help_center:connected, > DISCONNECT, closed harness"
        assert ", ".join(story(stage)) == expected


@BOTH
@in_loop
async def test_a_greeting_may_come_before_the_connect_answer(transport: str) -> None:
    async with stage_on(GreetsEarly) as stage:
        async with stage.device(transport=transport) as phone:
            await phone.send_plain()
        assert story(stage)[1:4] == ["> CONNECT", "< help_center:connected", "< CONNECT"]
        assert story(stage)[4:7] == ["> help_center:send", "< help_center:message", "< ACK"]


class Refusing(HelpCenter):
    """Refuses everybody, in one of many ways."""

    how = "event"

    async def on_connect(self, sid: str, _environ: Any, _auth: object = None) -> None:
        if self.how == "connect error":
            raise ConnectionRefusedError({"message": "no"})
        if self.how == "disconnect":
            return await self.disconnect(sid)
        if self.how == "hang up":
            return await self.wire.hang_up(sid)
        if self.how == "silence":
            return None
        return await self.refuse(sid, Problem("UNAUTHORIZED", "no"))

    def wire_options(self) -> dict[str, Any]:
        return {"always_connect": self.how != "connect error"}


@pytest.mark.parametrize(
    ("how", "cut"),
    [
        ("event", 'phone: expected help_center:connected, got help_center:error {UNAUTHORIZED, "no"}, DISCONNECT'),
        (
            "connect error",
            'phone: expected help_center:connected, got CONNECT_ERROR {message: "Connection refused by server"}',
        ),
        ("disconnect", "phone: expected help_center:connected, got DISCONNECT"),
        ("hang up", "phone: expected help_center:connected, got a closed transport"),
        ("silence", "phone: expected help_center:connected, got nothing"),
    ],
)
@in_loop
async def test_a_device_without_a_greeting_cuts_the_scenario(how: str, cut: str) -> None:
    async with stage_on(type("Refuses", (Refusing,), {"how": how}), deadline=1) as stage:
        with pytest.raises(ScenarioAborted, match=f"^{re.escape(cut)}$"):
            await stage.device().connect()
        assert ("expired help_center:connected" in story(stage)) is (how == "silence")


@BOTH
@in_loop
async def test_a_refused_device_is_done_at_the_end_of_its_connection(transport: str) -> None:
    async with stage_on(HelpCenter) as stage:
        async with stage.device(token=await stage.user.bad("garbage"), transport=transport):
            pass
        assert story(stage)[2:5] == ["< CONNECT", "< help_center:error", "< DISCONNECT"]
        assert "expired" not in " ".join(story(stage))


@in_loop
async def test_a_handshake_that_is_refused_by_http_cuts_the_scenario() -> None:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=500, text="down")

    async with serving(handle) as url, stage_at(url) as stage:
        with pytest.raises(ScenarioAborted, match=r"^phone: no polling connection: HTTP 500$"):
            await stage.device(transport="polling").connect()
        await stage.device(token=await stage.user.bad("garbage")).connect()
        assert story(stage) == ["open polling", "closed target", "open websocket", "closed target"]


@in_loop
async def test_a_device_that_comes_back_leaves_nothing_of_its_last_connection() -> None:
    async with stage_on(HelpCenter) as stage:
        phone = stage.device()
        await phone.connect()
        await phone.send_plain()
        await phone.reconnect()
        assert len(phone.inbox.heard("help_center:message")) == 0
        assert story(stage).count("closed harness") == 1


# -- packets that are none -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("packet", "kind"),
    [
        ('2/help-center,["a",NaN]', Kind.GARBLED),
        ('2/help-center,["a",-Infinity]', Kind.GARBLED),
        ("2/help-center,[", Kind.GARBLED),
        ("9", Kind.GARBLED),
        ("x", Kind.GARBLED),
        ("2" + "[" * 100_000, Kind.GARBLED),
        ("2/help-center,1" + "0" * 500, Kind.GARBLED),
        ('2/help-center,["a",' + "[" * 400 + "]" * 401, Kind.RECEIVED),
        ("", Kind.RECEIVED),
        ("2/help-center,{}", Kind.RECEIVED),
        ('3/help-center,7{"a":1}', Kind.RECEIVED),
        ('51-/help-center,["a",{"_placeholder":true,"num":0}]', Kind.RECEIVED),
    ],
    ids=range(12),
)
@in_loop
async def test_any_packet_is_recorded_and_the_connection_lives_on(packet: str, kind: Kind) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        for text in (HANDSHAKE, "4" + packet, '40/help-center,{"sid":"x"}', '42/help-center,["help_center:connected"]'):
            await ws.send_str(text)
        await ws.receive()
        return ws

    async with serving(handle) as url, stage_at(url) as stage:
        async with stage.device() as phone:
            assert phone.inbox.heard("help_center:connected")
        first = next(e for e in stage.transcript if e.kind in (Kind.GARBLED, Kind.RECEIVED))
        assert first.kind is kind
        json.dumps(first.to_json(), allow_nan=False)


@in_loop
async def test_the_data_of_a_malformed_event_is_kept() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        for text in (HANDSHAKE, '42/help-center,{"odd":1}', '40/help-center,{"sid":"x"}'):
            await ws.send_str(text)
        await ws.receive()
        return ws

    async with serving(handle) as url, stage_at(url) as stage:
        async with stage.device(greet=False) as phone:
            await phone.entered()
        event = stage.transcript.of(Kind.RECEIVED)[0]
        assert (event.get("event"), event.get("args"), event.get("data")) == (None, [], {"odd": 1})


# -- sending -------------------------------------------------------------------------------------------------------


class Throttling(HelpCenter):
    """Refuses the first sends for their pace."""

    refusals = 3
    code = "RATE_LIMITED"

    def validate(self, payload: object) -> str:
        if self.refusals > 0:
            self.refusals -= 1
            raise Problem(self.code, "slower")
        return super().validate(payload)


def attempts(stage: Stage) -> list[Entry]:
    return [e for e in stage.transcript.of(Kind.SENT) if e.get("send") and e.get("tag") != CONTROL]


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
async def test_a_send_without_ack_is_done_when_it_is_told_of(text: str, last: str) -> None:
    async with stage_on(LateEvents) as stage, stage.device() as phone:
        answer = await phone.send_text(text, ack=False)
        assert story(stage)[-1] == last
        assert set(answer) == {"message"} if text else {"error"}


@in_loop
async def test_a_pipeline_goes_out_before_its_answers_are_waited_for() -> None:
    async with stage_on(HelpCenter) as stage, stage.device() as phone:
        await phone.pipeline(["a", "b", "c"])
        told = [word for word in story(stage) if "send" in word or "ACK" in word]
        assert told == ["> help_center:send"] * 3 + ["< ACK"] * 3
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


# -- patience ------------------------------------------------------------------------------------------------------


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
    """The first ack comes when nobody waits for it any more."""

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
