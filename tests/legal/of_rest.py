"""HTTP as proxies, gateways and frameworks make it (section 7, and what Socket.IO runs over)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

import socketio
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Json
from tests.legal.legal import legal
from tests.legal.middleware import Fronted, answer, is_rest, with_headers


class Answering(HelpCenter):
    """REST answers with bytes and a media type of its own."""

    media_type = "application/json"

    def body(self, payload: Json) -> bytes:
        return json.dumps(payload).encode()

    def rest_answer(self, status: int, payload: Json) -> Response:
        return Response(self.body(payload), status_code=status, media_type=self.media_type)


@legal()
class RestHasACharset(Answering):
    """``application/json; charset=utf-8``, indented, with escapes for whatever is not ASCII, and an empty line."""

    media_type = "application/json; charset=utf-8"

    def body(self, payload: Json) -> bytes:
        return (json.dumps(payload, indent=4, sort_keys=True).replace("/", "\\/") + "\r\n\r\n").encode()


@legal()
class RestHasAVendorsMediaType(Answering):
    media_type = 'Application/vnd.shop.help-center+JSON; version="1"'

    def body(self, payload: Json) -> bytes:
        return json.dumps(payload, ensure_ascii=False).encode("utf-8", "surrogatepass")


@legal()
class RestHasAByteOrderMark(Answering):
    """As .NET's ``Encoding.UTF8`` writes it before a text; ``Response.json()`` leaves it out."""

    def body(self, payload: Json) -> bytes:
        return json.dumps(payload, ensure_ascii=False).encode("utf-8-sig", "surrogatepass")


@legal()
class RestIsChunked(HelpCenter):
    """Pieces of a few bytes, that cut characters in two, and no length."""

    def rest_answer(self, status: int, payload: Json) -> Response:
        body = json.dumps(payload, ensure_ascii=False).encode("utf-8", "surrogatepass")
        pieces = (body[at : at + 701] for at in range(0, len(body), 701))
        return StreamingResponse(pieces, status_code=status, media_type="application/json")


@legal()
class EverythingIsCompressed(Fronted):
    """REST by gzip, polling by gzip from the first byte on."""

    def wire_options(self) -> Json:
        return {"http_compression": True, "compression_threshold": 0}

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        app = GZipMiddleware(inner, minimum_size=0) if is_rest(scope) else inner
        await app(scope, receive, send)


@legal()
class HangsUpAfterEachAnswer(Fronted):
    """HTTP keep-alive is off."""

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await inner(scope, receive, with_headers(send, (b"connection", b"close")) if scope["type"] == "http" else send)


GATEWAY = ("--header=X-Api-Key: letmein", "--header=User-Agent: ShopApp/7.1 (Android)")


@legal(options=GATEWAY)
class StandsBehindAGateway(Fronted):
    """For other apps, and without its key, there is a 403 over every channel; answers carry its headers, those of CORS,
    and cookies."""

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope["headers"])
        if given.get(b"x-api-key") != b"letmein" or not given.get(b"user-agent", b"").startswith(b"ShopApp"):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await answer(send, 403, b'{"message":"Forbidden"}', (b"content-type", b"application/json"))
            return
        more = [
            (b"access-control-allow-origin", b"https://app.example"),
            (b"access-control-allow-credentials", b"true"),
            (b"vary", b"Origin, Accept-Encoding"),
            (b"strict-transport-security", b"max-age=31536000"),
            (b"set-cookie", b"AWSALB=abc123; Path=/; SameSite=None"),
            (b"set-cookie", b"session=xyz; HttpOnly"),
            (b"x-request-id", b"1-67891233-abcdef012345678912345678"),
            (b"via", b"1.1 gateway, 1.1 edge"),
            (b"cache-control", b"no-store"),
            (b"etag", b'W/"1"'),
        ]
        await inner(scope, receive, with_headers(send, *more, less=tuple(name for name, _ in more)))


@legal()
class SticksByCookie(Fronted):
    """A load balancer names the worker in a cookie; a session whose requests come without it ends up elsewhere."""

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope["headers"]).get(b"cookie", b"")
        if scope["type"] == "http" and b"sid=" in scope["query_string"] and b"worker=3" not in given:
            await answer(send, 400, b'{"code":1,"message":"Session ID unknown"}')
        else:
            await inner(scope, receive, with_headers(send, (b"set-cookie", b"worker=3; Path=/; HttpOnly")))


