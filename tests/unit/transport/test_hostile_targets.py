"""Targets that send without end, or what a terminal obeys: a connection ends in bounded memory, and says why."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

import pytest
from aiohttp import web

from conformance.transport import limits
from conformance.transport.close_reason import CloseReason
from tests.support.peers import (
    HANDSHAKE,
    Polling,
    Stream,
    accept_websocket,
    frame,
    in_loop,
    opened,
    raw_server,
    refusal,
    rounds,
    send,
    serving,
)

BOUND, ERROR_BOUND = 2**20, 2**16
TOO_LARGE_AN_ANSWER, TOO_LARGE_A_MESSAGE = (
    CloseReason("target", reason=f"sent more than {BOUND:,} bytes in one {what}", oversized=BOUND)
    for what in ("answer", "message")
)


@pytest.fixture(autouse=True)
def bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_BYTES", BOUND)
    monkeypatch.setattr(limits, "MAX_ERROR_BYTES", ERROR_BOUND)


@contextlib.contextmanager
def bounded_memory() -> Iterator[None]:
    """See that no more than some multiples of the bound are taken meanwhile."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 * BOUND, f"{peak:,} bytes"


# -- bodies --------------------------------------------------------------------------------------------------------


def _compressed(bits: int) -> tuple[bytes, bytes]:
    """How a compressed stream begins, and how it goes on: a kilobyte that is a megabyte when it is decompressed."""
    squeeze = zlib.compressobj(wbits=bits)
    pieces = [squeeze.compress(b"x" * 2**20) + squeeze.flush(zlib.Z_FULL_FLUSH) for _ in range(2)]
    return pieces[0], pieces[1]


ENCODINGS = {"identity": (b"", b"x" * 2**16), "gzip": _compressed(31), "deflate": _compressed(15)}


