"""Upgrades that the target does not complete."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from conformance.transport.close_reason import CloseReason
from tests.support.peers import (
    Polling,
    in_loop,
    opened,
    send,
    serving,
)


@pytest.mark.parametrize("probe", ["refused", "redirected", "wrong", "closed", "silent"])
@in_loop
async def test_an_upgrade_that_is_not_completed_leaves_the_connection_on_polling(probe: str) -> None:
    class Odd(Polling):
        async def websocket(self, request: web.Request) -> web.StreamResponse:
            if probe in ("refused", "redirected"):
                return web.Response(status=400 if probe == "refused" else 302, headers={"Location": "/"})
            ws = web.WebSocketResponse()
            await ws.prepare(request)
            await ws.receive()
            if probe == "wrong":
                await ws.send_str("3")
            if probe != "closed":
                await asyncio.Event().wait()
            return ws

    server = Odd()
    async with serving(server) as url, opened(url, "polling", deadline=1) as (wire, heard):
        assert not await wire.upgrade()
        send(wire, heard, "0")
        await server.posted.wait()
        assert server.posts == [["40"]]
        assert heard.ending is None


@in_loop
async def test_an_upgrade_without_the_release_of_the_poll_ends_the_connection() -> None:
    class Holding(Polling):
        async def websocket(self, request: web.Request) -> web.StreamResponse:
            ws = web.WebSocketResponse()
            await ws.prepare(request)
            await ws.receive()
            await ws.send_str("3probe")
            await ws.receive()
            return ws

    async with serving(Holding()) as url, opened(url, "polling", deadline=1) as (wire, heard):
        assert not await wire.upgrade()
        assert heard.ending == CloseReason("target", reason="did not release the running poll for the upgrade")
