"""Servers and gateways that limit the rate, and some that only say so."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Problem
from conformance.reference.store import Message
from tests.legal.middleware import Fronted, answer


class Counts(HelpCenter):
    """Takes so many messages of each user in so many seconds, and says when to try again or not."""

    MOST, WITHIN, HINT = 20, 60.0, True

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.taken: defaultdict[str, list[float]] = defaultdict(list)
        super().__init__(*arguments, **options)

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        if origin is not None:
            self.count(user)
        return await super().deliver(user, text, sender=sender, origin=origin)

    def count(self, user: str) -> None:
        now = asyncio.get_running_loop().time()
        recent = self.taken[user] = [at for at in self.taken[user] if at > now - self.WITHIN]
        if len(recent) >= self.MOST:
            hint = {"retryAfter": recent[0] + self.WITHIN - now} if self.HINT else None
            raise Problem("RATE_LIMITED", "Too many messages.", details=hint)
        recent.append(now)


class FewEachMinute(Counts):
    """Five, and it does not say when to come back."""

    MOST, HINT = 5, False


class SaysWhen(Counts):
    """Six in five seconds, and it says when to come back."""

    MOST, WITHIN = 6, 5.0


class RefusesAllForTheirPace(HelpCenter):
    """Its counter is never reset."""

    def validate(self, payload: object) -> str:
        super().validate(payload)
        raise Problem("RATE_LIMITED", "Too many messages.")


class RefusesMarkupForItsPace(HelpCenter):
    """A filter of spam answers as the limit does."""

    def validate(self, payload: object) -> str:
        text = super().validate(payload)
        if "<" in text:
            raise Problem("RATE_LIMITED", "Too many messages.")
        return text


class RefusesMarkupAsForbidden(HelpCenter):
    """Another filter, with a code of its own."""

    def validate(self, payload: object) -> str:
        text = super().validate(payload)
        if "<" in text:
            raise Problem("FORBIDDEN_CONTENT", "No markup, please.")
        return text


class LimitsPolls(Fronted):
    """As nginx's limit_req: so many requests of Socket.IO a second for each address, polls and posts of a session
    included."""

    MOST, RATE, STATUS, HEADERS = 10.0, 20.0, 503, ()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.level, self.at = self.MOST, 0.0
        super().__init__(*arguments, **options)

    def take(self) -> bool:
        now = asyncio.get_running_loop().time()
        self.level, self.at = min(self.MOST, self.level + (now - self.at) * self.RATE), now
        if self.level < 1:
            return False
        self.level -= 1
        return True

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        polls = scope["type"] == "http" and scope["path"].startswith("/socket.io")
        if polls and not self.take():
            await answer(send, self.STATUS, b"<h1>Service Temporarily Unavailable</h1>", *self.HEADERS)
        else:
            await inner(scope, receive, send)


class HoldsOut(LimitsPolls):
    """Six requests of each session, and no more."""

    MOST, STATUS = 6.0, 429
    HEADERS = ((b"retry-after", b"30"),)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.asked: Counter[bytes] = Counter()
        super().__init__(*arguments, **options)

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        session = scope["query_string"].partition(b"sid=")[2] if scope["type"] == "http" else b""
        self.asked[session] += 1
        if session and self.asked[session] > self.MOST:
            await answer(send, self.STATUS, b"Too Many Requests", *self.HEADERS)
        else:
            await inner(scope, receive, send)


class LetsNobodyIn(Fronted):
    """REST works; no connection is ever let in."""

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/socket.io"):
            await answer(send, 429, b"Too Many Requests")
        elif scope["type"] == "websocket":
            await send({"type": "websocket.http.response.start", "status": 429, "headers": []})
            await send({"type": "websocket.http.response.body", "body": b"Too Many Requests"})
        else:
            await inner(scope, receive, send)


class ForgetsSessions(HoldsOut):
    """A server that ends sessions itself, as if it did not know them."""

    STATUS, HEADERS = 400, ()
