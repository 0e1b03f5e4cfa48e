"""Starting and stopping servers in this process, and an ordinary client."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
import httpx
import pytest

from conformance.reference import Served
from tests.support.clients import CONNECTED, MESSAGE, NAMESPACE, SEND, official_client
from tests.unit.reference.raw_client import (
    Raw,
    center,
    device,
    rest,
    run,
    token,
)


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], None], ids=["websocket", "polling", "upgrade"])
def test_an_ordinary_client_can_chat(url: str, transports: list[str] | None) -> None:
    """Over polling it also ends only when the server ends its pending poll."""
    user = f"ordinary {transports}"

    async def work() -> None:
        events: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        async with official_client() as client:
            client.on("*", lambda *args: events.put_nowait(args), namespace=NAMESPACE)
            await client.connect(url, namespaces=NAMESPACE, auth={"token": token(user)}, transports=transports)
            assert (await events.get())[0] == CONNECTED
            answer = await client.call(SEND, {"text": " hello "}, namespace=NAMESPACE)
            assert await events.get() == (MESSAGE, answer["message"])

    run(work)


# Serving


def test_servers_share_a_process_but_nothing_else() -> None:
    with Served(center().app) as one, Served(center().app) as two:
        assert one.url != two.url
        assert rest(one.url, "ann")["conversation"]["id"] != rest(two.url, "ann")["conversation"]["id"]


def test_stopping_waits_for_no_one() -> None:
    """Not for an idle connection, an open WebSocket, a pending poll, or an answer due in an hour."""

    async def poll(wire: Raw) -> None:
        with pytest.raises((aiohttp.ClientError, AssertionError)):
            await wire.next()

    async def work(server: Served) -> None:
        async with (
            aiohttp.ClientSession(server.url) as idle,
            device(server.url, "ann") as (phone, _),
            device(server.url, "ann", "polling") as (tablet, _),
            asyncio.TaskGroup() as group,
        ):
            (await idle.get("/")).release()
            await phone.ack(SEND, {"text": "hello"})
            await tablet.next()
            group.create_task(poll(tablet))
            begin = time.monotonic()
            await asyncio.to_thread(server.__exit__, None, None, None)
            assert time.monotonic() - begin < 1.0

    run(lambda: work(Served(center(auto_reply=True, reply_delay=3600).app).__enter__()))


def test_a_server_that_cannot_start_says_so() -> None:
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})

    with pytest.raises(RuntimeError, match="did not start"), Served(app):
        pass


def test_any_asgi_application_can_be_served() -> None:
    async def app(scope: Any, _receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    with Served(app) as server:
        assert httpx.get(server.url).status_code == 204
