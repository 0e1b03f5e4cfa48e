"""REST that reads a replica, which follows a moment later: asked again until it shows what is known."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping

from conformance.drive.announcements import Ids
from conformance.drive.context import ScenarioContext
from conformance.protocol import Json
from conformance.record.timeouts import SHOWN
from conformance.record.transcript import Kind

REST = "rest"
"""The name of its entries' device."""
EVERYWHERE, IN_A_ROW = 4, 3
"""Requests that are made at the same moment, and how often in a row all have to show what one has lacked."""

Exchange = dict[str, Json]
"""As ``Kind.HTTP`` records it."""


def lacks(exchange: Mapping[str, Json], message_id: str) -> bool:
    """Whether it shows a conversation, without that message."""
    body = exchange["body"] if exchange["status"] == 200 else None
    listed = body.get("messages") if isinstance(body, dict) else None
    return isinstance(listed, list) and message_id not in Ids(listed)


async def catch_up(
    context: ScenarioContext, exchange: Exchange, known: str, ask: Callable[[], Awaitable[Exchange]]
) -> None:
    """Make a request again until its answer shows the message which a device had received before. It counts as asked
    when it was first asked: what came meanwhile may be missing. ``exchange``: replaced by what it comes to; no other
    answer is kept, for each may be large."""
    context.recorder.add(Kind.MARK, device=REST, label="the newest message is not shown yet: asks again")
    first = _first_asked(exchange)

    async def attempt() -> bool:
        exchange.clear()
        exchange.update(await ask() | first)
        return not lacks(exchange, known)

    await until(context, attempt, forget=exchange.clear)


async def shown_everywhere(
    context: ScenarioContext, shown: Exchange, known: str, ask: Callable[[], Awaitable[Exchange]]
) -> Exchange:
    """The answer of a replica or node that stays behind for ever, if there is one beside that which has shown the
    message at last: several requests are made at the same moment, until all answers show it some times in a row."""
    lacking: Exchange = {}
    in_a_row = 0

    async def look() -> None:
        answer = await ask()
        if not lacking and lacks(answer, known):
            lacking.update(answer | _first_asked(shown))

    async def attempt() -> bool:
        nonlocal in_a_row
        await asyncio.gather(*(look() for _ in range(EVERYWHERE)))
        in_a_row = 0 if lacking else in_a_row + 1
        return in_a_row == IN_A_ROW

    await until(context, attempt, forget=lacking.clear)
    return lacking or shown


async def until(
    context: ScenarioContext, attempt: Callable[[], Awaitable[bool]], forget: Callable[[], object] = lambda: None
) -> None:
    """Try until it succeeds, no longer than anything else is waited for that must come. ``forget``: called before it
    is tried again."""
    recorder, timeout = context.recorder, context.run.timeout
    began = recorder.now
    pauses = itertools.chain((0.1, 0.2, 0.4, 0.8), itertools.repeat(1.0))
    while not await attempt():
        waited = recorder.now - began
        if waited > timeout.of(SHOWN):
            timeout.gave_up(SHOWN, waited)
            return
        forget()
        await recorder.until(lambda: None, within=next(pauses))
    timeout.came(SHOWN, recorder.now - began)


def _first_asked(exchange: Mapping[str, Json]) -> Exchange:
    """What another exchange has to say of when it was made to count as this one, made again."""
    return {"began": exchange["began"], "since": exchange.get("since", exchange["began"])}
