"""Serving an ASGI application with uvicorn: in this thread, or embedded in one of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

START_TIMEOUT = 10.0
STOP_TIMEOUT = 10.0


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=1024)
    # Opened again by its number, so that Python learns it is TCP: asyncio sets TCP_NODELAY only on sockets
    # that say so, and without it many an answer waits 40 ms.
    return socket.socket(fileno=listener.detach())


def url_of(listener: socket.socket) -> str:
    """The URL of what listens there."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """uvicorn that says when it is ready and stops at once, open WebSockets and pending polls or not."""

    def __init__(self, app: ASGIApp, *, ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="websockets-sansio",  # the only one that uses nothing deprecated in `websockets`
            ws_ping_interval=None,  # Engine.IO has pings of its own
            ws_per_message_deflate=False,
            timeout_keep_alive=75,  # uvicorn's 5 seconds race with clients that pause between requests
            log_config=None,
            log_level="critical",
            access_log=False,
        )
        super().__init__(config)
        self._ready = ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    def run_on(self, listener: socket.socket) -> None:
        """Serve until `stop` or a signal; the listener is closed then."""
        with listener:
            asyncio.run(self.serve(sockets=[listener]))

    def stop(self) -> None:
        """End `run_on`; from any thread or signal handler."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: it has ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal; uvicorn raises it again once the server has stopped."""
        super().handle_exit(sig, frame)
        self.stop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open for business."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets=sockets)
        await self.on_tick(0)
        if not self.lifespan.should_exit:
            self._ready()

    async def main_loop(self) -> None:
        """Wait for the end without uvicorn's polling; each tick renews the Date header."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close everything and wait for nothing; `asyncio.run` cancels the tasks that are left."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
            connection.transport.abort()
        await self.lifespan.shutdown()


class Served:
    """An ASGI application served from a background thread, as a context manager.

    `url` is known from the start of the block. Any number can run in one process. Raises `OSError`
    when the address is taken, `RuntimeError` when the server does not start or stop.
    """

    def __init__(self, app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._app = app
        self._address = (host, port)
        self._settled = threading.Event()
        self._failure: BaseException | None = None
        self.url = ""

    def __enter__(self) -> Self:
        listener = listen(*self._address)
        self.url = url_of(listener)
        self._server = self.server(self._app)
        self._thread = threading.Thread(target=self._run, args=[listener], name=f"serves {self.url}", daemon=True)
        self._thread.start()
        self._settled.wait(START_TIMEOUT)
        if not self._server.started:
            raise RuntimeError(f"the server at {self.url} did not start") from self._failure
        return self

    def server(self, app: ASGIApp) -> Server:
        """What serves the application; it has to be ready to say that it is (`ready`)."""
        return Server(app, ready=self._settled.set)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
        self._thread.join(STOP_TIMEOUT)
        if self._thread.is_alive():
            raise RuntimeError(f"the server at {self.url} did not stop")

    def _run(self, listener: socket.socket) -> None:
        try:
            self._server.run_on(listener)
        except BaseException as failure:  # reported by whoever waits for the start
            self._failure = failure
        finally:
            self._settled.set()
