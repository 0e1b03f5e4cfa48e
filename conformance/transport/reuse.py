"""HTTP connections that are used again. One may end while it is idle, just as the next request is on its way: the
request is made again then on another one, as browsers do. aiohttp does so for GET alone, and once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import aiohttp
from yarl import URL


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


async def answered(
    client: aiohttp.ClientSession, method: str, url: URL, *, body: Callable[[], Any] = lambda: None, **options: Any
) -> aiohttp.ClientResponse:
    """The answer to a request, which is made again until its connection is a new one or lasts. ``body``: makes it, each
    time. Raises what aiohttp raises."""
    way = Way()
    while True:
        try:
            return await client.request(
                method, url, data=body(), allow_redirects=False, trace_request_ctx=way, **options
            )
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
            if client.closed or not way.reused:
                raise
