"""HTTP connections that are used again. One may end while it is idle, just as the next request is on its way: the
request is made again then on another one, as browsers do. aiohttp does so for GET alone, and once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp


@dataclass
class Way:
    """By which a request went out: on a connection that was used before?"""

    reused: bool = False


def noticed() -> aiohttp.TraceConfig:
    """For clients whose requests have a ``Way`` as their ``trace_request_ctx``."""

    async def reused(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        if isinstance(context.trace_request_ctx, Way):
            context.trace_request_ctx.reused = True

    async def new(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        if isinstance(context.trace_request_ctx, Way):
            context.trace_request_ctx.reused = False

    config = aiohttp.TraceConfig()
    config.on_connection_reuseconn.append(reused)
    config.on_connection_create_start.append(new)
    return config


async def answered(request: Callable[[Way], Awaitable[aiohttp.ClientResponse]]) -> aiohttp.ClientResponse:
    """The answer to a request, which is made again until its connection is a new one or lasts. Raises what aiohttp
    raises."""
    way = Way()
    while True:
        try:
            return await request(way)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
            if not way.reused:
                raise
