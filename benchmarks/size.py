"""Greetings with long conversations: received, recorded, validated and judged, against received and decoded alone."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from socketio.packet import Packet

from benchmarks.figure import Figure, Figures
from benchmarks.judging import judge
from benchmarks.processes import serving
from benchmarks.stages import Stages
from conformance.protocol import NAMESPACE
from tests.histories import measured

HOW_MANY = (10, 1_000, 10_000, 50_000)
AIM = 10_000
USERS = 20


def measure() -> Figures:
    figures: list[Figure] = []
    whole: dict[int, float] = {}
    for count in HOW_MANY:
        with serving("benchmarks.greeter", str(count)) as url:
            bare = asyncio.run(_bare(url))
            whole[count], second = asyncio.run(_judged(url))
        name, aimed = f"{count:,} messages", count == AIM
        figures += [
            Figure(f"{name}: received and decoded", 1000 * bare, "ms"),
            Figure(f"{name}: recorded and judged, against that", whole[count] / bare, at_most=1.3 if aimed else None),
            Figure(
                f"{name}: a second greeting beyond decoding, against the first one",
                max(0.0, second - bare) / whole[count],
                at_most=0.1 if aimed else None,
            ),
        ]
    few, many = HOW_MANY[2:]
    growth = whole[many] / many / (whole[few] / few)
    return [*figures, Figure(f"time for each message, {many:,} against {few:,}", growth, at_most=1.2)]


def whole_run() -> Figures:
    """Takes minutes."""
    with tempfile.TemporaryDirectory() as folder:
        cost = measured([f"customer-{number:02}" for number in range(1, USERS + 1)], AIM, Path(folder))
    name = f"a run with {USERS} users of {AIM:,} messages each"
    return [
        Figure(f"{name}: wall time", cost.seconds, "s", at_most=60),
        Figure(f"{name}: processor time", cost.processor, "s"),
        Figure(f"{name}: reports", cost.reports, "MB", at_most=30),
        Figure(f"{name}: memory", cost.memory, "MB", at_most=500),
    ]


@asynccontextmanager
async def _timed(times: list[float]) -> AsyncIterator[None]:
    """Appends the seconds of processor time. No garbage of before is collected meanwhile."""
    gc.collect()
    began = time.process_time()
    yield
    times.append(time.process_time() - began)


async def _bare(url: str) -> float:
    times: list[float] = []
    async with aiohttp.ClientSession() as session:
        where = f"{url}/socket.io/?EIO=4&transport=websocket"
        async with session.ws_connect(where, max_msg_size=0) as ws, _timed(times):
            await ws.receive_str()
            await ws.send_str(f"40{NAMESPACE},{{}}")
            await ws.receive_str()
            Packet(encoded_packet=(await ws.receive_str())[1:])
    return times[0]


async def _judged(url: str) -> tuple[float, float]:
    """Of the first greeting of a user and of a second one, in another recording."""
    stages, times = Stages(url), list[float]()
    async with stages.users() as users:
        for name in ("first", "second"):
            async with stages.stage(name, users) as stage, _timed(times):
                await stage.device().connect()
                judge(stage.transcript)
    return times[0], times[1]
