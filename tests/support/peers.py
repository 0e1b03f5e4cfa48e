"""Tiny servers that misbehave to order, and what a wire's listener heard: for the tests of wires and devices."""

from __future__ import annotations

import asyncio
import base64
import datetime
import functools
import gc
import hashlib
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from conformance.transport.close_reason import CloseReason, HandshakeFailed
from conformance.transport.connection import Connection
from conformance.transport.engineio import Transport
from tests.support.clients import DEADLINE, token

SID = "a-session"
HANDSHAKE = f'0{{"sid":"{SID}","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}}'

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def in_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run an async test on a loop of its own, and see that it leaves no task and nothing unclosed behind."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        async def checked() -> None:
            await asyncio.wait_for(test(*args, **kwargs), 4 * DEADLINE)
            left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            ended = (await asyncio.wait(left, timeout=2))[1] if left else []
            assert not ended, ended

        gc.freeze()  # so that only what the test made is looked at: ten times as fast
        asyncio.run(checked())
        gc.collect()  # what was not closed warns now, and warnings are errors
        gc.unfreeze()

    return run


class Heard:
    """A listener that keeps everything, and lets a test wait for it."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.engine: list[str] = []
        self.garbled: list[tuple[str, str]] = []
        self.written: list[tuple[str, str]] = []
        self.handshake: Mapping[str, Any] = {}
        self.ending: CloseReason | None = None
        self._changed = asyncio.Event()

    def on_handshake(self, handshake: Mapping[str, Any], _via: Transport) -> None:
        self.handshake = handshake

    def on_message(self, text: str, _via: Transport) -> None:
        self._tell(self.messages, text)

    def on_engine(self, direction: str, packet: str, via: Transport, *, status: int | None = None) -> None:
        self._tell(self.engine, f"{direction} {packet} {via}{f' {status}' if status else ''}")

    def on_attachment(self, data: bytes, _via: Transport) -> None:
        self._tell(self.garbled, (repr(data), "a BINARY frame"))

    def on_garbled(self, text: str, why: str) -> None:
        self._tell(self.garbled, (text, why))

    def on_closed(self, ending: CloseReason) -> None:
        assert self.ending is None, "reported twice"
        self.ending = ending
        self._changed.set()

    def _tell(self, reported: list[Any], what: Any) -> None:
        reported.append(what)
        self._changed.set()

    async def until(self, seen: Callable[[], object]) -> None:
        async with asyncio.timeout(DEADLINE):
            while not seen():
                self._changed.clear()
                await self._changed.wait()

    async def the_end(self) -> CloseReason:
        await self.until(lambda: self.ending)
        assert self.ending is not None
        return self.ending


async def rounds() -> None:
    """Let everything that is under way on the loopback interface arrive."""
    for _ in range(100):
        await asyncio.sleep(0)


async def rounds_until(seen: Callable[[], object]) -> None:
    """Let things go on until this is so."""
    async with asyncio.timeout(DEADLINE):
        while not seen():  # noqa: ASYNC110  no event says when
            await asyncio.sleep(0)


def wire_to(url: str, heard: Any, *, deadline: float = DEADLINE, tls: ssl.SSLContext | None = None) -> Connection:
    return Connection(url, heard, headers={}, tls=tls, deadline=deadline)


def send(wire: Connection, heard: Heard, text: str) -> None:
    wire.send(text, lambda via: heard.written.append((text, str(via))))


@asynccontextmanager
async def opened(url: str, transport: str, **options: Any) -> AsyncIterator[tuple[Connection, Heard]]:
    heard = Heard()
    wire = wire_to(url, heard, **options)
    try:
        await wire.open(Transport(transport))
        yield wire, heard
    finally:
        await wire.close()


async def enter(wire: Connection, heard: Heard, user: str) -> None:
    send(wire, heard, "0/help-center," + json.dumps({"token": token(user)}))
    await heard.until(lambda: len(heard.messages) == 2)


async def refusal(url: str, transport: str, **options: Any) -> CloseReason:
    wire = wire_to(url, heard := Heard(), **options)
    with pytest.raises(HandshakeFailed) as refused:
        await wire.open(Transport(transport))
    assert wire.closed
    assert heard.ending is None
    await wire.close()
    return refused.value.close_reason


# -- servers -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def serving(handle: Any, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """An aiohttp handler for every path and method."""

    async def handler(request: web.Request) -> web.StreamResponse:
        answer: web.StreamResponse = await handle(request)
        return answer

    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        yield f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_server(handle: Callable[[Stream], Awaitable[None]]) -> AsyncIterator[str]:
    """A TCP server; ``handle`` does with each connection what it likes, and then it is closed."""
    talking: set[asyncio.Task[Any]] = set()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talking.add(task)
        try:
            await handle((reader, writer))
        except (asyncio.CancelledError, ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            talking.discard(task)
            writer.close()

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)


async def shake(request: web.Request) -> web.StreamResponse:
    """A handler that shakes hands over either transport, and says nothing more."""
    if request.query["transport"] == "polling":
        return web.Response(text=HANDSHAKE)
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    await ws.send_str(HANDSHAKE)
    await ws.receive()
    return ws


async def accept_websocket(stream: Stream, *, extensions: str = "", more: bytes = b"") -> None:
    """Answer the HTTP upgrade by hand, and shake hands; ``more`` comes with it."""
    reader, writer = stream
    request = (await reader.readuntil(b"\r\n\r\n")).decode()
    key = next(line[19:] for line in request.split("\r\n") if line.lower().startswith("sec-websocket-key"))
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode(), usedforsecurity=False).digest()
    answer = base64.b64encode(digest).decode()
    head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    head += f"Sec-WebSocket-Extensions: {extensions}\r\n" if extensions else ""
    writer.write(f"{head}Sec-WebSocket-Accept: {answer}\r\n\r\n".encode() + frame(HANDSHAKE) + more)


def frame(text: str, *, opcode: int = 1) -> bytes:
    """A WebSocket frame of a server, shorter than 64 KiB."""
    data = text.encode()
    length = bytes([len(data)]) if len(data) < 126 else bytes([126]) + len(data).to_bytes(2, "big")
    return bytes([0x80 | opcode]) + length + data


class Polling:
    """An Engine.IO server over polling: gives out ``payloads``, then keeps polls waiting; keeps what is posted."""

    def __init__(self, *payloads: str) -> None:
        self.payloads = [HANDSHAKE, *payloads]
        self.posts: list[list[str]] = []
        self.posting = self.most_posting = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.posted = asyncio.Event()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            return await self.post((await request.text()).split("\x1e"))
        if request.query["transport"] == "websocket":
            return await self.websocket(request)
        if self.payloads:
            return web.Response(text=self.payloads.pop(0))
        await asyncio.Event().wait()
        raise AssertionError("never")

    async def post(self, packets: list[str]) -> web.Response:
        self.posts.append(packets)
        self.posted.set()
        self.posting += 1
        self.most_posting = max(self.most_posting, self.posting)
        await self.may_answer.wait()
        self.posting -= 1
        return web.Response(text="ok")

    async def websocket(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=400)


# -- certificates --------------------------------------------------------------------------------------------------


def self_signed(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context for 127.0.0.1, and the file with the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public
