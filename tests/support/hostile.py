"""Servers that no Help Center is, on free loopback ports: what a certification may find behind a URL."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import socketserver
import threading
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Event, Problem
from conformance.reference.tokens import Verifier

SECRET = "a secret that the hostile servers trust, too"


@contextmanager
def tcp(handle: Callable[[socket.socket], None]) -> Iterator[str]:
    """Listen, and give every connection to ``handle`` in a thread of its own; yields the URL."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):  # the client has left
                handle(self.request)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
            server.block_on_close = False


def silent(client: socket.socket) -> None:
    """Takes whatever comes and never answers."""
    while client.recv(4096):
        pass


def garbage(client: socket.socket) -> None:
    """Answers in no language."""
    client.recv(4096)
    client.sendall(b"\x15\x03\x01\x00\x02 this is not HTTP\r\n\r\n")


def dripping(client: socket.socket) -> None:
    """Answers so slowly that no single read ever times out."""
    client.recv(4096)
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\nX-Slow: ")
    stopped = threading.Event()
    while not stopped.wait(0.05):
        client.sendall(b"x")


def page(client: socket.socket) -> None:
    """A web server with a page for everything."""
    body = b"<!doctype html><title>Welcome</title><p>Nothing to see here."
    while client.recv(4096):
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
        client.sendall(head.encode() + body)


def _cut(client: socket.socket, behind: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the client has left
        client.shutdown(socket.SHUT_RDWR)
    behind.close()


def dropping(url: str, after: float) -> Callable[[socket.socket], None]:
    """A gateway before ``url`` that cuts every connection ``after`` so many seconds."""
    where = urlsplit(url)

    def handle(client: socket.socket) -> None:
        with socket.create_connection((where.hostname, where.port)) as behind:
            cut = threading.Timer(after, _cut, [client, behind])
            cut.start()
            back = threading.Thread(target=_pump, args=[behind, client], daemon=True)
            back.start()
            _pump(client, behind)
            cut.cancel()

    return handle


def losing(url: str, request: str, numbers: Collection[int]) -> Callable[[socket.socket], None]:
    """A gateway before ``url`` that loses connections: over these of the requests that begin like this."""
    where, counted = urlsplit(url), itertools.count(1)

    def handle(client: socket.socket) -> None:
        with socket.create_connection((where.hostname, where.port)) as behind:
            threading.Thread(target=_pump, args=[behind, client], daemon=True).start()
            while data := client.recv(65536):
                if data.startswith(request.encode()) and next(counted) in numbers:
                    return _cut(client, behind)
                behind.sendall(data)

    return handle


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def help_center(kind: type[HelpCenter] = HelpCenter, **more: Any) -> HelpCenter:
    return kind(Verifier(SECRET), **more)


class Mute(HelpCenter):
    """Greets, and answers nothing that is sent."""

    async def receive(self, event: Event) -> None:
        pass


class Deaf(Mute):
    """Has a conversation over REST, opens connections and never says a word on them."""

    async def on_connect(self, sid: str, environ: Any, auth: object = None) -> None:
        pass


class NoHelpCenter(Deaf):
    """Another application, with Socket.IO too."""

    def rest_routes(self) -> list[Any]:
        return []


class Huge(HelpCenter):
    """Conversations of ten megabytes."""

    def snapshot(self, user: str) -> Any:
        snapshot = super().snapshot(user)
        one = {"id": "", "conversationId": snapshot["conversation"]["id"], "sender": "support", "text": "long " * 400}
        old = [{**one, "id": f"old {n}", "createdAt": "2020-01-01T00:00:00Z"} for n in range(5000)]
        return {**snapshot, "messages": old + snapshot["messages"]}


def _without(kind: type[HelpCenter], prefix: str) -> type[HelpCenter]:
    """The server without whatever is below ``prefix``."""

    class Without(kind):  # type: ignore[misc, valid-type]
        def build_app(self) -> Any:
            inner = super().build_app()

            async def app(scope: Any, receive: Any, send: Any) -> None:
                hidden = scope.get("path", "").startswith(prefix)
                await inner({**scope, "path": "/nowhere"} if hidden else scope, receive, send)

            return app

    return Without


RestOnly = _without(HelpCenter, "/socket.io")
SocketOnly = _without(HelpCenter, "/api/")


class OddHandshakes(HelpCenter):
    """Announces pings that no client can expect."""

    pings: Any = None

    def build_app(self) -> Any:
        inner = super().build_app()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            async def sending(message: Any) -> None:
                name = "text" if message["type"] == "websocket.send" else "body"
                said = message.get(name)
                if isinstance(said, str) and said.startswith("0{"):
                    message = {**message, name: self.changed(said)}
                elif isinstance(said, bytes) and said.startswith(b"0{"):
                    message = {**message, name: self.changed(said.decode()).encode()}
                elif message["type"] == "http.response.start":
                    kept = [(key, value) for key, value in message["headers"] if key.lower() != b"content-length"]
                    message = {**message, "headers": kept}
                await send(message)

            await inner(scope, receive, sending)

        return app

    def changed(self, handshake: str) -> str:
        return "0" + json.dumps({**json.loads(handshake[1:]), "pingInterval": self.pings})


class PingsByList(OddHandshakes):
    pings = (25000,)


class PingsWithoutEnd(OddHandshakes):
    pings = 10**400


class Bomb(HelpCenter):
    """Its Socket.IO is long-polling only, and the first answer has four gigabytes, compressed."""

    def build_app(self) -> Any:
        inner = super().build_app()
        squeeze = zlib.compressobj(wbits=31)
        begins, goes_on = (squeeze.compress(b"x" * 2**24) + squeeze.flush(zlib.Z_FULL_FLUSH) for _ in range(2))

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http" or not scope["path"].startswith("/socket.io"):
                hidden = {**scope, "path": "/nowhere"} if scope["type"] == "websocket" else scope
                return await inner(hidden, receive, send)
            headers = [(b"content-encoding", b"gzip")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            for piece in (begins, *[goes_on] * 255):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

        return app


class Untrimming(HelpCenter):
    """Keeps the white space around a text."""

    def trim(self, text: str) -> str:
        return text


class Leaving(HelpCenter):
    """Goes out of business (``leave``) when asked to."""

    leave: Callable[[], None]

    async def on_send(self, event: Event) -> None:
        try:
            reported = self.payload_of(event).get("text")
        except (Problem, AttributeError):
            reported = None
        if reported == "please leave":
            self.leave()
        else:
            await super().on_send(event)


class Deploying(HelpCenter):
    """A gateway answers 503 to the first requests, until the server behind it is up."""

    patience = 4

    def build_app(self) -> Any:
        inner = super().build_app()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            self.patience -= scope["type"] != "lifespan"
            if scope["type"] != "http" or self.patience < 0:
                return await inner(scope, receive, send)
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b"deploying"})

        return app
