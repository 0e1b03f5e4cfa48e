"""Handshakes that fail: each is refused in time, with what is known of it."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aiohttp import web

from conformance.transport.close_reason import CloseReason
from tests.support.peers import (
    HANDSHAKE,
    Polling,
    Stream,
    in_loop,
    opened,
    raw_server,
    refusal,
    send,
    serving,
    shake,
)

BOTH = pytest.mark.parametrize("transport", ["websocket", "polling"])
MAKES = pytest.mark.parametrize("make", ["reference", "node"])


# -- handshakes that fail ------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("status", [401, 429, 500, 200])
@in_loop
async def test_a_handshake_refused_by_http(transport: str, status: int) -> None:
    async def handle(request: web.Request) -> web.Response:
        return web.Response(status=status, text="why")

    async with serving(handle) as url:
        ending = await refusal(url, transport)
    expected = {"websocket": "Invalid response status", "polling": "why"}[transport]
    if status == 200 and transport == "polling":
        assert ending == CloseReason("target", reason="not an Engine.IO handshake: 'why'")
    else:
        assert ending == CloseReason("target", status=status, reason=expected)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@BOTH
@in_loop
async def test_a_redirect_is_no_handshake(transport: str, status: int) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path == "/elsewhere":
            return await shake(request)
        return web.Response(status=status, headers={"Location": "/elsewhere?" + request.query_string}, text="moved")

    async with serving(handle) as url:
        ending = await refusal(url, transport)
    assert (ending.by, ending.status) == ("target", status)


@pytest.mark.parametrize(
    "garbage",
    ["", "x", "0", "0{", "0[]", "0{}", '0{"sid":1}', '0"sid"', "0null", "40", "4" + HANDSHAKE[1:], "0" + "[" * 99999],
    ids=range(12),
)
@BOTH
@in_loop
async def test_garbage_is_no_handshake(transport: str, garbage: str) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        if request.query["transport"] == "polling":
            return web.Response(text=garbage)
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        await ws.send_str(garbage)
        await ws.receive()
        return ws

    async with serving(handle) as url:
        ending = await refusal(url, transport)
    assert ending == CloseReason("target", reason=f"not an Engine.IO handshake: {garbage!r}")


@pytest.mark.parametrize("limit", ["null", '"many"', "true", "-1", "1e5"])
@in_loop
async def test_an_odd_limit_is_no_reason_to_refuse_a_handshake(limit: str) -> None:
    server = Polling()
    server.payloads[0] = f'0{{"sid":"x","pingInterval":25000,"pingTimeout":0.5,"maxPayload":{limit}}}'
    async with serving(server) as url, opened(url, "polling") as (wire, heard):
        send(wire, heard, "a")
        send(wire, heard, "b")
    assert [packet for post in server.posts for packet in post] == ["4a", "4b", "1"]


@in_loop
async def test_a_websocket_that_is_closed_instead_of_a_handshake() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        await ws.close(code=4003, message=b"go away")
        return ws

    async with serving(handle) as url:
        assert await refusal(url, "websocket") == CloseReason("target", code=4003, reason="go away")


@BOTH
@in_loop
async def test_a_server_that_accepts_and_never_answers(transport: str) -> None:
    async def handle(stream: Stream) -> None:
        await asyncio.Event().wait()

    async with raw_server(handle) as url:
        ending = await refusal(url, transport, deadline=0.2)
    assert ending == CloseReason("network", reason="no handshake within 0.2 s")


@BOTH
@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"])
@in_loop
async def test_a_server_that_speaks_something_else(transport: str, answer: bytes) -> None:
    async def handle(stream: Stream) -> None:
        stream[1].write(answer)

    async with raw_server(handle) as url:
        assert (await refusal(url, transport)).by == "network"


@BOTH
@in_loop
async def test_a_port_where_no_one_listens(transport: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    ending = await refusal(f"http://127.0.0.1:{port}", transport)
    assert ending.by == "network"
    assert ending.reason.startswith("ClientConnectorError: Cannot connect to host 127.0.0.1")
