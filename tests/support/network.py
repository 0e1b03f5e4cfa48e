"""A network between a client and a server that can go down, and that may let no WebSocket through."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

_NO = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Network:
    """``url`` is the server's, as the client sees it."""

    def __init__(self, server: str, *, websockets: bool) -> None:
        where = urlsplit(server)
        self._host, self._port = where.hostname, where.port
        self._websockets = websockets
        self._open: set[asyncio.StreamWriter] = set()
        self._is_down = False
        self.url = ""

    def down(self) -> None:
        """Every connection breaks, and no new one is answered."""
        self._is_down = True
        for writer in self._open:
            writer.transport.abort()

    def up(self) -> None:
        self._is_down = False

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, both ways, until either side ends it."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            async with _open(writer, self._open):
                head = await reader.readuntil(b"\r\n\r\n")
                if b"upgrade: websocket" in head.lower() and not self._websockets:
                    writer.write(_NO)
                    await writer.drain()
                elif not self._is_down:
                    await self._through(head, reader, writer)

    async def _through(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, asking = await asyncio.open_connection(self._host, self._port)
        async with _open(asking, self._open):
            asking.write(head)
            ways = [asyncio.create_task(_pump(reader, asking)), asyncio.create_task(_pump(answers, writer))]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)


@asynccontextmanager
async def _open(writer: asyncio.StreamWriter, connections: set[asyncio.StreamWriter]) -> AsyncIterator[None]:
    connections.add(writer)
    try:
        yield
    finally:
        connections.discard(writer)
        writer.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()


@asynccontextmanager
async def network(server: str, *, websockets: bool = True) -> AsyncIterator[Network]:
    """A network before the server, on a free loopback port."""
    it = Network(server, websockets=websockets)
    listening = await asyncio.start_server(it.carry, "127.0.0.1", 0)
    it.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield it
    finally:
        listening.close()
        it.down()