@legal()
class SticksByEncodedCookies(Fronted):
    """As AWS and nginx do: cookies in base64, renewed with every answer, one in quotes, and some for REST only. What
    does not come back byte for byte ends up elsewhere."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.given_out: set[str] = set()

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope["headers"]).get(b"cookie", b"").decode()
        pairs = given.split("; ") if given else []
        names = ["AWSALB", "lang", "rest", "uid"] if is_rest(scope) else ["AWSALB", "route", "uid"]
        known = sorted(pair.partition("=")[0] for pair in pairs) == names and self.given_out.issuperset(pairs)
        if not known and (pairs or b"sid=" in scope["query_string"]):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await answer(send, 400, b'{"code":1,"message":"Session ID unknown"}')
            return
        where = {
            "AWSALB": (self.value(), "Expires=Wed, 06 Jan 2100 08:49:37 GMT; Path=/"),
            "uid": (self.value(), "expires=Thu, 31-Dec-37 23:55:55 GMT; domain=127.0.0.1; path=/"),
            "route": (f'"{self.value()}"', "Version=1; Path=/socket.io"),
            "rest": (self.value(), "Path=/api/; HttpOnly"),
            "lang": (self.value(), "Path=/api/help-center"),
            "old": ("", "Max-Age=0"),
        }
        self.given_out.update(f"{name}={value}" for name, (value, _) in where.items())
        headers = [(b"set-cookie", f"{name}={value}; {more}".encode()) for name, (value, more) in where.items()]
        await inner(scope, receive, with_headers(send, *headers))

    def value(self) -> str:
        """Base64 with a plus sign, a slash and padding in it."""
        return base64.b64encode(b"\xfb\xef\xff\xff" + secrets.token_bytes(12)).decode()


@legal()
class SaysNoMaxPayload(Fronted):
    """Engine.IO servers before version 6.2 (of 2022) do not tell of it in their handshake."""

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            name = "text" if message["type"] == "websocket.send" else "body"
            reported = message.get(name)
            if isinstance(reported, str) and reported.startswith('0{"sid"'):
                message = {**message, name: _without_limit(reported)}
            elif isinstance(reported, bytes) and reported.startswith(b'0{"sid"'):
                message = {**message, name: _without_limit(reported.decode()).encode()}
            await send(message)

        await inner(scope, receive, with_headers(sending, less=(b"content-length",)))


def _without_limit(handshake: str) -> str:
    reported = json.loads(handshake[1:])
    del reported["maxPayload"]
    return "0" + json.dumps(reported)


@legal()
class RestIsRewritten(Fronted):
    """REST lives in another service, under a path of its own; a proxy finds it."""

    def rest_routes(self) -> list[Any]:
        routes = super().rest_routes()
        for route in routes:
            route.__init__("/v2/internal/messages", route.endpoint, methods=["GET"])
        return routes

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/api/help-center/messages":
            scope = {**scope, "path": "/v2/internal/messages", "raw_path": b"/v2/internal/messages"}
        await inner(scope, receive, send)


@legal()
class EverythingIsRewritten(Fronted):
    """The whole application has a prefix, which a reverse proxy adds; the proxy has a front page, answers whatever it
    does not know with it, and sees to it that header names are in upper case."""

    def build_app(self) -> ASGIApp:
        rest = Starlette(routes=self.rest_routes())
        chat = socketio.ASGIApp(self.wire, other_asgi_app=rest, socketio_path="/chat/socket.io")

        async def proxy(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope.get("path", "")
            if scope["type"] == "lifespan" or path.startswith("/api/help-center/"):
                await chat(scope, receive, send)
            elif path.startswith("/socket.io/"):
                rewritten = f"/chat{path}"
                await chat({**scope, "path": rewritten, "raw_path": rewritten.encode()}, receive, send)
            elif scope["type"] == "http":
                await answer(send, 200, b"<!doctype html><title>Shop</title>", (b"content-type", b"text/html"))
            else:
                await send({"type": "websocket.close"})

        return proxy


@legal()
class RestTellsMore(HelpCenter):
    """Links and paging beside the conversation; other paths and methods are there as well."""

    def rest_payload(self, user: str) -> Json:
        return {"links": {"next": None, "self": "/api"}, "meta": {"total": 3}} | super().rest_payload(user)

    async def rest_messages(self, request: Request) -> Response:
        answered = await super().rest_messages(request)
        answered.headers["link"] = '</api/help-center/messages?page=2>; rel="next"'
        answered.headers["content-language"] = "zh"
        return answered


@legal()
class TagsItsAnswers(HelpCenter):
    """An ETag of what is shown; who has that is told so."""

    async def rest_messages(self, request: Request) -> Response:
        answer = await super().rest_messages(request)
        tag = f'W/"{hashlib.sha256(bytes(answer.body)).hexdigest()}"'
        if answer.status_code == 200 and request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        answer.headers["etag"] = tag
        return answer
