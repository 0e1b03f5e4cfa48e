"""Which events the official JavaScript client hands to the app, and which of them we suppose that it does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence

import pytest
from aiohttp import web

from conformance.auth.tokens import Token
from conformance.checks.delivery import delivered
from conformance.protocol import ERROR, NAMESPACE
from conformance.record.views import Record
from tests.support.clients import in_loop
from tests.support.peers import HANDSHAKE, serving
from tests.support.phones import CONNECT_ERROR, DISCONNECT, official, saw
from tests.support.servers import node_client
from tests.support.staging import stage_at

PAYLOAD = {"code": "UNAUTHORIZED", "message": "no"}
WORDS = {
    "CONNECT": f'40{NAMESPACE},{{"sid":"a"}}',
    "nameless": f"40{NAMESPACE},",
    "error": f"42{NAMESPACE},{json.dumps([ERROR, PAYLOAD])}",
    "elsewhere": f"42{json.dumps([ERROR, PAYLOAD])}",
    "DISCONNECT": f"41{NAMESPACE},",
    "CONNECT_ERROR": f'44{NAMESPACE},{{"message":"no"}}',
    "end": "1",
}
"""Engine.IO packets; the last one closes the transport."""
SCRIPTS: Mapping[str, int] = {
    "CONNECT error DISCONNECT": 1,
    "CONNECT error end": 1,
    "error CONNECT DISCONNECT": 1,
    "error CONNECT end": 1,
    "error CONNECT_ERROR": 0,
    "error DISCONNECT": 0,
    "error DISCONNECT CONNECT": 0,
    "error end": 0,
    "nameless error DISCONNECT": 0,
    "CONNECT DISCONNECT error": 0,
    "CONNECT elsewhere DISCONNECT": 0,
}
"""What a server says, and how many errors the app gets to hear."""


def saying(words: Sequence[str]) -> object:
    """A server that answers the first CONNECT packet so, each packet by itself; no other gets any answer."""
    visitors = 0

    async def visit(request: web.Request) -> web.StreamResponse:
        nonlocal visitors
        if request.query["transport"] != "websocket":
            return web.Response(status=404)
        visitors += 1
        mute = visitors > 1
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        await ws.send_str(HANDSHAKE)
        await ws.receive()
        for word in [] if mute else words:
            await (ws.close() if word == "end" else ws.send_str(WORDS[word]))
        await ws.receive()
        return ws

    return visit


@pytest.mark.parametrize("script", SCRIPTS)
@in_loop
async def test_the_official_client_delivers_what_we_suppose(script: str) -> None:
    words = script.split()
    node_client()  # installed before the clock runs
    async with serving(saying(words)) as url, official(url, {"transports": ["websocket"]}) as phone:
        await phone.store(Token("any", "any"))
        await phone.connect()
        await phone.until(CONNECT_ERROR if "CONNECT_ERROR" in words else DISCONNECT, 1)
        heard = len(saw(phone.story, ERROR))
    async with serving(saying(words)) as url, stage_at(url) as stage:
        async with stage.device("phone", token=Token("any", "any", good=False), greet=False) as device:
            await asyncio.wait_for(device.settle(), 5)
        supposed = len(delivered(Record(stage.transcript).connection(), ERROR))
    assert (heard, supposed) == (SCRIPTS[script], SCRIPTS[script])
