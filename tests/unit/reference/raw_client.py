"""A bare Engine.IO connection to the reference server, and its REST endpoint."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import httpx

from conformance.reference import HelpCenter, Verifier, mint
from tests.support.clients import CONNECTED, NAMESPACE, SECRET

OTHER_SECRET = "another secret of the tests, just as long"


REST = "/api/help-center/messages"
TRANSPORTS = ["websocket", "polling"]


def token(user: str = "ann", **options: Any) -> str:
    return mint(SECRET, user, **options)


def center(kind: type[HelpCenter] = HelpCenter, **options: Any) -> HelpCenter:
    return kind(Verifier(SECRET), **({"auto_reply": False} | options))


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 20))


# A bare Engine.IO connection


@dataclass(frozen=True)
class Packet:
    """A Socket.IO packet: its type (0 CONNECT, 1 DISCONNECT, 2 EVENT, 3 ACK, 4 CONNECT_ERROR)."""

    type: int
    namespace: str
    id: int | None
    data: Any

    @property
    def event(self) -> str | None:
        return self.data[0] if self.type == 2 else None

    @property
    def payload(self) -> Any:
        return self.data[1] if self.type == 2 else self.data[0]


def parse(text: str) -> Packet:
    kind, rest = int(text[1]), text[2:]
    namespace, _, rest = rest.partition(",") if rest.startswith("/") else ("/", "", rest)
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    body = rest[len(digits) :]
    return Packet(kind, namespace, int(digits) if digits else None, json.loads(body) if body else None)


@dataclass
class Raw:
    """What it reads is what crossed the wire, in order."""

    write: Callable[[list[str]], Awaitable[None]]
    read: Callable[[], Awaitable[list[str]]]
    buffer: list[Packet] = field(default_factory=list)

    async def next(self) -> Packet:
        while not self.buffer:
            self.buffer += [parse(text) for text in await self.read() if text.startswith("4")]
        return self.buffer.pop(0)

    async def until_fence(self) -> list[Packet]:
        """Everything up to the answer to a question asked now."""
        await self.write(["40/fence,"])
        packets = [await self.next()]
        while packets[-1].namespace != "/fence":
            packets.append(await self.next())
        return packets[:-1]

    async def connect(self, auth: object = None) -> None:
        await self.write([f"40{NAMESPACE}," + ("" if auth is None else json.dumps(auth))])

    async def emit(self, *events: tuple[Any, ...], ack: int | None = None) -> None:
        """Events in one breath, with acknowledgements numbered from `ack`."""
        numbers = ["" if ack is None else str(ack + i) for i in range(len(events))]
        await self.write([f"42{NAMESPACE},{n}{json.dumps(list(e))}" for n, e in zip(numbers, events, strict=True)])

    async def ack(self, *event: Any) -> Any:
        """The answer to one event; what comes before it is dropped."""
        await self.emit(event, ack=9)
        while (packet := await self.next()).type != 3:
            pass
        assert packet.id == 9
        assert len(packet.data) == 1
        return packet.payload


@asynccontextmanager
async def raw(url: str, transport: str = "websocket", *, headers: dict[str, str] | None = None) -> AsyncIterator[Raw]:
    async with aiohttp.ClientSession(url, headers=headers) as session:
        query = {"EIO": "4", "transport": transport}
        if transport == "websocket":
            async with session.ws_connect("/socket.io/", params=query, max_msg_size=0) as socket:

                async def write(packets: list[str]) -> None:
                    for packet in packets:
                        await socket.send_str(packet)

                async def read() -> list[str]:
                    return [await socket.receive_str()]

                yield Raw(write, read)
        else:
            async with session.get("/socket.io/", params=query) as answer:
                query["sid"] = json.loads((await answer.text())[1:])["sid"]

            async def post(packets: list[str]) -> None:
                async with session.post("/socket.io/", params=query, data="\x1e".join(packets)) as answer:
                    assert answer.status == 200

            async def poll() -> list[str]:
                async with session.get("/socket.io/", params=query) as answer:
                    assert answer.status == 200
                    return (await answer.text()).split("\x1e")

            yield Raw(post, poll)


@asynccontextmanager
async def device(url: str, user: str, transport: str = "websocket") -> AsyncIterator[tuple[Raw, dict[str, Any]]]:
    """A connection that was let in, with the payload of its `help_center:connected`."""
    async with raw(url, transport) as wire:
        await wire.connect({"token": token(user)})
        assert (await wire.next()).type == 0
        connected = await wire.next()
        assert connected.event == CONNECTED
        yield wire, connected.payload


def get(url: str, user: str = "ann", *, method: str = "GET") -> httpx.Response:
    return httpx.request(method, url + REST, headers={"Authorization": f"Bearer {token(user)}"})


def rest(url: str, user: str) -> dict[str, Any]:
    answer = get(url, user)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


# Connecting (section 2.2)
