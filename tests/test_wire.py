"""The Engine.IO connection: order, upgrades, endings, refusals, and that it never hangs and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from conformance import wire as wire_module
from conformance.engine import Ending, Transport, WireRefused
from conformance.reference import Event, HelpCenter, Served, Verifier
from tests.interop.clients import PLAIN, SECRET, token
from tests.peers import (
    HANDSHAKE,
    Heard,
    Polling,
    Stream,
    accept_websocket,
    frame,
    in_loop,
    opened,
    raw_server,
    self_signed,
    send,
    serving,
    wire_to,
)
from tests.servers import node_server

BOTH = pytest.mark.parametrize("transport", ["websocket", "polling"])
MAKES = pytest.mark.parametrize("make", ["reference", "node"])


class Counting(HelpCenter):
    """Answers ``help_center:typing`` of a number with so many numbered events."""

    async def on_typing(self, event: Event) -> None:
        for number in range(int(event.args[0])):
            await self.emit("number", number, to=event.sid)

    def wire_options(self) -> dict[str, Any]:
        return {"ping_interval": 0.1, "ping_timeout": 5, "max_http_buffer_size": 2**25}


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, str]]:
    app = Counting(Verifier(SECRET), auto_reply=False).app
    with Served(app) as reference, node_server(*PLAIN) as node:
        yield {"reference": reference.url, "node": node}


def enter(wire: Any, heard: Heard, user: str) -> None:
    send(wire, heard, "0/help-center," + json.dumps({"token": token(user)}))


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
        enter(wire, heard, f"order-{transport}")
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
        enter(wire, heard, f"flood-{transport}")
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
            enter(wire, heard, f"upgrade-{repetition}")
            await heard.until(lambda: len(heard.messages) == 2)
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


# -- how connections end -------------------------------------------------------------------------------------------


def _websocket(*data: bytes, reset: bool = False) -> Any:
    async def handle(stream: Stream) -> None:
        await accept_websocket(stream)
        for piece in data:
            stream[1].write(piece)
        await stream[1].drain()
        if reset:
            linger = struct.pack("ii", 1, 0)
            stream[1].get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    return handle


NO_CLOSE = Ending("network", reason="the connection ended without a close frame")


@pytest.mark.parametrize(
    ("handle", "ending"),
    [
        (_websocket(frame("\x0f\xa1because", opcode=8).replace("\x0f\xa1".encode(), b"\x0f\xa1")), None),
        (_websocket(b"\x88\x09\x0f\xa1because"), Ending("target", code=4001, reason="because")),
        (_websocket(b"\x88\x00"), Ending("target", code=0)),
        (_websocket(frame("41")), NO_CLOSE),
        (_websocket(b"\x81\x7e\x10\x00half a message"), NO_CLOSE),
        (_websocket(frame("41"), reset=True), NO_CLOSE),
        (_websocket(frame("1")), Ending("target", reason="Engine.IO close packet")),
    ],
)
@in_loop
async def test_how_a_websocket_ended(handle: Any, ending: Ending) -> None:
    async with raw_server(handle) as url, opened(url, "websocket") as (_, heard):
        assert await heard.the_end() == ending


@pytest.mark.parametrize(
    ("data", "code"), [(b"\x81\x02\xff\xfe", 1007), (b"\xf1\x00", 1002)], ids=["no UTF-8", "reserved bits"]
)
@in_loop
async def test_a_broken_frame_is_the_targets(data: bytes, code: int) -> None:
    async with raw_server(_websocket(data)) as url, opened(url, "websocket") as (_, heard):
        ending = await heard.the_end()
        assert (ending.by, ending.code) == ("target", code)
        assert ending.reason.startswith("no WebSocket frame: ")


@in_loop
async def test_a_binary_frame_and_unknown_packets_are_garbled() -> None:
    data = [frame("\x01", opcode=2), frame("9"), frame(""), frame("3"), frame("6")]
    async with raw_server(_websocket(*data)) as url, opened(url, "websocket") as (_, heard):
        await heard.the_end()
        no_packet = "not an Engine.IO packet that a server sends"
        assert heard.garbled == [("b'\\x01'", "a BINARY frame"), ("9", no_packet), ("", no_packet), ("3", no_packet)]
        assert heard.engine == ["< noop websocket"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@in_loop
async def test_http_errors_end_a_polling_connection(method: str) -> None:
    class Failing(Polling):
        async def __call__(self, request: web.Request) -> web.StreamResponse:
            if request.method == method and not (method == "GET" and self.payloads):
                return web.Response(status=503, text="sorry")
            return await super().__call__(request)

    async with serving(Failing()) as url, opened(url, "polling") as (wire, heard):
        send(wire, heard, "0")
        assert await heard.the_end() == Ending("target", status=503, reason="sorry")


@in_loop
async def test_a_poll_that_breaks_off_ends_the_connection() -> None:
    async def handle(stream: Stream) -> None:
        for body in (HANDSHAKE.encode(), b"41"):
            await stream[0].readuntil(b"\r\n\r\n")
            length = len(HANDSHAKE)
            stream[1].write(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode() + body)

    async with raw_server(handle) as url, opened(url, "polling") as (_, heard):
        ending = await heard.the_end()
        assert (ending.by, ending.code, ending.status) == ("network", None, None)
        assert ending.reason.startswith("poll failed: ClientPayloadError: ")
        assert heard.messages == []


# -- leaving -------------------------------------------------------------------------------------------------------


@MAKES
@BOTH
@in_loop
async def test_a_clean_goodbye_is_quick(urls: dict[str, str], make: str, transport: str) -> None:
    began = time.monotonic()
    async with opened(urls[make], transport) as (wire, heard):
        enter(wire, heard, "leaver")
        await heard.until(lambda: len(heard.messages) == 2)
        await wire.close()
        assert heard.ending == Ending("harness", reason="closed")
    assert time.monotonic() - began < wire_module.CLOSING


@in_loop
async def test_a_goodbye_over_polling_is_a_close_packet_after_everything_else() -> None:
    server = Polling()
    async with serving(server) as url, opened(url, "polling") as (wire, heard):
        send(wire, heard, "0")
    assert [packet for post in server.posts for packet in post] == ["40", "1"]


@pytest.mark.parametrize("leave", ["close", "drop"])
@in_loop
async def test_a_websocket_is_left_with_or_without_a_word(leave: str) -> None:
    got = asyncio.get_running_loop().create_future()

    async def handle(stream: Stream) -> None:
        await accept_websocket(stream)
        got.set_result(await stream[0].read())

    async with raw_server(handle) as url:
        wire, heard = wire_to(url, heard := Heard()), heard
        await wire.open(Transport.WEBSOCKET)
        await getattr(wire, leave)()
        assert (await got)[:1] == (b"\x88" if leave == "close" else b"")
        assert heard.ending == Ending("harness", reason="closed" if leave == "close" else "dropped")


@in_loop
async def test_dropping_a_polling_connection_posts_nothing() -> None:
    server = Polling()
    async with serving(server) as url, opened(url, "polling") as (wire, _):
        await wire.drop()
    assert server.posts == []


@BOTH
@in_loop
async def test_leaving_a_server_that_has_stopped_answering_is_bounded(
    monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    monkeypatch.setattr(wire_module, "CLOSING", 0.1)

    class Mute(Polling):
        async def websocket(self, request: web.Request) -> web.StreamResponse:
            ws = web.WebSocketResponse(autoclose=False)
            await ws.prepare(request)
            await ws.send_str(HANDSHAKE)
            await asyncio.Event().wait()
            return ws

    server = Mute()
    server.may_answer.clear()
    began = time.monotonic()
    async with serving(server) as url, opened(url, transport) as (wire, heard):
        send(wire, heard, "0")
    assert time.monotonic() - began < 1


@in_loop
async def test_what_is_sent_after_the_end_is_lost_and_not_recorded() -> None:
    async with raw_server(_websocket(b"\x88\x00")) as url, opened(url, "websocket") as (wire, heard):
        await heard.the_end()
        began = time.monotonic()
        for number in range(3):
            send(wire, heard, str(number))
        await wire.close()
        assert heard.written == []
        assert time.monotonic() - began < 1


class Raising(Heard):
    def on_message(self, text: str, via: Transport) -> None:
        raise KeyError(text)


@BOTH
@in_loop
async def test_an_error_of_the_harness_is_told_by_close(transport: str) -> None:
    class Talking(Polling):
        async def websocket(self, request: web.Request) -> web.StreamResponse:
            ws = web.WebSocketResponse()
            await ws.prepare(request)
            await ws.send_str(HANDSHAKE)
            await ws.send_str("4hello")
            await ws.receive()
            return ws

    async with serving(Talking("4hello")) as url:
        wire = wire_to(url, heard := Raising())
        await wire.open(Transport(transport))
        assert await heard.the_end() == Ending("harness", reason="error of the harness: KeyError: 'hello'")
        with pytest.raises(KeyError):
            await wire.close()


@in_loop
async def test_an_error_while_writing_is_told_by_close() -> None:
    async with serving(Polling()) as url:
        wire = wire_to(url, heard := Heard())
        await wire.open(Transport.POLLING)
        wire.send("\ud800", lambda via: None)  # no such text can be sent
        assert (await heard.the_end()).by == "harness"
        with pytest.raises(UnicodeEncodeError):
            await wire.close()


# -- handshakes that fail ------------------------------------------------------------------------------------------


async def refusal(url: str, transport: str, **options: Any) -> Ending:
    wire = wire_to(url, heard := Heard(), **options)
    with pytest.raises(WireRefused) as refused:
        await wire.open(Transport(transport))
    assert wire.closed
    assert heard.ending is None
    await wire.close()
    return refused.value.ending


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
        assert ending == Ending("target", reason="not an Engine.IO handshake: 'why'")
    else:
        assert ending == Ending("target", status=status, reason=expected)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@BOTH
@in_loop
async def test_a_redirect_is_no_handshake(urls: dict[str, str], transport: str, status: int) -> None:
    async def handle(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": urls["node"] + request.path_qs}, text="elsewhere")

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
    assert ending == Ending("target", reason=f"not an Engine.IO handshake: {garbage!r}")


@pytest.mark.parametrize("limit", ["null", '"many"', "true", "-1", "1e5"])
@in_loop
async def test_an_odd_limit_is_no_reason_to_refuse_a_handshake(limit: str) -> None:
    server = Polling()
    server.payloads[0] = f'0{{"sid":"x","maxPayload":{limit}}}'
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
        assert await refusal(url, "websocket") == Ending("target", code=4003, reason="go away")


@BOTH
@in_loop
async def test_a_server_that_accepts_and_never_answers(transport: str) -> None:
    async def handle(stream: Stream) -> None:
        await asyncio.Event().wait()

    async with raw_server(handle) as url:
        ending = await refusal(url, transport, deadline=0.2)
    assert ending == Ending("network", reason="no handshake within 0.2 s")


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
async def test_a_port_where_nobody_listens(transport: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    ending = await refusal(f"http://127.0.0.1:{port}", transport)
    assert ending.by == "network"
    assert ending.reason.startswith("ClientConnectorError: Cannot connect to host 127.0.0.1")


# -- upgrades that fail --------------------------------------------------------------------------------------------


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
    async with serving(server) as url, opened(url, "polling", deadline=0.3) as (wire, heard):
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

    async with serving(Holding()) as url, opened(url, "polling", deadline=0.3) as (wire, heard):
        assert not await wire.upgrade()
        assert heard.ending == Ending("target", reason="did not release the running poll for the upgrade")


# -- roads ---------------------------------------------------------------------------------------------------------


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

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.query["transport"] == "polling":
            return web.Response(text=HANDSHAKE)
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        await ws.send_str(HANDSHAKE)
        await ws.receive()
        return ws

    async with serving(handle, tls=server) as url:
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
