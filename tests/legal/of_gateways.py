"""Servers behind something in between: of one packet a poll, of connections that end, of a limit that says when."""

from __future__ import annotations

import time
from collections import defaultdict
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Piece

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Json
from conformance.reference.serve import Served, Server
from tests.legal.legal import legal
from tests.legal.middleware import Fronted, answer, is_rest
from tests.legal.of_limits import Bucket


@legal()
class OnePacketAPoll(Fronted):
    """Each poll is answered with one packet, whatever waits; there is no upgrade."""

    def wire_options(self) -> Json:
        return {"allow_upgrades": False, "http_compression": False}

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        waiting = self.__dict__.setdefault("waiting", defaultdict(list))
        sid = parse_qs(scope["query_string"].decode()).get("sid", [""])[0]
        if scope["type"] != "http" or scope["method"] != "GET" or not sid:
            await inner(scope, receive, send)
            return
        plain = (b"content-type", b"text/plain; charset=UTF-8")
        if waiting[sid]:
            await answer(send, 200, waiting[sid].pop(0), plain)
            return
        start: Piece = {}
        body = b""

        async def keep(piece: Piece) -> None:
            nonlocal start, body
            if piece["type"] == "http.response.start":
                start = piece
            else:
                body += piece.get("body", b"")

        await inner(scope, receive, keep)
        if start:
            first, *rest = body.split(b"\x1e") if start["status"] == 200 else [body]
            waiting[sid] += rest
            await answer(send, start["status"], first, plain)


@legal(slow=True)
class SaysWhenAsADate(Fronted):
    """Five requests of REST a second, and Retry-After as a date."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.bucket = Bucket(3, 5)
        super().__init__(*arguments, **options)

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        if is_rest(scope) and not self.bucket.take():
            when = formatdate(time.time() + 1, usegmt=True).encode()
            await answer(send, 429, b"", (b"retry-after", when))
        else:
            await inner(scope, receive, send)


class Impatient(Served):
    """Ends HTTP connections that are idle for a second, as short as it is set for proxies."""

    def server(self, app: ASGIApp) -> Server:
        server = super().server(app)
        server.config.timeout_keep_alive = 1
        return server


@legal()
class ForgetsIdleConnections(HelpCenter):
    """A proxy keeps HTTP connections for a second only, and ends them while requests are on their way."""

    SERVED = Impatient
