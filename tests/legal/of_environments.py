"""What happens around a server while it is certified: nodes are replaced, and what they knew of sessions is gone."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Problem
from tests.legal.legal import legal
from tests.legal.middleware import Fronted, answer

UNKNOWN = b'{"code":1,"message":"Session ID unknown"}'
ENOUGH = 20
"""Connections, until the first node is replaced."""
FEW = 6
"""Connections that came when no other was there, until the second one is."""


class Forgetful(Fronted):
    """Sessions can be forgotten: polls and posts get 400, WebSockets are closed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.sessions: dict[str, asyncio.Event] = {}
        self.sockets: set[asyncio.Event] = set()
        super().__init__(*args, **options)

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        sid = parse_qs(scope.get("query_string", b"").decode()).get("sid", [""])[0]
        if scope["type"] == "websocket":
            await self.websocket(inner, scope, receive, send)
        elif sid:
            await self.request(inner, scope, receive, send, self.sessions.setdefault(sid, asyncio.Event()))
        else:
            await inner(scope, receive, send)

    async def request(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send, gone: asyncio.Event) -> None:
        began = over = False

        async def sending(message: Message) -> None:
            nonlocal began
            if not over:
                began = True
                await send(message)

        working = asyncio.ensure_future(inner(scope, receive, sending))
        forgotten = asyncio.ensure_future(gone.wait())
        await asyncio.wait([working, forgotten], return_when=asyncio.FIRST_COMPLETED)
        forgotten.cancel()
        if gone.is_set() and not began:
            over = True
            await answer(send, 400, UNKNOWN, (b"content-type", b"application/json"))
        await asyncio.gather(working, return_exceptions=True)

    async def websocket(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.Event()
        self.sockets.add(gone)

        async def hearing() -> Message:
            heard, forgotten = asyncio.ensure_future(receive()), asyncio.ensure_future(gone.wait())
            await asyncio.wait([heard, forgotten], return_when=asyncio.FIRST_COMPLETED)
            forgotten.cancel()
            if not gone.is_set():
                return heard.result()
            heard.cancel()
            await send({"type": "websocket.close", "code": 1012})
            return {"type": "websocket.disconnect", "code": 1012}

        async def sending(message: Message) -> None:
            if not gone.is_set():
                await send(message)

        await inner(scope, hearing, sending)
        self.sockets.discard(gone)

    def forget(self, sid: str) -> None:
        """A polling session is not known any more."""
        self.sessions.setdefault(sid, asyncio.Event()).set()

    def replace(self) -> None:
        """The node with all its connections is replaced."""
        for gone in self.sockets:
            gone.set()
        for sid in [sid for sid, gone in self.sessions.items() if not gone.is_set()]:
            self.forget(sid)
            self.spawn(self.wire.eio.disconnect(sid))


@legal()
class LosesARefusedClient(Forgetful):
    """A node was just replaced: once, the poll of a client with a bad token finds no session, and no refusal."""

    lost = False

    async def refuse(self, sid: str, problem: Problem) -> None:
        eio_sid = self.wire.manager.eio_sid_from_sid(sid, self.wire.namespace)
        if not self.lost and eio_sid in self.sessions:
            self.lost = True
            self.forget(eio_sid)
        else:
            await super().refuse(sid, problem)


@legal()
class RollsOver(Forgetful):
    """Two nodes are replaced, one after the other, while it is certified."""

    came = alone = 0

    async def welcome(self, sid: str, user: str) -> None:
        await HelpCenter.welcome(self, sid, user)
        self.came += 1
        self.alone += len(self.users) == 1
        self.alone *= len(self.users) == 1
        if self.came == ENOUGH or (self.came > ENOUGH and self.alone == FEW):
            self.replace()
