"""A connection may end while it is idle, just as a request is on its way: it is made again on another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from conformance.transport.http_session import NETWORK_ERRORS, SEGMENT, HttpSession
from conformance.transport.limits import Intake
from tests.support.clients import DEADLINE
from tests.support.peers import Stream, in_loop, raw_server

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Impatient:
    """Answers so many requests of each connection, and ends it when the next one comes; one that ``waits`` only falls
    silent. What was posted is kept."""

    def __init__(self, answers: int, *, posts: bool = True, waits: bool = False) -> None:
        self.answers, self.posts, self.waits = answers, posts, waits
        self.fell_silent = asyncio.Event()
        self.bodies: list[bytes] = []

    async def __call__(self, stream: Stream) -> None:
        reader, writer = stream
        for _ in range(self.answers):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            if head.startswith("post"):
                length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
                self.bodies.append(await reader.readexactly(length))
                if not self.posts:
                    return
            writer.write(ANSWER)
        await reader.read(1)
        self.fell_silent.set()
        if self.waits:
            await reader.read()


@asynccontextmanager
async def session(server: Impatient) -> AsyncIterator[HttpSession]:
    async with raw_server(server) as url:
        http = HttpSession(url, headers={}, tls=None, deadline=DEADLINE, intake=Intake(2**20))
        try:
            yield http
        finally:
            await http.release(within=DEADLINE)


@pytest.mark.parametrize("body", ["short", "long " * SEGMENT], ids=["short", "in pieces"])
@in_loop
async def test_a_post_is_made_again_as_a_whole(body: str) -> None:
    async with session(server := Impatient(1)) as http:
        assert (await http.get()).status == 200
        assert (await http.post(body)).body == "ok"
        assert server.bodies == [body.encode()]


@in_loop
async def test_so_is_a_poll_whatever_ended_meanwhile() -> None:
    async with session(Impatient(1)) as http:
        for _ in range(5):
            assert (await http.get()).body == "ok"


@in_loop
async def test_who_hangs_up_on_a_new_connection_is_not_asked_again() -> None:
    async with session(server := Impatient(2, posts=False)) as http:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await http.post("first")
        assert (await http.get()).status == 200
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await http.post("then")
        assert server.bodies == [b"first", b"then", b"then"]


@in_loop
async def test_nothing_is_made_again_by_who_has_left() -> None:
    async with session(server := Impatient(1, waits=True)) as http:
        assert (await http.get()).status == 200
        posting = asyncio.ensure_future(http.post("late"))
        await server.fell_silent.wait()
        await http.release(within=DEADLINE)
        with pytest.raises(NETWORK_ERRORS):
            await posting
