"""Large messages of several connections are read in turns, and one that stops halfway does not stop the others."""

from __future__ import annotations

import asyncio
import gc
import zlib

import pytest
from aiohttp import web

from conformance.transport import goodbyes, limits
from conformance.transport.close_reason import CloseReason
from conformance.transport.connection import Connection
from conformance.transport.engineio import Packet, Transport
from conformance.transport.http_session import HttpSession
from conformance.transport.limits import Intake
from tests.support.clients import DEADLINE
from tests.support.peers import (
    HANDSHAKE,
    Heard,
    Polling,
    Stream,
    accept_websocket,
    in_loop,
    raw_server,
    rounds,
    rounds_until,
    serving,
)
from tests.support.speakers import connected, frame, saying

MANY = "4" + "[" + ",".join(["{}"] * 2000) + "]"
BOUND = 64_000
"""Which allows 1,600 values."""
LARGE = 5_000


@pytest.fixture(autouse=True)
def bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LARGE", LARGE)
    monkeypatch.setattr(limits, "AT_ONCE", 2 * LARGE)
    monkeypatch.setattr(limits, "LONGEST_TURN", 0.2)
    monkeypatch.setattr(goodbyes, "CLOSING", goodbyes.SHORTENED)  # these peers answer no goodbye


def deflated(size: int) -> bytes:
    """A text frame of permessage-deflate."""
    squeeze = zlib.compressobj(wbits=-15)
    data = (squeeze.compress(b"4".ljust(size, b"x")) + squeeze.flush(zlib.Z_SYNC_FLUSH))[:-4]
    return bytes([0xC1, len(data)]) + data


def packets() -> list[Packet]:
    return [one for one in gc.get_objects() if isinstance(one, Packet)]


@in_loop
async def test_a_large_message_waits_for_another_one() -> None:
    intake = Intake(BOUND)
    async with raw_server(saying(frame(4 * LARGE))) as url:
        with intake.turns() as other:
            assert other.admitted(3 * LARGE)
            async with connected(url, intake) as heard:
                await rounds_until(lambda: intake.waiting)
                assert not heard.messages
                other.over()
                await heard.until(lambda: heard.messages)
    assert (intake.waiting, intake.in_hand) == (0, 0)


