"""The conversation over REST, as it is asked for and recorded."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from conformance.auth.credentials import presenting
from conformance.drive.device import ScenarioAborted
from conformance.record.timeouts import SHOWN
from conformance.record.transcript import Kind
from conformance.reference import HelpCenter
from tests.support.peers import Stream, in_loop, raw_server, serving
from tests.support.staging import stage_at, stage_on, story

BOTH = pytest.mark.parametrize("transport", ["websocket", "polling"])


@pytest.mark.parametrize(
    ("body", "kept", "is_json"),
    [
        ('{"a":1}', {"a": 1}, True),
        ('{"a":NaN}', '{"a":NaN}', False),
        ("<html>", "<html>", False),
        ("x" * 1000, "x" * 500, False),
        ("[" * 100_000, "[" * 500, False),
        ('"\\ud800"', "\ud800", True),
        ('"é"'.encode("utf-8-sig"), "é", True),
        ('"é"'.encode("utf-16-le"), '"\0�\0"\0', False),
        ("[1e999,-1e999]", [sys.float_info.max, -sys.float_info.max], True),
    ],
    ids=range(9),
)
@in_loop
async def test_any_body_is_recorded(body: str | bytes, kept: Any, is_json: bool) -> None:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    async with serving(handle) as url, stage_at(url) as stage:
        assert await stage.fetch() == kept
        assert stage.transcript.entries[-1].get("json") is is_json


@pytest.mark.parametrize("value", [b"Zo\xc3\xab", b"Zo\xeb", b"\xff\xfe\x80\xed\xa0\x80", b'"a\tb"'])
@in_loop
async def test_cookies_go_back_byte_for_byte(value: bytes) -> None:
    asked: list[bytes] = []

    async def handle(stream: Stream) -> None:
        for _ in range(2):
            asked.append(await stream[0].readuntil(b"\r\n\r\n"))
            head = b"HTTP/1.1 200 OK\r\nSet-Cookie: name=%b; Path=/\r\nSet-Cookie: odd=\x1b[2J; Path=/\r\n"
            stream[1].write(head % value + b"Content-Length: 2\r\n\r\n{}")

    async with raw_server(handle) as url, stage_at(url) as stage:
        assert [await stage.fetch(), await stage.fetch()] == [{}, {}]
    first, second = ([line for line in head.split(b"\r\n") if line.lower().startswith(b"cookie:")] for head in asked)
    assert (first, [line.partition(b": ")[2] for line in second]) == ([], [b"name=" + value])


@in_loop
async def test_a_request_that_is_not_answered_has_the_status_0() -> None:
    async def handle(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError("never")

    async with serving(handle) as url, stage_at(url, deadline=0.2) as stage:
        assert await stage.fetch() is None
        entry = stage.transcript.entries[-1]
        assert (entry.get("status"), entry.get("by")) == (0, None)
        assert str(entry.get("reason")).startswith("ReadTimeout: not answered within ")


class Replica(HelpCenter):
    """REST shows nothing of what was saved, so many times; for ever where it is None."""

    stale: int | None = 2

    def rest_payload(self, user: str) -> Any:
        payload = self.snapshot(user)
        if self.stale == 0:
            return payload
        if self.stale is not None:
            self.stale -= 1
        return payload | {"messages": []}


class NeverFollows(Replica):
    stale = None


STALE = "the newest message is not shown yet: asks again"


@in_loop
async def test_rest_is_asked_again_until_it_shows_what_a_device_has_received() -> None:
    async with stage_on(Replica) as stage, stage.device() as phone:
        await phone.send_plain()
        body = await stage.fetch()
        assert body["messages"]
        assert [entry.get("label") for entry in stage.transcript.of(Kind.MARK)].count(STALE) == 1
        assert len(stage.transcript.of(Kind.HTTP)) == 1


@in_loop
async def test_rest_that_never_shows_it_is_recorded_as_it_is() -> None:
    async with stage_on(NeverFollows, deadline=0.3) as stage, stage.device() as phone:
        await phone.send_plain()
        assert (await stage.fetch())["messages"] == []


@in_loop
async def test_what_the_first_answer_shows_was_not_waited_for() -> None:
    """Though that request was made again for something else, which never came."""
    async with stage_on(NeverFollows, deadline=0.3) as stage, stage.device() as phone:
        await phone.send_plain()
        await stage.rest.fetch_until(lambda body: body is not None)
        assert not stage.run.timeout.ever_came(SHOWN)


class HasStopped(HelpCenter):
    """One replica of two, which are asked in turn, shows nothing of what was saved."""

    up_to_date = True

    def rest_payload(self, user: str) -> Any:
        self.up_to_date = not self.up_to_date
        return self.snapshot(user) | ({} if self.up_to_date else {"messages": []})


@in_loop
async def test_the_answer_of_a_replica_that_has_stopped_is_recorded_though_others_are_up_to_date() -> None:
    async with stage_on(HasStopped, deadline=0.3) as stage, stage.device() as phone:
        await phone.send_plain()
        began = stage.recorder.now
        assert (await stage.fetch())["messages"] == []
        (asked,) = stage.transcript.of(Kind.HTTP)
        assert began <= float(asked.get("began")) < began + 0.3


@in_loop
async def test_rest_that_was_asked_once_is_not_asked_again() -> None:
    async with stage_on(Replica) as stage, stage.device() as phone:
        await phone.send_plain()
        assert (await stage.fetch(once=True))["messages"] == []
        assert not stage.transcript.of(Kind.MARK)


@in_loop
async def test_a_request_that_was_tried_again_says_when_it_was_made_at_first() -> None:
    statuses = iter((503, 503, 200))

    async def handle(_: web.Request) -> web.Response:
        return web.json_response({}, status=next(statuses))

    async with serving(handle) as url, stage_at(url) as stage:
        await stage.fetch()
        (asked,) = stage.transcript.of(Kind.HTTP)
        assert float(asked.get("since")) < float(asked.get("began")) - 0.2


def answering(times: int, *, then: bytes = b"") -> Callable[[Stream], Awaitable[None]]:
    """A server that ends each connection after so many answers; the next request gets ``then``."""

    async def handle(stream: Stream) -> None:
        for _ in range(times):
            await stream[0].readuntil(b"\r\n\r\n")
            stream[1].write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await stream[0].readuntil(b"\r\n\r\n")
        stream[1].write(then)

    return handle


@in_loop
async def test_a_request_on_a_connection_that_ends_while_idle_is_made_once_more() -> None:
    async with raw_server(answering(1)) as url, stage_at(url) as stage:
        assert [await stage.fetch(), await stage.fetch()] == [{}, {}]
        (again,) = (entry for entry in stage.transcript.of(Kind.MARK))
        assert story(stage) == ["http 200", f"mark {again.get('label')}", "http 200"]
        assert str(again.get("label")).startswith("an idle connection had ended (RemoteProtocolError")
        assert stage.transcript.marks == []


@in_loop
async def test_an_answer_that_is_no_http_is_not_asked_for_again() -> None:
    async with raw_server(answering(1, then=b"}\r\n\r\n")) as url, stage_at(url) as stage:
        assert [await stage.fetch(), await stage.fetch()] == [{}, None]
        assert story(stage) == ["http 200", "http 0"]


@in_loop
async def test_an_answer_that_breaks_off_is_not_asked_for_again() -> None:
    cut_off = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{"
    async with raw_server(answering(1, then=cut_off)) as url, stage_at(url) as stage:
        assert [await stage.fetch(), await stage.fetch()] == [{}, None]
        assert story(stage) == ["http 200", "http 0"]


@in_loop
async def test_a_request_that_loses_a_connection_of_its_own_is_not_answered() -> None:
    async with raw_server(answering(0)) as url, stage_at(url) as stage:
        assert await stage.fetch() is None
        assert (story(stage), stage.transcript.entries[-1].get("by")) == (["http 0"], "network")


@in_loop
async def test_a_query_is_asked_with_over_rest_and_on_each_transport() -> None:
    asked: list[tuple[str, str | None]] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append((request.path, request.query.get("userId")))
        return web.json_response({}, status=200 if request.path.startswith("/api") else 400)

    async with serving(handle) as url, stage_at(url) as stage:
        way = replace(presenting(await stage.user.token(), "auth"), query={"userId": "a&b"})
        for transport in ("websocket", "polling"):
            with pytest.raises(ScenarioAborted):
                await stage.device(transport=transport, presented=way).open()
        await stage.fetch(query={"userId": "a&b"})
        await stage.fetch()
    rest = "/api/help-center/messages"
    assert asked == [("/socket.io/", "a&b"), ("/socket.io/", "a&b"), (rest, "a&b"), (rest, None)]


@in_loop
async def test_a_bare_token_has_no_scheme_over_rest_and_on_the_socket() -> None:
    asked: list[str | None] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.headers.get("Authorization"))
        return web.json_response({}, status=400)

    async with serving(handle) as url, stage_at(url) as stage:
        token = await stage.user.bad("resigned")
        await stage.device(token=token, option="header-bare", transport="websocket").open()
        await stage.fetch(token=token, bare=True)
        await stage.fetch(token=token)
    assert asked == [token.value, token.value, f"Bearer {token.value}"]
