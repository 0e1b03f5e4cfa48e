"""Raw servers that say frames of WebSockets, and a client that hears them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from conformance.transport.connection import Connection
from conformance.transport.engineio import Transport
from conformance.transport.limits import Intake
from tests.support.clients import DEADLINE
from tests.support.peers import Heard, Stream, accept_websocket, send


@asynccontextmanager
async def connected(url: str, intake: Intake, transport: str = "websocket") -> AsyncIterator[Heard]:
    heard = Heard()
    wire = Connection(url, heard, headers={}, tls=None, deadline=DEADLINE, intake=intake)
    try:
        await wire.open(Transport(transport))
        send(wire, heard, "now")
        yield heard
    finally:
        await wire.close()


def saying(*frames: bytes) -> Callable[[Stream], Awaitable[None]]:
    async def handle(stream: Stream) -> None:
        await accept_websocket(stream)
        await stream[0].read(1)
        for frame in frames:
            stream[1].write(frame)
        await stream[0].read()

    return handle


def frame(size: int, *, sent: int | None = None) -> bytes:
    """A text frame, or its beginning."""
    return bytes([0x81, 127]) + size.to_bytes(8, "big") + b"4".ljust(size if sent is None else sent, b"x")