@in_loop
async def test_small_messages_wait_for_nobody() -> None:
    intake = Intake(BOUND)
    async with raw_server(saying(*[frame(LARGE // 4)] * 20)) as url:
        with intake.turns() as other:
            assert other.admitted(3 * LARGE)
            async with connected(url, intake) as heard:
                await heard.until(lambda: len(heard.messages) == 20)


@in_loop
async def test_a_message_that_stops_halfway_is_given_up_where_others_wait() -> None:
    intake = Intake(BOUND)
    stuck, whole = saying(frame(4 * LARGE, sent=3 * LARGE)), saying(frame(4 * LARGE))
    async with raw_server(stuck) as url, connected(url, intake) as held:
        await rounds_until(lambda: intake.in_hand)
        async with raw_server(whole) as other, connected(other, intake) as heard:
            await heard.until(lambda: heard.messages)
            ending = await held.the_end()
    assert (ending.by, ending.oversized) == ("target", BOUND)
    assert "while other large answers waited" in ending.reason
    assert (intake.waiting, intake.in_hand) == (0, 0)


@in_loop
async def test_what_comes_with_the_answer_to_the_handshake_waits_too() -> None:
    async def handle(stream: Stream) -> None:
        await accept_websocket(stream, extensions="permessage-deflate", more=deflated(4 * LARGE))
        await stream[0].read()

    intake, heard = Intake(BOUND), Heard()
    async with raw_server(handle) as url:
        wire = Connection(url, heard, headers={}, tls=None, deadline=DEADLINE, intake=intake)
        with intake.turns() as other:
            assert other.admitted(3 * LARGE)
            opening = asyncio.ensure_future(wire.open(Transport.WEBSOCKET))
            await rounds_until(lambda: intake.waiting)
            assert not heard.handshake
        await opening
        await heard.until(lambda: heard.messages)
        await wire.close()
    assert heard.messages == ["x" * (4 * LARGE - 1)]


@in_loop
async def test_a_message_has_its_turn_until_it_was_dealt_with_whatever_came_before_it() -> None:
    async def handle(stream: Stream) -> None:
        await accept_websocket(stream, more=frame(3 * LARGE))
        await stream[0].read()

    intake = Intake(BOUND)
    async with raw_server(handle) as url:
        http = HttpSession(url, headers={}, tls=None, deadline=DEADLINE, intake=intake)
        ws = await http.websocket()
        assert (await ws.receive()).data == HANDSHAKE
        await rounds_until(lambda: intake.in_hand > 3 * LARGE)
        await rounds()
        assert len((await ws.receive()).data) == 3 * LARGE
        assert intake.in_hand > 3 * LARGE
        last = asyncio.ensure_future(ws.receive())
        await rounds_until(lambda: intake.in_hand == 0)
        last.cancel()
        await http.release(within=DEADLINE)


@in_loop
async def test_nothing_is_held_of_a_message_once_it_was_handed_over() -> None:
    async with raw_server(saying(frame(2 * LARGE))) as url, connected(url, Intake(BOUND)) as heard:
        await heard.until(lambda: heard.messages)
        await rounds_until(lambda: not packets())


@in_loop
async def test_nothing_is_held_of_a_message_that_could_not_be_decoded() -> None:
    broken = frame(2 * LARGE)[:-1] + b"\xff"
    async with raw_server(saying(broken)) as url, connected(url, Intake(BOUND)) as heard:
        await heard.the_end()
        assert not [one for one in gc.get_objects() if isinstance(one, UnicodeDecodeError)]


@in_loop
async def test_something_large_is_being_read_as_long_as_it_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "GROWS_WITHIN", 1000.0)
    intake = Intake(BOUND)
    with intake.turns() as turn:
        assert turn.admitted(LARGE)
        assert not intake.is_busy
        assert turn.admitted(2 * LARGE)
        assert intake.is_busy
        monkeypatch.setattr(limits, "GROWS_WITHIN", 0.0)
        assert not intake.is_busy
        assert turn.admitted(2 * LARGE)
        assert not intake.is_busy
    monkeypatch.setattr(limits, "GROWS_WITHIN", 1000.0)
    assert not intake.is_busy


def test_each_message_that_stops_halfway_is_waited_for_half_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LONGEST_TURN", 8.0)
    monkeypatch.setattr(limits, "SHORTEST_TURN", 2.0)
    intake = Intake(BOUND)
    turns = [intake.turn() for _ in range(4)]
    for turn in turns:
        turn.too_slow(LARGE)
    assert [str(turn.lost).partition(" of them in ")[2][:3] for turn in turns] == ["8 s", "4 s", "2 s", "2 s"]


@in_loop
async def test_a_message_of_too_many_frames_is_given_up() -> None:
    async with raw_server(saying(b"\x01\x014" + b"\x00\x00" * 200)) as url, connected(url, Intake(BOUND)) as heard:
        reason = "sent more than 100 frames in one message"
        assert await heard.the_end() == CloseReason("target", reason=reason, oversized=BOUND)


@pytest.mark.parametrize("transport", ["websocket", "polling"])
@in_loop
async def test_too_many_values_are_not_decoded(transport: str) -> None:
    class Server(Polling):
        async def websocket(self, request: web.Request) -> web.StreamResponse:
            ws = web.WebSocketResponse()
            await ws.prepare(request)
            await ws.send_str(HANDSHAKE)
            await ws.send_str(MANY)
            await ws.receive()
            return ws

    reason = f"sent more than 1,600 JSON values in one {'message' if transport == 'websocket' else 'poll'}"
    intake = Intake(BOUND)
    async with serving(Server(MANY)) as url, connected(url, intake, transport) as heard:
        assert await heard.the_end() == CloseReason("target", reason=reason, oversized=BOUND)
        assert not heard.messages
    assert intake.exceeded == {"message" if transport == "websocket" else "poll"}
