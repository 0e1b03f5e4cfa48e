"""A look at the target that certifies nothing: what the preflight finds, its clock, and whether sessions survive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import httpx

from conformance.auth.users import Users
from conformance.drive import preflight
from conformance.drive.context import RunContext
from conformance.drive.device_options import Route
from conformance.drive.opening import ScenarioAborted
from conformance.drive.stage import Stage
from conformance.protocol import REST_PATH
from conformance.record.transcript import Transcript
from conformance.schema import timestamps
from conformance.transport.close_reason import describe_error

SESSIONS = 6
"""Polling sessions that are opened at once. Where requests are spread over two servers without regard to sessions, one
of so many survives its first requests by luck alone, and all of them hardly ever."""


@dataclass(frozen=True)
class Examination:
    """What was found. ``route``: the first documented one that works. ``looked_at``: how many users were let in.
    ``clock``: seconds that the target is ahead, None where it does not say. ``lost``: why polling sessions ended, as
    many as did. ``unanswered``: why REST gave no answer at last, if it gave none."""

    route: Route
    rtt: float
    looked_at: int
    clock: float | None
    lost: Sequence[str]
    unanswered: str = ""


async def examine(context: RunContext, users: Users, *, wait: float, within: float) -> Examination:
    """Raises TargetUnusable, as the preflight does."""
    looked_at = min(users.at_hand or 1, preflight.AT_ONCE)
    context = await preflight.check(context, users, wait=wait, within=within)
    lost = await _lost_sessions(context, users)
    found = Examination(context.default_route, context.rtt, looked_at, None, lost)
    try:
        return replace(found, clock=await _clock(context))
    except (httpx.HTTPError, ValueError) as error:
        return replace(found, unanswered=describe_error(error))


async def _clock(context: RunContext) -> float | None:
    """By the Date of an answer, which has whole seconds. Raises httpx.HTTPError or ValueError where there is none."""
    async with context.client() as client:
        began = time.time()
        answer = await context.ask(client, REST_PATH, silence=context.deadline)
        middle = (began + time.time()) / 2
    date = timestamps.of_http(answer.headers.get("date"))
    return None if date is None else date.timestamp() + 0.5 - middle


async def _lost_sessions(context: RunContext, users: Users) -> Sequence[str]:
    async with users.lease(1) as lent:
        stage = Stage(context, Transcript("examination", "examination"), lent)
        try:
            ended = await asyncio.gather(*(_ended(stage, number) for number in range(1, SESSIONS + 1)))
        finally:
            await stage.close()
    return [why for why in ended if why]


async def _ended(stage: Stage, number: int) -> str:
    """Why a polling session gave no greeting; empty when it did."""
    option = stage.run.default_route.option
    device = stage.device(f"session {number}", option=option, transport="polling")
    try:
        await device.connect()
    except ScenarioAborted as aborted:
        return str(aborted).partition(": ")[2]
    return ""
