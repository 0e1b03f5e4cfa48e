"""What still comes on a connection that the client has left already: its handlers are gone (section 1)."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from socketio.packet import EVENT, Packet
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import NAMESPACE, TYPING
from conformance.reference.wire import Wire
from tests.legal.legal import legal
from tests.legal.middleware import Fronted, answer

GOODBYE = f"41{NAMESPACE},"
CLOSE = "1"
SOONER = 0.02
"""Seconds by which the poll is answered before the goodbye is."""
ANSWERS = (
    (200, b""),
    (200, b"6"),
    (200, f"41{NAMESPACE},".encode()),
    (200, b"<html><body>Good bye</body></html>"),
    (400, b'{"code":1,"message":"Session ID unknown"}'),
    (502, b"<html><body>502 Bad Gateway</body></html>"),
    (503, b""),
)
"""Status and body of a poll that waits while its client leaves."""


class EndsPolls(Fronted):
    """Answers the pending poll of a client that leaves in one of many ways, and its WebSocket with an odd frame."""

    LEAVES = CLOSE

    def __init__(self, *args: Any, **options: Any) -> None:
        self.left: dict[str, asyncio.Event] = {}
        self.answers = itertools.cycle(ANSWERS)
        super().__init__(*args, **options)

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        sid = parse_qs(scope.get("query_string", b"").decode()).get("sid", [""])[0]
        if scope["type"] == "websocket":
            await inner(scope, self.listening(receive, send), send)
        elif not sid or scope["method"] == "OPTIONS":
            await inner(scope, receive, send)
        elif scope["method"] == "POST":
            await self.post(inner, scope, receive, send, self.left.setdefault(sid, asyncio.Event()))
        else:
            await self.poll(inner, scope, receive, send, self.left.setdefault(sid, asyncio.Event()))

    def listening(self, receive: Receive, send: Send) -> Receive:
        async def heard() -> Message:
            message = await receive()
            if str(message.get("text") or "").startswith(GOODBYE):
                await send({"type": "websocket.send", "text": ""})
            return message

        return heard

    async def post(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send, left: asyncio.Event) -> None:
        body = bytearray()

        async def read() -> Message:
            message = await receive()
            body.extend(message.get("body", b""))
            if self.LEAVES in body.decode(errors="replace").split("\x1e"):
                left.set()
                await asyncio.sleep(SOONER)
            return message

        await inner(scope, read, send)

    async def poll(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send, left: asyncio.Event) -> None:
        began = over = False

        async def sending(message: Message) -> None:
            nonlocal began
            if not over:
                began = True
                await send(message)

        polling = asyncio.ensure_future(inner(scope, receive, sending))
        await first(left.wait, lambda: asyncio.shield(polling))
        if left.is_set() and not began:
            over = True
            status, content = next(self.answers)
            await answer(send, status, content, (b"content-type", b"text/plain; charset=UTF-8"))
        await asyncio.gather(polling, return_exceptions=True)


async def first(*work: Callable[[], Awaitable[Any]]) -> None:
    """Until the first of them is done."""
    tasks = [asyncio.ensure_future(one()) for one in work]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


@legal()
class EndsThePollOfWhoCloses(EndsPolls):
    """As python-engineio with threads does: the pending poll of a client that posts *close* ends with an empty body;
    others answer it with a packet, a page or an error."""


@legal()
class EndsThePollOfWhoSaysGoodbye(EndsPolls):
    """The same as soon as the client has left the namespace."""

    LEAVES = GOODBYE


class _TypesOn(Wire):
    async def _handle_disconnect(self, eio_sid: str, namespace: str, reason: Any = None) -> None:
        await super()._handle_disconnect(eio_sid, namespace, reason)
        transport = self.eio.sockets.get(eio_sid)
        if transport is not None and not transport.closing:
            late = [TYPING, {"isTyping": False, "sender": "support"}]
            await self._send_packet(eio_sid, Packet(EVENT, namespace=namespace, data=late))


@legal()
class TypesOnToWhoLeft(HelpCenter):
    """An event crosses the goodbye on its way: it arrives once the client has left the namespace."""

    def build_wire(self) -> Wire:
        wire = _TypesOn(NAMESPACE, self.receive, **self.wire_options())
        wire.on("connect", self.on_connect, namespace=NAMESPACE)
        wire.on("disconnect", self.on_disconnect, namespace=NAMESPACE)
        return wire
