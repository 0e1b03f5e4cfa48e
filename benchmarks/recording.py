"""Exchanges (a send, its ack, its event), recorded and validated: against python-socketio's own client, which makes the
same without a record, and against the official client of Node.js."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import socketio

from benchmarks.figure import Figure, Figures
from benchmarks.judging import judge
from benchmarks.processes import ROOT, reference
from benchmarks.stages import Stages
from conformance.drive.device import Device
from conformance.protocol import MESSAGE, NAMESPACE, SEND
from tests.support.servers import node_client

EXCHANGES, AT_ONCE = 1000, 50
"""How many are made, and how many of them without waiting in between where they are pipelined."""


@dataclass(frozen=True)
class Pace:
    """Seconds for each exchange: of wall time, and of this process."""

    wall: float
    processor: float


async def _paced(exchanges: Callable[[], Awaitable[None]]) -> Pace:
    wall, processor = time.perf_counter(), time.process_time()
    await exchanges()
    return Pace((time.perf_counter() - wall) / EXCHANGES, (time.process_time() - processor) / EXCHANGES)


def measure() -> Figures:
    figures = []
    for way, batch in (("one by one", 1), ("pipelined", AT_ONCE)):
        with reference() as url:
            recorded, validated = asyncio.run(_recorded(url, batch))
            bare = asyncio.run(_bare(url, batch))
            node = _node(url, batch)
        figures += [
            Figure(f"{way}: exchanges a second, recorded and validated", 1 / validated.wall),
            Figure(f"{way}: against the bare client", bare.wall / validated.wall, at_least=0.9),
            Figure(f"{way}: against the official client of Node.js", node / validated.wall),
            Figure(f"{way}: processor time for each, recorded", 1000 * recorded.processor, "ms"),
            Figure(f"{way}: processor time for each, validated besides", 1000 * validated.processor, "ms"),
            Figure(f"{way}: processor time for each, bare client", 1000 * bare.processor, "ms"),
        ]
    return figures


async def _recorded(url: str, batch: int) -> tuple[Pace, Pace]:
    """Recorded alone, and validated besides: by every law."""
    stages = Stages(url)
    async with stages.users() as users, stages.stage("recording", users) as stage, stage.device() as phone:
        recorded = await _paced(lambda: _exchanges(phone, batch))

        async def validate() -> None:
            judge(stage.transcript)

        more = await _paced(validate)
    return recorded, Pace(recorded.wall + more.wall, recorded.processor + more.processor)


async def _exchanges(phone: Device, batch: int) -> None:
    for begin in range(0, EXCHANGES, batch):
        await phone.pipeline([f"benchmark message {begin + number}" for number in range(batch)])


async def _bare(url: str, batch: int) -> Pace:
    client, heard = socketio.AsyncClient(reconnection=False), Heard()
    client.on(MESSAGE, heard.message, namespace=NAMESPACE)
    auth = {"token": await _token(url)}
    await client.connect(url, namespaces=[NAMESPACE], auth=auth, transports=["websocket"])

    async def exchange(text: str) -> None:
        answer = await client.call(SEND, {"text": text}, namespace=NAMESPACE)
        await heard.until(answer["message"]["id"])

    async def exchanges() -> None:
        for begin in range(0, EXCHANGES, batch):
            await asyncio.gather(*(exchange(f"benchmark message {begin + number}") for number in range(batch)))

    try:
        return await _paced(exchanges)
    finally:
        await client.disconnect()


class Heard:
    """The messages that a client has received."""

    def __init__(self) -> None:
        self._known: dict[str, asyncio.Event] = {}

    def message(self, message: dict[str, str]) -> None:
        self._event(message["id"]).set()

    async def until(self, message_id: str) -> None:
        await self._event(message_id).wait()

    def _event(self, message_id: str) -> asyncio.Event:
        return self._known.setdefault(message_id, asyncio.Event())


def _node(url: str, batch: int) -> float:
    """Seconds for each exchange."""
    node, client = node_client()
    settings = json.dumps({"token": asyncio.run(_token(url)), "exchanges": EXCHANGES, "atOnce": batch})
    command = [node, str(ROOT / "benchmarks" / "exchanges.mjs"), url, settings]
    done = subprocess.run(command, cwd=Path(client).parent, capture_output=True, text=True, check=True)
    return float(done.stdout) / EXCHANGES


async def _token(url: str) -> str:
    async with Stages(url).users() as users:
        return str((await users[0].token()).value)
