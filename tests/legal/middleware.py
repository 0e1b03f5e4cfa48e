"""What stands in front of a server: ASGI applications around the reference server's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Json


class Fronted(HelpCenter):
    """A server with something in front of it: override what that does with one request or WebSocket."""

    def build_app(self) -> ASGIApp:
        inner = super().build_app()

        async def front(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                await inner(scope, receive, send)
            else:
                await self.front(inner, scope, receive, send)

        return front

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or WebSocket: hand it on."""
        await inner(scope, receive, send)


def is_rest(scope: Scope) -> bool:
    """Whether it is for REST, and not for Socket.IO."""
    return bool(scope["type"] == "http" and not scope["path"].startswith("/socket.io"))


def with_headers(send: Send, *more: tuple[bytes, bytes], less: tuple[bytes, ...] = ()) -> Send:
    """The answer with further headers, and without some."""

    async def sending(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.accept"):
            kept = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in less]
            message = {**message, "headers": [*kept, *more]}
        await send(message)

    return sending


async def answer(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    """A whole HTTP answer."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": body})


class Postman:
    """Delivers what is sent in its order, each piece not before the moment that ``due`` names for one handed over now
    (seconds of the event loop's clock)."""

    def __init__(self, send: Send, due: Callable[[float], float]) -> None:
        self._send = send
        self._due = due
        self._queue: asyncio.Queue[tuple[float, Message | None]] = asyncio.Queue()
        self._task = asyncio.create_task(self._deliver())

    async def post(self, message: Message | None) -> None:
        """Hand over a piece; None ends it."""
        now = asyncio.get_running_loop().time()
        await self._queue.put((self._due(now), message))

    async def _deliver(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due, message = await self._queue.get()
            if message is None:
                return
            await asyncio.sleep(max(0.0, due - clock()))
            await self._send(message)

    async def finish(self) -> None:
        """Deliver the rest."""
        await self.post(None)
        await asyncio.gather(self._task, return_exceptions=True)  # the client may have left

    def cancel(self) -> None:
        self._task.cancel()


class Delayed(Fronted):
    """Whatever is sent arrives later, as `due` says."""

    def due(self, now: float) -> float:
        """When something sent now arrives."""
        return now

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        postman = Postman(send, self.due)
        try:
            await inner(scope, receive, postman.post)
            await postman.finish()
        finally:
            postman.cancel()


class Bounded(Fronted):
    """A frame or request of more than so many bytes ends the connection."""

    LIMIT = 1_000_000

    def wire_options(self) -> Json:
        return {"max_http_buffer_size": self.LIMIT}

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        size = 0

        async def receiving() -> Message:
            nonlocal size
            message = await receive()
            text = message.get("text") or ""
            size = len(text.encode()) if text else size + len(message.get("body", b""))
            if size > self.LIMIT and message["type"] == "websocket.receive":
                await send({"type": "websocket.close", "code": 1009})
                return {"type": "websocket.disconnect", "code": 1009}
            return message

        length = int(dict(scope["headers"]).get(b"content-length", b"0"))
        if scope["type"] == "http" and length > self.LIMIT:
            await answer(send, 413, b"too large", (b"connection", b"close"))
        else:
            await inner(scope, receiving, send)
