"""Devices: how they connect, and which packets they record."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
from aiohttp import web

from conformance.drive.device import ScenarioAborted
from conformance.record.transcript import Kind
from conformance.record.views import Record
from conformance.reference import HelpCenter, Problem
from tests.support.peers import HANDSHAKE, in_loop, serving
from tests.support.recovery import Recovers
from tests.support.staging import BOTH, stage_at, stage_on, story

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
        reported = [str(entry.get("packet")) for entry in stage.transcript.of(Kind.ENGINE)]
        assert [line for line in reported if "attachment" in line] == ["attachment of 4 bytes", "attachment of 0 bytes"]


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
    """As the official JavaScript client does; and only where it knows how, and is asked to."""
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
async def test_who_logs_in_on_the_device_of_another_user_brings_along_what_is_left_of_that_user() -> None:
    async with stage_on(Recovers, users=2) as stage:
        first, second = stage.users
        phone = stage.device(user=first)
        await phone.connect()
        await phone.drop()
        phone.log_in(second)
        await phone.reconnect(recover=True)
        await phone.close()
        before, after = Record(stage.transcript).connections
        assert [before.user, after.user] == ["user 1", "user 2"]
        assert after.recovers
        assert after.history.conversation.user_id == second.subject


@in_loop
async def test_who_was_reported_nothing_gives_nothing_back() -> None:
    async with stage_on(HelpCenter) as stage:
        phone = stage.device()
        await phone.connect()
        await phone.drop()
        await phone.reconnect(recover=True)
        await phone.close()
        assert not any(connection.recovers for connection in Record(stage.transcript).connections)


@BOTH
@in_loop
async def test_what_was_sent_as_the_line_is_cut_has_gone_out(transport: str) -> None:
    async with stage_on(HelpCenter) as stage:
        phone = stage.device(transport=transport)
        async with stage.device("tablet") as tablet:
            await phone.connect()
            phone.send_unawaited("the last words", tag="cut off")
            await phone.drop()
            async with stage.device("laptop") as laptop:
                await tablet.until_heard_as_listed("the last words", laptop.inbox.listed)
        assert Record(stage.transcript).connection("tablet").messages_with("text", "the last words")


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
