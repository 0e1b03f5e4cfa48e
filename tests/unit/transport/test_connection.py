"""The Engine.IO connection: order, pings, sizes, and the routes it takes."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from conformance.reference import Event, HelpCenter, Served, Verifier
from conformance.transport import goodbyes
from conformance.transport.close_reason import CloseReason
from tests.support.clients import PLAIN, SECRET
from tests.support.peers import (
    HANDSHAKE,
    Heard,
    Polling,
    enter,
    in_loop,
    opened,
    refusal,
    rounds,
    self_signed,
    send,
    serving,
    shake,
)
from tests.support.servers import node_server

BOTH = pytest.mark.parametrize("transport", ["websocket", "polling"])
MAKES = pytest.mark.parametrize("make", ["reference", "node"])


class Counting(HelpCenter):
    """Answers ``help_center:typing`` of a number with so many numbered events."""

    async def on_typing(self, event: Event) -> None:
        for number in range(int(event.args[0])):
            await self.emit("number", number, to=event.sid)

    def wire_options(self) -> dict[str, Any]:
        return {"ping_interval": 0.1, "ping_timeout": 60, "max_http_buffer_size": 2**25}


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, str]]:
    app = Counting(Verifier(SECRET), auto_reply=False).app
    with Served(app) as reference, node_server(*PLAIN) as node:
        yield {"reference": reference.url, "node": node}


def emit(wire: Any, heard: Heard, number: int) -> None:
    send(wire, heard, f'2/help-center,{number}["help_center:send",{{"text":"text {number}"}}]')


def texts(heard: Heard) -> list[str]:
    """The texts of the message events, in order."""
    events = [json.loads(m.partition(",")[2]) for m in heard.messages if m.startswith("2/")]
    return [payload["text"] for name, payload in events if name == "help_center:message"]


def acks(heard: Heard) -> list[int]:
    return [int(m[len("3/help-center,") :].partition("[")[0]) for m in heard.messages if m.startswith("3/")]


# -- order ---------------------------------------------------------------------------------------------------------


@MAKES
@BOTH
@in_loop
async def test_packets_keep_their_order_both_ways(urls: dict[str, str], make: str, transport: str) -> None:
    count = 2000 if transport == "websocket" else 500
    async with opened(urls[make], transport) as (wire, heard):
        await enter(wire, heard, f"order-{transport}")
        for number in range(count):
            emit(wire, heard, number)
        await heard.until(lambda: len(acks(heard)) == count)
        assert acks(heard) == list(range(count))
        assert texts(heard) == [f"text {number}" for number in range(count)]
        assert [text for text, _ in heard.written[1:]] == [text for text, _ in sorted(heard.written[1:], key=_number)]


def _number(written: tuple[str, str]) -> int:
    return int(written[0].partition(",")[2].partition("[")[0])


@BOTH
@in_loop
async def test_a_flood_of_events_keeps_its_order_while_we_send(urls: dict[str, str], transport: str) -> None:
    async with opened(urls["reference"], transport) as (wire, heard):
        await enter(wire, heard, f"flood-{transport}")
        send(wire, heard, '2/help-center,["help_center:typing",2000]')
        for number in range(50):
            emit(wire, heard, number)
        await heard.until(lambda: len(acks(heard)) == 50)
        numbers = [m for m in heard.messages if '"number"' in m]
        assert numbers == [f'2/help-center,["number",{number}]' for number in range(2000)]


@MAKES
@in_loop
async def test_an_upgrade_loses_and_doubles_nothing(urls: dict[str, str], make: str) -> None:
    turn = asyncio.Semaphore(20)

    async def once(repetition: int) -> None:
        async with turn, opened(urls[make], "polling") as (wire, heard):
            await enter(wire, heard, f"upgrade-{repetition}")
            for number in range(10):
                emit(wire, heard, number)
            upgrading = asyncio.create_task(wire.upgrade())
            for number in range(10, 20):
                emit(wire, heard, number)
                await asyncio.sleep(0)
            assert await upgrading
            for number in range(20, 30):
                emit(wire, heard, number)
            await heard.until(lambda: len(acks(heard)) >= 30)
            assert acks(heard) == list(range(30))
            assert texts(heard) == [f"text {number}" for number in range(30)]
            assert {via for _, via in heard.written} == {"polling", "websocket"}

    await asyncio.gather(*map(once, range(100)))


# -- pings ---------------------------------------------------------------------------------------------------------


@BOTH
@in_loop
async def test_pings_are_answered(urls: dict[str, str], transport: str) -> None:
    async with opened(urls["reference"], transport) as (_, heard):
        await heard.until(lambda: heard.engine.count(f"< ping {transport}") == 5)
        assert heard.engine[:4] == [f"< ping {transport}", f"> pong {transport}"] * 2
        assert heard.ending is None


@in_loop
async def test_no_post_overlaps_another() -> None:
    server = Polling("2\x1e2", "2")
    server.may_answer.clear()
    async with serving(server) as url, opened(url, "polling") as (wire, heard):
        send(wire, heard, "0")
        await heard.until(lambda: heard.engine.count("< ping polling") == 3)
        await server.posted.wait()
        await rounds()
        server.may_answer.set()
    posted = [packet for post in server.posts for packet in post]
    assert sorted(posted) == ["1", "3", "3", "3", "40"]
    assert server.most_posting == 1


# -- sizes ---------------------------------------------------------------------------------------------------------


@BOTH
@in_loop
async def test_a_packet_of_ten_megabytes_arrives(transport: str) -> None:
    big = "4" + "x" * 10_000_000

    class Big(Polling):
        async def websocket(self, request: web.Request) -> web.StreamResponse:
            ws = web.WebSocketResponse()
            await ws.prepare(request)
            await ws.send_str(HANDSHAKE)
            await ws.send_str(big)
            await ws.receive()
            return ws

    async with serving(Big(big)) as url, opened(url, transport) as (_, heard):
        await heard.until(lambda: heard.messages)
        assert len(heard.messages[0]) == 10_000_000


@in_loop
async def test_any_number_of_packets_in_one_payload_arrives() -> None:
    payload = "\x1e".join(f"4{number}" for number in range(1000))
    async with serving(Polling(payload)) as url, opened(url, "polling") as (_, heard):
        await heard.until(lambda: len(heard.messages) == 1000)
        assert heard.messages == [str(number) for number in range(1000)]


@in_loop
async def test_a_post_holds_what_every_server_takes() -> None:
    server = Polling()
    async with serving(server) as url, opened(url, "polling") as (wire, heard):
        for number in range(50):
            send(wire, heard, str(number))
        for _ in range(3):
            send(wire, heard, "x" * 600_000)
    assert [len(post) for post in server.posts] == [16, 16, 16, 3, 1, 1, 1]
    assert all(len("\x1e".join(post)) <= 1_000_000 for post in server.posts)


@in_loop
async def test_what_a_post_may_hold_is_counted_in_bytes() -> None:
    server = Polling()
    async with serving(server) as url, opened(url, "polling") as (wire, heard):
        for _ in range(4):
            send(wire, heard, "请" * 166_600)  # 499,800 bytes
    assert [len(post) for post in server.posts if post != ["1"]] == [2, 2]


@MAKES
@BOTH
@in_loop
async def test_a_clean_goodbye_waits_for_nothing(
    urls: dict[str, str], make: str, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(goodbyes, "CLOSING", 1000.0)
    async with opened(urls[make], transport) as (wire, heard):
        await enter(wire, heard, "leaver")
        await wire.close()
        assert heard.ending == CloseReason("harness", reason="closed")


# -- routes ---------------------------------------------------------------------------------------------------------


@in_loop
async def test_cookies_of_a_load_balancer_are_sent_back() -> None:
    seen = []

    class Sticky(Polling):
        async def __call__(self, request: web.Request) -> web.StreamResponse:
            seen.append(request.cookies.get("AWSALB"))
            if len(seen) > 1:
                return await super().__call__(request)
            return web.Response(text=self.payloads.pop(0), headers={"Set-Cookie": "AWSALB=node-7; Path=/"})

    async with serving(Sticky()) as url, opened(url, "polling") as (wire, heard):
        send(wire, heard, "0")
        await heard.until(lambda: True)
    assert seen[0] is None
    assert set(seen[1:]) == {"node-7"}


@BOTH
@pytest.mark.parametrize("trust", ["bundle", "insecure", "default"])
@in_loop
async def test_tls_with_a_certificate_of_their_own(tmp_path: Path, transport: str, trust: str) -> None:
    server, certificate = self_signed(tmp_path)
    client = ssl.create_default_context(cafile=str(certificate) if trust == "bundle" else None)
    if trust == "insecure":
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE

    async with serving(shake, tls=server) as url:
        if trust == "default":
            assert "CERTIFICATE_VERIFY_FAILED" in (await refusal(url, transport, tls=client)).reason
        else:
            async with opened(url, transport, tls=client) as (_, heard):
                assert heard.handshake["sid"]


def test_ipv6() -> None:
    try:
        served = Served(HelpCenter(Verifier(SECRET)).app, host="::1").__enter__()
    except OSError:
        pytest.skip("no IPv6 loopback here")

    @in_loop
    async def connect(transport: str) -> None:
        async with opened(served.url, transport) as (_, heard):
            assert heard.handshake["sid"]

    try:
        connect("websocket")
        connect("polling")
    finally:
        served.__exit__(None, None, None)
