"""Small clients with which the tests talk to a server of another make."""

from __future__ import annotations

import asyncio
import functools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import aiohttp
import httpx
import jwt
import socketio
from socketio.packet import CONNECT, EVENT, Packet

NAMESPACE = "/help-center"
CONNECTED, MESSAGE, ERROR = "help_center:connected", "help_center:message", "help_center:error"
SEND, TYPING = "help_center:send", "help_center:typing"

SECRET = "a secret of the tests, long enough for HS256"
PLAIN = (f"--jwt-secret={SECRET}", "--no-reply")
DEADLINE = 30.0
"""Seconds, for whatever must come: far beyond what a machine takes that is busy with other things."""


def token(sub: object = "ada", key: Any = SECRET, algorithm: str = "HS256", **claims: object) -> str:
    expires = int(time.time()) + 3600
    payload = {"sub": sub, "exp": expires, **claims}
    return jwt.encode({k: v for k, v in payload.items() if v is not None}, key, algorithm=algorithm)


def in_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run an async test on an event loop of its own."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(asyncio.wait_for(cast("Any", test(*args, **kwargs)), 3 * DEADLINE))

    return run


@asynccontextmanager
async def official_client() -> AsyncIterator[socketio.AsyncClient]:
    """A python-socketio client, disconnected on leaving. By itself it drops the answer of a poll after the server's
    end without reading it, and aiohttp then warns of the connection; here every answer is read."""

    async def read(_session: Any, _context: Any, params: aiohttp.TraceRequestEndParams) -> None:
        if params.response.status != 101:
            await params.response.read()

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(read)
    async with aiohttp.ClientSession(trace_configs=[trace]) as http:
        client = socketio.AsyncClient(reconnection=False, http_session=http)
        try:
            yield client
        finally:
            await client.disconnect()


class Device:
    """Keeps the events that a python-socketio client receives."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self.client = client
        self.events: list[tuple[str, Any]] = []
        self._changed = asyncio.Condition()
        self.client.on("*", self._keep, namespace=NAMESPACE)

    async def _keep(self, event: str, data: Any) -> None:
        self.events.append((event, data))
        async with self._changed:
            self._changed.notify_all()

    def payloads(self, event: str) -> list[Any]:
        return [data for name, data in self.events if name == event]

    async def wait(self, event: str, count: int = 1) -> list[Any]:
        async with asyncio.timeout(DEADLINE), self._changed:
            await self._changed.wait_for(lambda: len(self.payloads(event)) >= count)
        return self.payloads(event)

    async def send(self, text: object) -> dict[str, Any]:
        return cast(
            "dict[str, Any]",
            await self.client.call(SEND, {"text": text}, namespace=NAMESPACE, timeout=DEADLINE),
        )


@asynccontextmanager
async def device(url: str, *, auth: Any = None, **connect: Any) -> AsyncIterator[Device]:
    async with official_client() as client:
        it = Device(client)
        await client.connect(url, namespaces=[NAMESPACE], auth=auth, wait=False, **connect)
        yield it


class Wire:
    """A bare WebSocket on which any packet can be written; it reads Socket.IO packets."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self._websocket = websocket

    async def write(self, packet: str) -> None:
        await self._websocket.send_str(f"4{packet}")

    async def read(self) -> Packet:
        while True:
            frame = await self._websocket.receive(timeout=DEADLINE)
            if frame.type != aiohttp.WSMsgType.TEXT:
                raise ConnectionResetError(f"no packet but the end of the connection: {frame.type.name}")
            if frame.data.startswith("4"):
                return Packet(encoded_packet=frame.data[1:])

    async def event(self) -> list[Any]:
        packet = await self.read()
        assert packet.packet_type == EVENT, packet
        return cast("list[Any]", packet.data)

    async def fence(self) -> list[Packet]:
        """Join the default namespace; everything that came before the answer."""
        await self.write("0")
        packets = []
        while (packet := await self.read()).namespace not in (None, "/"):
            packets.append(packet)
        return packets


@asynccontextmanager
async def wire(url: str) -> AsyncIterator[Wire]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket") as websocket,
    ):
        yield Wire(websocket)


@asynccontextmanager
async def joined_wire(url: str, sub: str) -> AsyncIterator[Wire]:
    """A wire whose user has been let in, its `help_center:connected` read."""
    async with wire(url) as it:
        await it.write(f"0{NAMESPACE},{json.dumps({'token': token(sub)})}")
        assert (await it.read()).packet_type == CONNECT
        assert (await it.event())[0] == CONNECTED
        yield it


async def rest(
    url: str, bearer: str = "", *, authorization: str | None = None, path: str = "/api/help-center/messages"
) -> httpx.Response:
    """Get the history with this token, or with this whole `Authorization` header."""
    headers = {"Authorization": f"Bearer {bearer}" if authorization is None else authorization}
    async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE) as client:
        return await client.get(url + path, headers=headers)


async def is_let_in(url: str, bearer: str) -> tuple[bool, bool]:
    """Whether the socket and REST accept this token."""
    async with wire(url) as it:
        await it.write(f"0{NAMESPACE},{json.dumps({'token': bearer})}")
        assert (await it.read()).packet_type == CONNECT
        name, payload = await it.event()
    response = await rest(url, bearer)
    assert name == CONNECTED or payload["code"] == "UNAUTHORIZED"
    assert response.status_code in (200, 401)
    return name == CONNECTED, response.status_code == 200