class Endless(Polling):
    """Its answers to requests of one method, or to the handshake, never end."""

    def __init__(self, request: str, encoding: str, *, status: int = 200) -> None:
        super().__init__()
        self.request, self.encoding, self.status = request, encoding, status

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        kind = "handshake" if "sid" not in request.query else request.method
        return await self.endless(request) if kind == self.request else await super().__call__(request)

    async def endless(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(status=self.status, headers={"Content-Encoding": self.encoding})
        await answer.prepare(request)
        beginning, piece = ENCODINGS[self.encoding]
        await answer.write(beginning)
        while True:  # until the client has left
            await answer.write(piece)
            await asyncio.sleep(0)  # it only waits when much is buffered


ALL_ENCODINGS = pytest.mark.parametrize("encoding", ENCODINGS)


@ALL_ENCODINGS
@in_loop
async def test_a_handshake_without_end(encoding: str) -> None:
    async with serving(Endless("handshake", encoding)) as url:
        with bounded_memory():
            assert await refusal(url, "polling") == replace(TOO_LARGE_AN_ANSWER, oversized=None)


@ALL_ENCODINGS
@in_loop
async def test_a_poll_without_end(encoding: str) -> None:
    with bounded_memory():
        async with serving(Endless("GET", encoding)) as url, opened(url, "polling") as (_, heard):
            assert await heard.the_end() == TOO_LARGE_AN_ANSWER


@in_loop
async def test_an_answer_to_a_post_without_end() -> None:
    async with serving(Endless("POST", "gzip")) as url, opened(url, "polling") as (connection, heard):
        send(connection, heard, "0")
        assert await heard.the_end() == TOO_LARGE_AN_ANSWER


@pytest.mark.parametrize("request_", ["handshake", "GET"])
@in_loop
async def test_an_error_page_without_end_keeps_its_status(request_: str) -> None:
    expected = CloseReason("target", status=500, reason=f"sent more than {ERROR_BOUND:,} bytes in one answer")
    async with serving(Endless(request_, "gzip", status=500)) as url:
        if request_ == "handshake":
            assert await refusal(url, "polling") == expected
        else:
            async with opened(url, "polling") as (_, heard):
                assert await heard.the_end() == expected


@in_loop
async def test_a_body_as_large_as_the_bound_is_taken() -> None:
    body = "4" + "x" * (BOUND - 1)

    class Full(Polling):
        async def __call__(self, request: web.Request) -> web.StreamResponse:
            if request.method == "GET" and self.payloads == [body]:
                squeezed = gzip.compress(self.payloads.pop().encode())
                return web.Response(body=squeezed, headers={"Content-Encoding": "gzip"})
            return await super().__call__(request)

    async with serving(Full(body)) as url, opened(url, "polling") as (_, heard):
        await heard.until(lambda: heard.messages)
        assert len(heard.messages[0]) == BOUND - 1
        assert heard.ending is None


# -- frames --------------------------------------------------------------------------------------------------------


def _header(first: int, length: int) -> bytes:
    return bytes([first, 127]) + length.to_bytes(8, "big")


async def _announcing(stream: Stream) -> None:
    """A frame of a terabyte, of which nothing comes."""
    stream[1].write(_header(0x81, 2**40))
    await stream[0].read()


async def _in_parts(stream: Stream) -> None:
    """A message of small frames, the last of which never comes."""
    part, first = 2**16, 0x01
    while not stream[1].is_closing():
        stream[1].write(_header(first, part) + b"x" * part)
        first = 0x00
        await stream[1].drain()


@pytest.mark.parametrize("sending", [_announcing, _in_parts])
@in_loop
async def test_a_websocket_message_beyond_the_bound(sending: Callable[[Stream], Awaitable[None]]) -> None:
    async def handle(stream: Stream) -> None:
        await accept_websocket(stream)
        await sending(stream)

    with bounded_memory():
        async with raw_server(handle) as url, opened(url, "websocket") as (_, heard):
            assert await heard.the_end() == TOO_LARGE_A_MESSAGE


class Websockets(Polling):
    """Says this on every WebSocket, compressed."""

    def __init__(self, *texts: str) -> None:
        super().__init__()
        self.texts = texts

    async def websocket(self, request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse(compress=True)
        await ws.prepare(request)
        assert ws.compress, "the client takes permessage-deflate"
        for text in self.texts:
            await ws.send_str(text)
        await ws.receive()
        return ws


@in_loop
async def test_a_compressed_message_beyond_the_bound() -> None:
    bomb = Websockets(HANDSHAKE, "4" + "x" * 64 * BOUND)
    async with serving(bomb) as url, opened(url, "websocket") as (_, heard):
        assert await heard.the_end() == TOO_LARGE_A_MESSAGE


@in_loop
async def test_a_handshake_beyond_the_bound() -> None:
    async with serving(Websockets("0" * 64 * BOUND)) as url:
        assert await refusal(url, "websocket") == replace(TOO_LARGE_A_MESSAGE, oversized=None)


@in_loop
async def test_a_compressed_message_within_the_bound_is_taken() -> None:
    full = Websockets(HANDSHAKE, "4" + "x" * (BOUND - 2))
    async with serving(full) as url, opened(url, "websocket") as (_, heard):
        await heard.until(lambda: heard.messages)
        assert len(heard.messages[0]) == BOUND - 2


# -- pings ---------------------------------------------------------------------------------------------------------


def _pinging(body: str) -> Callable[[Stream], Awaitable[None]]:
    """Pings and pings, until it is cut, and never reads."""
    ping = frame("2" + body)

    async def handle(stream: Stream) -> None:
        await accept_websocket(stream)
        while not stream[1].is_closing():
            stream[1].write(ping)
            await stream[1].drain()

    return handle


@pytest.mark.parametrize("body", ["x" * 2**15, "x" * 2**12], ids=len)
@in_loop
async def test_pongs_that_are_never_read_are_bounded(body: str) -> None:
    with bounded_memory():
        async with raw_server(_pinging(body)) as url, opened(url, "websocket") as (_, heard):
            ending = await heard.the_end()
            heard.engine.clear()
            await rounds()
            assert not heard.engine, "it is not read any more"
    assert ending.by == "target"
    assert "unanswered pings" in ending.reason


@in_loop
async def test_pings_as_servers_send_them_are_answered_however_many() -> None:
    async def handle(stream: Stream) -> None:
        await accept_websocket(stream)
        for _ in range(100):
            stream[1].write(frame("2" + "x" * 2**12))
            await stream[0].readexactly(8 + 1 + 2**12)
        stream[1].write(frame("1"))

    async with raw_server(handle) as url, opened(url, "websocket") as (_, heard):
        assert await heard.the_end() == CloseReason("target", reason="Engine.IO close packet")


# -- texts ---------------------------------------------------------------------------------------------------------

OBEYED = "\x1b[2J\x1b]0;owned\x07 \r\n\tbye\u202e"
READ = "\\u001b[2J\\u001b]0;owned\\u0007 bye\\u202e"


@in_loop
async def test_the_reason_of_a_close_frame_is_printable() -> None:
    async def handle(stream: Stream) -> None:
        await accept_websocket(stream)
        reason = b"\x0f\xa1" + OBEYED.encode()
        stream[1].write(bytes([0x88, len(reason)]) + reason)

    async with raw_server(handle) as url, opened(url, "websocket") as (_, heard):
        assert await heard.the_end() == CloseReason("target", code=4001, reason=READ)


@pytest.mark.parametrize("status", [403, 302])
@in_loop
async def test_what_refuses_a_handshake_over_http_is_printable(status: int) -> None:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=status, text=OBEYED)

    async with serving(handle) as url:
        assert await refusal(url, "polling") == CloseReason("target", status=status, reason=READ)


@in_loop
async def test_a_cookie_that_is_not_text_does_no_harm() -> None:
    async def handle(stream: Stream) -> None:
        head = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=\xff\xfe\r\nContent-Length: %d\r\n\r\n"
        await stream[0].readuntil(b"\r\n\r\n")
        stream[1].write(head % len(HANDSHAKE) + HANDSHAKE.encode())
        await stream[0].readuntil(b"\r\n\r\n")
        stream[1].write(head % 1 + b"1")

    async with raw_server(handle) as url, opened(url, "polling") as (_, heard):
        assert await heard.the_end() == CloseReason("target", reason="Engine.IO close packet")
