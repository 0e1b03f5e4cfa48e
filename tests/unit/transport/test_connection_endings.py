"""How connections end and are left: who ended it and how is recorded, nothing hangs, nothing is left behind."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

import pytest
from aiohttp import web

from conformance.transport import goodbyes, polling
from conformance.transport.close_reason import CloseReason
from conformance.transport.engineio import Transport
from tests.support.peers import (
    HANDSHAKE,
    Heard,
    Polling,
    Stream,
    accept_websocket,
    frame,
    in_loop,
    opened,
    raw_server,
    rounds,
    send,
    serving,
    wire_to,
)

BOTH = pytest.mark.parametrize("transport", ["websocket", "polling"])
MAKES = pytest.mark.parametrize("make", ["reference", "node"])


# -- how connections end -------------------------------------------------------------------------------------------


def _websocket(*data: bytes, reset: bool = False) -> Any:
    async def handle(stream: Stream) -> None:
        await accept_websocket(stream)
        for piece in data:
            stream[1].write(piece)
        await stream[1].drain()
        if reset:
            linger = struct.pack("ii", 1, 0)
            stream[1].get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    return handle


NO_CLOSE = CloseReason("network", reason="the connection ended without a close frame")


@pytest.mark.parametrize(
    ("handle", "ending"),
    [
        (_websocket(b"\x88\x09\x0f\xa1because"), CloseReason("target", code=4001, reason="because")),
        (_websocket(b"\x88\x00"), CloseReason("target", code=0)),  # a close frame without a code
        (_websocket(frame("41")), NO_CLOSE),
        (_websocket(b"\x81\x7e\x10\x00half a message"), NO_CLOSE),
        (_websocket(frame("41"), reset=True), NO_CLOSE),
        (_websocket(frame("1")), CloseReason("target", reason="Engine.IO close packet")),
    ],
)
@in_loop
async def test_how_a_websocket_ended(handle: Any, ending: CloseReason) -> None:
    async with raw_server(handle) as url, opened(url, "websocket") as (_, heard):
        assert await heard.the_end() == ending


@pytest.mark.parametrize("data", [b"\x81\x02\xff\xfe", b"\xf1\x00"], ids=["no UTF-8", "reserved bits"])
@in_loop
async def test_a_broken_frame_is_the_targets(data: bytes) -> None:
    async with raw_server(_websocket(data)) as url, opened(url, "websocket") as (_, heard):
        ending = await heard.the_end()
        assert (ending.by, ending.code) == ("target", None)
        assert ending.reason.startswith("no WebSocket frame: ")


@in_loop
async def test_a_binary_frame_and_unknown_packets_are_garbled() -> None:
    data = [frame("\x01", opcode=2), frame("9"), frame(""), frame("3"), frame("6")]
    async with raw_server(_websocket(*data)) as url, opened(url, "websocket") as (_, heard):
        await heard.the_end()
        no_packet = "not an Engine.IO packet that a server sends"
        assert heard.garbled == [("b'\\x01'", "a BINARY frame"), ("9", no_packet), ("", no_packet), ("3", no_packet)]
        assert heard.engine == ["< noop websocket"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@in_loop
async def test_http_errors_end_a_polling_connection(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "LIMITED", 0.5)

    class Failing(Polling):
        async def __call__(self, request: web.Request) -> web.StreamResponse:
            if request.method == method and not (method == "GET" and self.payloads):
                return web.Response(status=503, text="sorry")
            return await super().__call__(request)

    async with serving(Failing()) as url, opened(url, "polling") as (wire, heard):
        send(wire, heard, "0")
        assert await heard.the_end() == CloseReason("target", status=503, reason="sorry")


@in_loop
async def test_a_post_that_is_answered_with_another_success_is_told_once() -> None:
    class WithoutContent(Polling):
        async def __call__(self, request: web.Request) -> web.StreamResponse:
            answer = await super().__call__(request)
            return web.Response(status=204) if request.method == "POST" else answer

    server = WithoutContent()
    async with serving(server) as url, opened(url, "polling") as (wire, heard):
        for number in range(2):
            send(wire, heard, str(number))
            await wire.flush()
        assert heard.engine == ["< the answer to a POST polling 204"]
    assert [packet for post in server.posts for packet in post] == ["40", "41", "1"]


@in_loop
async def test_a_poll_that_breaks_off_ends_the_connection() -> None:
    async def handle(stream: Stream) -> None:
        for body in (HANDSHAKE.encode(), b"41"):
            await stream[0].readuntil(b"\r\n\r\n")
            length = len(HANDSHAKE)
            stream[1].write(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode() + body)

    async with raw_server(handle) as url, opened(url, "polling") as (_, heard):
        ending = await heard.the_end()
        assert (ending.by, ending.code, ending.status) == ("network", None, None)
        assert ending.reason.startswith("poll failed: ClientPayloadError: ")
        assert heard.messages == []


# -- leaving -------------------------------------------------------------------------------------------------------


@in_loop
async def test_a_goodbye_over_polling_is_a_close_packet_after_everything_else() -> None:
    server = Polling()
    async with serving(server) as url, opened(url, "polling") as (wire, heard):
        send(wire, heard, "0")
    assert [packet for post in server.posts for packet in post] == ["40", "1"]


@pytest.mark.parametrize("leave", ["close", "drop"])
@in_loop
async def test_a_websocket_is_left_with_or_without_a_word(monkeypatch: pytest.MonkeyPatch, leave: str) -> None:
    monkeypatch.setattr(goodbyes, "CLOSING", 0.1)  # the server does not answer the close frame
    got = asyncio.get_running_loop().create_future()

    async def handle(stream: Stream) -> None:
        await accept_websocket(stream)
        got.set_result(await stream[0].read())

    async with raw_server(handle) as url:
        wire = wire_to(url, heard := Heard())
        await wire.open(Transport.WEBSOCKET)
        await getattr(wire, leave)()
        assert (await got)[:1] == (b"\x88" if leave == "close" else b"")
        assert heard.ending == CloseReason("harness", reason="closed" if leave == "close" else "dropped")


@in_loop
async def test_dropping_a_polling_connection_posts_nothing() -> None:
    server = Polling()
    async with serving(server) as url, opened(url, "polling") as (wire, _):
        await wire.drop()
    assert server.posts == []


@BOTH
@in_loop
async def test_leaving_a_server_that_has_stopped_answering_is_bounded(
    monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    monkeypatch.setattr(goodbyes, "CLOSING", 0.1)

    class Mute(Polling):
        async def websocket(self, request: web.Request) -> web.StreamResponse:
            ws = web.WebSocketResponse(autoclose=False)
            await ws.prepare(request)
            await ws.send_str(HANDSHAKE)
            await asyncio.Event().wait()
            return ws

    server = Mute()
    server.may_answer.clear()
    async with serving(server) as url, opened(url, transport, deadline=1000) as (wire, heard):
        send(wire, heard, "0")  # and no deadline is waited for: the test itself has a bound


@in_loop
async def test_what_is_sent_after_the_end_is_lost_and_not_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(goodbyes, "CLOSING", 1000.0)  # and nothing is waited for
    async with raw_server(_websocket(b"\x88\x00")) as url, opened(url, "websocket") as (wire, heard):
        await heard.the_end()
        for number in range(3):
            send(wire, heard, str(number))
        await wire.close()
        assert heard.written == []


@in_loop
async def test_what_was_queued_at_the_end_is_lost_and_not_recorded() -> None:
    class Ending(Polling):
        async def __call__(self, request: web.Request) -> web.StreamResponse:
            if request.method == "GET" and not self.payloads:
                await self.posted.wait()
                return web.Response(text="1")
            return await super().__call__(request)

    server = Ending()
    server.may_answer.clear()
    async with serving(server) as url, opened(url, "polling") as (wire, heard):
        send(wire, heard, "first")
        await server.posted.wait()
        send(wire, heard, "second")
        await heard.the_end()
        server.may_answer.set()
        await rounds()
        assert heard.written == [("first", "polling")]


class Raising(Heard):
    def on_message(self, text: str, _via: Transport) -> None:
        raise KeyError(text)


@BOTH
@in_loop
async def test_an_error_of_the_harness_is_reported_by_close(transport: str) -> None:
    class Talking(Polling):
        async def websocket(self, request: web.Request) -> web.StreamResponse:
            ws = web.WebSocketResponse()
            await ws.prepare(request)
            await ws.send_str(HANDSHAKE)
            await ws.send_str("4hello")
            await ws.receive()
            return ws

    async with serving(Talking("4hello")) as url:
        wire = wire_to(url, heard := Raising())
        await wire.open(Transport(transport))
        assert await heard.the_end() == CloseReason("harness", reason="error of the harness: KeyError: 'hello'")
        with pytest.raises(KeyError):
            await wire.close()


@in_loop
async def test_an_error_while_writing_is_reported_by_close() -> None:
    async with serving(Polling()) as url:
        wire = wire_to(url, heard := Heard())
        await wire.open(Transport.POLLING)
        wire.send("\ud800", lambda _: None)  # no such text can be sent
        assert (await heard.the_end()).by == "harness"
        with pytest.raises(UnicodeEncodeError):
            await wire.close()
