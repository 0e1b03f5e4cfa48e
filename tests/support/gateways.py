"""Servers that allow less than the reference server, and what may stand before one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.drive.stage import Stage
from conformance.reference.help_center import HelpCenter
from tests.support.staging import stage_on


class StaysOnPolling(HelpCenter):
    def wire_options(self) -> dict[str, Any]:
        return {"allow_upgrades": False}


class Gateway:
    """Before a server: ``odd`` may answer a request itself, by a status and headers."""

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner
        self.requests: list[dict[str, str]] = []

    def odd(self, scope: Scope, headers: dict[str, str]) -> tuple[int, dict[str, str]] | None:
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode().lower(): value.decode() for name, value in scope.get("headers", ())}
        odd = None
        if scope["type"] in ("http", "websocket"):
            self.requests.append(headers)
            odd = self.odd(scope, headers)
        if odd is None or scope["type"] == "websocket":
            await self.inner(scope, receive, send)
            return
        status, more = odd
        head = [(name.encode(), value.encode()) for name, value in more.items()]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": b"later"})


class Limits(Gateway):
    """Refuses every third request for its pace, of sessions too."""

    def odd(self, scope: Scope, headers: dict[str, str]) -> tuple[int, dict[str, str]] | None:  # noqa: ARG002
        return (429, {"Retry-After": "0"}) if scope["type"] == "http" and len(self.requests) % 3 == 1 else None


@asynccontextmanager
async def behind(gateway: type[Gateway], make: type[HelpCenter]) -> AsyncIterator[tuple[Stage, Gateway]]:
    made: list[Gateway] = []

    def wrap(app: ASGIApp) -> ASGIApp:
        made.append(gateway(app))
        return made[0]

    async with stage_on(make, wrap=wrap) as stage:
        yield stage, made[0]


class LetsNoWebSocketThrough(Gateway):
    def odd(self, scope: Scope, headers: dict[str, str]) -> None:  # noqa: ARG002
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await super().__call__(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close"})


class Sticks(Gateway):
    """Sets a cookie as load balancers do, and knows no session without it."""

    COOKIE = 'AWSALB="a/b+c=="'

    def odd(self, scope: Scope, headers: dict[str, str]) -> tuple[int, dict[str, str]] | None:
        if b"sid=" not in scope["query_string"]:
            return None
        return None if headers.get("cookie") == self.COOKIE else (400, {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def stuck(event: Any) -> None:
            if event["type"] == "http.response.start":
                event = {**event, "headers": [*event["headers"], (b"set-cookie", f"{self.COOKIE}; Path=/".encode())]}
            await send(event)

        await super().__call__(scope, receive, stuck)


class Open(Gateway):
    def odd(self, scope: Scope, headers: dict[str, str]) -> None:  # noqa: ARG002
        return None
