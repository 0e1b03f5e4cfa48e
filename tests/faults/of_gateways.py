"""Servers behind something that spoils what is long over long-polling (section 1)."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Piece

from conformance.reference.protocol import Json
from tests.faults.fault import fault
from tests.legal.middleware import Fronted, is_rest


@fault("CONN-POLLING", also=("SEND-VERBATIM",))
class ChunksSplitCharacters(Fronted):
    """``body += chunk`` decodes each TCP segment of a POST by itself: a character across two of them is lost."""

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await inner(scope, receive, send)
            return
        body, more = b"", True
        while more:
            piece = await receive()
            if piece["type"] == "http.disconnect":
                return
            body, more = body + piece.get("body", b""), piece.get("more_body", False)
        pieces = (body[at : at + 1448] for at in range(0, len(body), 1448))
        body = "".join(one.decode(errors="replace") for one in pieces).encode()
        headers = [(n, v) for n, v in scope["headers"] if n != b"content-length"]
        length = (b"content-length", str(len(body)).encode())
        told = False

        async def again() -> Piece:
            nonlocal told
            if told:
                return await receive()
            told = True
            return {"type": "http.request", "body": body, "more_body": False}

        await inner({**scope, "headers": [*headers, length]}, again, send)


@fault("CONN-POLLING", also=("CONNECTED-SENT",))
class BigPollsAre502(Fronted):
    """A gateway buffers answers, of 64 KB at most: a poll that brings a long history is answered with 502."""

    def wire_options(self) -> Json:
        return {"http_compression": False}

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        start: Piece = {}

        async def bounded(piece: Piece) -> None:
            nonlocal start
            if piece["type"] == "http.response.start":
                start = piece
                return
            if start and len(piece.get("body", b"")) > 65536:
                body = b"<h1>502 Bad Gateway</h1>"
                headers = [(b"content-length", str(len(body)).encode()), (b"content-type", b"text/html")]
                start, piece = {**start, "status": 502, "headers": headers}, {**piece, "body": body}
            if start:
                await send(start)
                start = {}
            await send(piece)

        await inner(scope, receive, bounded if scope["type"] == "http" and not is_rest(scope) else send)
