"""Stages: HTTP that asks for patience, and that no secret reaches the record."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.drive.device import ScenarioAborted
from conformance.drive.stage import Stage
from conformance.protocol import REST_PATH
from conformance.record.transcript import Kind
from conformance.reference import HelpCenter, Served, Verifier
from tests.support.clients import SECRET
from tests.support.peers import HANDSHAKE, in_loop, serving
from tests.support.staging import stage_at, stage_on, story

BOTH = pytest.mark.parametrize("transport", ["websocket", "polling"])

# -- HTTP that asks for patience -----------------------------------------------------------------------------------


def limited(path: str, times: int) -> Callable[[ASGIApp], ASGIApp]:
    """Middleware that answers the first requests of a path with HTTP 429."""

    def wrap(app: ASGIApp) -> ASGIApp:
        left = [times]

        async def limit(scope: Scope, receive: Receive, send: Send) -> None:
            if not scope.get("path", "").startswith(path) or left[0] <= 0:
                return await app(scope, receive, send)
            left[0] -= 1
            if scope["type"] == "websocket":
                await receive()
                refusal = {"type": "websocket.http.response.start", "status": 429, "headers": []}
                await send(refusal)
                return await send({"type": "websocket.http.response.body", "body": b"slower"})
            return await PlainTextResponse("slower", 429)(scope, receive, send)

        return limit

    return wrap


@BOTH
@in_loop
async def test_a_handshake_is_tried_again_on_http_429(transport: str) -> None:
    async with stage_on(HelpCenter, wrap=limited("/socket.io/", 2)) as stage:
        async with stage.device(transport=transport) as phone:
            assert phone.inbox.connection == 1
        again = ["mark HTTP 429: tries again after 0.1 s", "mark HTTP 429: tries again after 0.2 s"]
        assert story(stage)[:4] == [f"open {transport}", *again, "> CONNECT"]


@in_loop
async def test_a_handshake_is_not_tried_for_ever() -> None:
    async with stage_on(HelpCenter, wrap=limited("/socket.io/", 10**6), deadline=0.7) as stage:
        with pytest.raises(ScenarioAborted, match=r"^phone: no websocket connection: HTTP 429$"):
            await stage.device().connect()
        assert story(stage)[-1] == "closed target"


@in_loop
async def test_rest_is_tried_again_on_http_429() -> None:
    async with stage_on(HelpCenter, wrap=limited(REST_PATH, 1)) as stage:
        body = await stage.fetch()
        assert body["messages"] == []
        assert story(stage) == ["mark HTTP 429: tries again after 0.1 s", "http 200"]


@in_loop
async def test_rest_is_not_tried_for_ever() -> None:
    async with stage_on(HelpCenter, wrap=limited(REST_PATH, 10**6), deadline=0.7) as stage:
        assert await stage.fetch() == "slower"
        assert story(stage)[-1] == "http 429"


# -- secrets -------------------------------------------------------------------------------------------------------


def assert_no_secret(stage: Stage, token: str) -> None:
    """Nothing of the payload or the signature, however it was cut."""
    record = json.dumps([entry.to_json() for entry in stage.transcript])
    _, payload, signature = token.split(".")
    pieces = [part[start : start + 8] for part in (payload, signature) for start in range(len(part) - 8)]
    assert not [piece for piece in pieces if piece in record]


@in_loop
async def test_a_token_that_is_echoed_reaches_no_record() -> None:
    async with stage_on(HelpCenter) as stage:
        token = await stage.user.bad("expired")
        pad = "x" * 100  # so that a cut of 200 or 500 characters goes through the token

        async def handle(request: web.Request) -> web.StreamResponse:
            echo = f"{pad}{request.headers.get('Authorization')}"
            how = request.headers["X-How"]
            if how == "http":
                return web.Response(status=403, text=echo)
            ws = web.WebSocketResponse()
            await ws.prepare(request)
            await ws.send_str(echo if how == "handshake" else HANDSHAKE)
            await ws.send_str(echo)
            await ws.send_str(f"4{echo}")
            await ws.send_bytes(echo.encode())
            await ws.send_str("42" + json.dumps(["e", {echo: [echo]}]))
            await ws.close(code=4000, message=echo[:120].encode())
            return ws

        async with serving(handle) as url:
            for how, transport in [
                ("http", "polling"),
                ("http", "websocket"),
                ("handshake", "websocket"),
                ("", "websocket"),
            ]:
                stage.run = replace(stage.run, url=url, headers={"X-How": how})
                device = stage.device(token=token, option="header", transport=transport)
                await device.connect()
            stage.run = replace(stage.run, headers={"X-How": "http"})
            await stage.fetch(token=token)
        assert len(stage.transcript.of(Kind.OPEN)) == 4
        assert len(stage.transcript.of(Kind.GARBLED)) == 3
        assert_no_secret(stage, token.value)


@in_loop
async def test_a_cut_says_no_secret() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        await ws.send_str(f"{'x' * 100}{request.headers.get('Authorization')}")
        return ws

    async with serving(handle) as url, stage_at(url) as stage:
        token = await stage.user.token()
        with pytest.raises(ScenarioAborted) as cut:
            await stage.device(token=token, option="header").connect()
        assert "‹token of user 1›" in str(cut.value)
        assert token.value.split(".")[1][:12] not in str(cut.value)


# -- the end -------------------------------------------------------------------------------------------------------


@BOTH
@in_loop
async def test_what_is_cancelled_before_it_closes_anything_lets_go_of_everything(transport: str) -> None:
    of_the_test = asyncio.all_tasks()
    async with stage_on(HelpCenter) as stage:
        phones = [stage.device(name, transport=transport) for name in ("phone", "tablet")]
        for phone in phones:
            await phone.connect()
        closing = asyncio.ensure_future(stage.close())
        await asyncio.sleep(0)  # it has begun, and what closes each device has not
        for task in asyncio.all_tasks() - of_the_test:
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert all(phone.closed for phone in phones)
        found = [one for one in gc.get_objects() if isinstance(one, aiohttp.ClientSession)]
        assert [one for one in found if not one.closed] == []


# -- the harness' own errors ---------------------------------------------------------------------------------------


@in_loop
async def test_an_error_of_the_harness_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(url: str) -> None:
        async with stage_at(url) as stage:
            phone = stage.device()
            await phone.connect()
            monkeypatch.setattr(phone.inbox, "_keep", lambda _: 1 // 0)
            await phone.send_plain()

    with Served(HelpCenter(Verifier(SECRET)).app) as server, pytest.raises(ZeroDivisionError):
        await scenario(server.url)


@in_loop
async def test_what_is_done_together_ends_together() -> None:
    async with stage_on(HelpCenter) as stage:
        ended = asyncio.Event()

        async def for_ever() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        async def fails() -> None:
            raise ScenarioAborted("the other one shall not go on")

        with pytest.raises(ScenarioAborted):
            await stage.together(for_ever(), fails())
        assert ended.is_set()
