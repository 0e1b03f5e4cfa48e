"""Answers that are announced and never come."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest

from conformance.transport.informational import MOST, transport
from tests.support.peers import Stream, in_loop, raw_server

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b"


def answering(sent: bytes) -> Callable[[Stream], Awaitable[None]]:
    async def handle(stream: Stream) -> None:
        await stream[0].readuntil(b"\r\n\r\n")
        stream[1].write(sent)
        await stream[0].read()

    return handle


async def asked(sent: bytes) -> httpx.Response:
    async with raw_server(answering(sent)) as url, httpx.AsyncClient(base_url=url, transport=transport(True)) as client:
        return await client.get("/")


@in_loop
async def test_an_answer_that_was_announced_is_read() -> None:
    answer = await asked(CONTINUE * MOST + OK % (2, b"{}"))
    assert (answer.status_code, answer.text) == (200, "{}")


@in_loop
async def test_whoever_announces_without_end_is_given_up() -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="more than 100 informational responses at once"):
        await asked(CONTINUE * (MOST + 1))


@in_loop
async def test_a_body_may_hold_what_looks_like_announcements() -> None:
    body = CONTINUE * 2 * MOST
    assert (await asked(OK % (len(body), body))).content == body
