"""The client of a hostile target, as a handler sees it: bytes, and the few pieces of HTTP and WebSocket around them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import hashlib
import re
import zlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

HANDSHAKE = b'0{"sid":"a-session","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'
TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9
AT_ONCE = 2**18
"""Bytes that are written at a time."""

Mangle = Callable[[bytes], bytes]
Beside = Callable[["Peer"], Awaitable[None]]


@dataclass
class Peer:
    """One connection, of which the head of the first request has been read."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: bytes
    host: str
    port: int

    @property
    def request(self) -> str:
        """Its first line."""
        return self.head.partition(b"\r\n")[0].decode("latin-1")

    def header(self, name: str) -> str:
        found = re.search(rb"(?im)^" + name.encode() + rb": *([^\r]*)\r", self.head)
        return found[1].decode("latin-1") if found else ""

    @property
    def token(self) -> str:
        """What the request is authorized by; of a WebSocket by option A there is none yet."""
        return self.header("authorization").removeprefix("Bearer ")

    async def send(self, data: bytes | memoryview) -> None:
        whole = memoryview(data)
        for begin in range(0, len(data), AT_ONCE):  # asyncio copies what it is given
            self.writer.write(whole[begin : begin + AT_ONCE])
            await self.writer.drain()

    async def answer(self, body: bytes, *, status: str = "200 OK", headers: bytes = b"") -> None:
        media = b"" if b"content-type" in headers.lower() else b"Content-Type: application/json\r\n"
        await self.begin(b"%bContent-Length: %d\r\n%b" % (media, len(body), headers), status=status)
        await self.send(body)

    async def begin(self, headers: bytes = b"Content-Type: application/json\r\n", *, status: str = "200 OK") -> None:
        await self.send(b"HTTP/1.1 %b\r\nConnection: close\r\n%b\r\n" % (status.encode("latin-1"), headers))

    async def gone(self) -> None:
        """Until the client has left."""
        while await self.reader.read(65536):
            pass

    async def forever(self, data: bytes, pause: float = 0.0) -> None:
        """Send it again and again."""
        while not self.writer.is_closing():
            await self.send(data)
            await asyncio.sleep(pause)

    # -- WebSocket ---------------------------------------------------------------------------------------------

    async def upgrade(self, extensions: bytes = b"") -> None:
        key = self.header("sec-websocket-key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest())  # noqa: S324  RFC 6455
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        await self.send(b"%bSec-WebSocket-Accept: %b\r\n%b\r\n" % (head, accept, extensions))

    # -- the correct server ------------------------------------------------------------------------------------

    async def through(self, mangle: Mangle = lambda data: data, *, beside: Beside | None = None) -> None:
        """Hand everything on to the correct server, and what it answers back, mangled; ``beside`` runs meanwhile, from
        the greeting on."""
        behind, asking = await asyncio.open_connection(self.host, self.port)
        asking.write(self.head)
        forth = asyncio.ensure_future(_pump(self.reader, asking))
        other: asyncio.Future[None] | None = None
        greeted = False
        try:
            while data := await behind.read(65536):
                await self.send(mangle(data))
                greeted = greeted or b"help_center:connected" in data
                if beside is not None and other is None and greeted:
                    other = asyncio.ensure_future(_quietly(beside(self)))
        finally:
            for task in filter(None, (forth, other)):
                task.cancel()
            asking.close()

    async def correct(self) -> bytes:
        """The body that the correct server answers this request with."""
        behind, asking = await asyncio.open_connection(self.host, self.port)
        asking.write(self.head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        answer = await behind.read()
        asking.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return b"".join(_chunks(body)) if b"transfer-encoding: chunked" in head.lower() else body


def _chunks(body: bytes) -> Iterator[bytes]:
    while body:
        size, _, body = body.partition(b"\r\n")
        yield body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
        sink.write_eof()


async def _quietly(work: Awaitable[None]) -> None:
    with contextlib.suppress(OSError):
        await work


def frame(payload: bytes, kind: int = TEXT, *, first: int = 0x80) -> bytes:
    """A WebSocket frame of a server."""
    size = len(payload)
    short, long = bytes([min(size, 125)]), b"\x7f" + size.to_bytes(8, "big")
    return bytes([first | kind]) + (short if size < 126 else long) + payload


def zeros(gigabytes: int, bits: int = 31) -> bytes:
    """So many gigabytes of zeros, as gzip has them (or deflate: 15); they do not end there."""
    squeeze = zlib.compressobj(9, wbits=bits)
    begins, goes_on = (squeeze.compress(b"0" * 2**20) + squeeze.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return begins + goes_on * (1024 * gigabytes - 1)


def deflated(beginning: bytes, megabytes: int) -> bytes:
    """A message of permessage-deflate that goes on with so many megabytes of zeros."""
    squeeze = zlib.compressobj(9, wbits=-15)
    begins = squeeze.compress(beginning) + squeeze.flush(zlib.Z_FULL_FLUSH)
    return (begins + megabytes * (squeeze.compress(b"0" * 2**20) + squeeze.flush(zlib.Z_FULL_FLUSH)))[:-4]


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data)
