"""How bad tokens are refused, which tokens are good, and who is known (sections 2.2, 6 and 7)."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import UNAUTHORIZED, Event, Json, Problem
from conformance.reference.tokens import BadToken, Verifier
from tests.legal.legal import legal


@legal()
class RefusesByTransport(HelpCenter):
    """The error, and then the transport is closed without a word of Socket.IO."""

    async def disconnect(self, sid: str) -> None:
        await self.wire.hang_up(sid)


@legal()
class RefusesByBoth(HelpCenter):
    """DISCONNECT, and then the transport: ``socket.disconnect(true)``."""

    async def disconnect(self, sid: str) -> None:
        eio_sid = self.wire.manager.eio_sid_from_sid(sid, "/help-center")
        await super().disconnect(sid)
        await self.wire.eio.disconnect(eio_sid)


@legal()
class RefusesByTransportLater(HelpCenter):
    """So that the error has time to arrive."""

    async def disconnect(self, sid: str) -> None:
        self.spawn(self.later(sid))

    async def later(self, sid: str) -> None:
        await asyncio.sleep(0.3)
        await self.wire.hang_up(sid)


@legal()
class RefusesLater(HelpCenter):
    """DISCONNECT comes 300 ms after the error."""

    async def disconnect(self, sid: str) -> None:
        self.spawn(self.later(sid))

    async def later(self, sid: str) -> None:
        await asyncio.sleep(0.3)
        await super().disconnect(sid)


@legal(advice=["EVENT-AFTER-CONNECT"])
class GreetsBeforeConnect(HelpCenter):
    """The greeting precedes the answer to CONNECT, as python-socketio has it by default; a refusal follows that."""

    def wire_options(self) -> Json:
        return {"always_connect": False}

    async def refuse(self, sid: str, problem: Problem) -> None:
        self.spawn(self.later(sid, problem))

    async def later(self, sid: str, problem: Problem) -> None:
        await asyncio.sleep(0.05)
        await super().refuse(sid, problem)


@legal(advice=["EVENT-AFTER-CONNECT"])
class ErrsBeforeConnect(HelpCenter):
    """The error, too, precedes the answer to CONNECT, which lets the client deliver it; the end comes after that."""

    def wire_options(self) -> Json:
        return {"always_connect": False}

    async def disconnect(self, sid: str) -> None:
        self.spawn(self.later(sid))

    async def later(self, sid: str) -> None:
        await asyncio.sleep(0.05)
        await super().disconnect(sid)


@legal()
class RefusesRestWithoutBody(HelpCenter):
    def rest_refusal(self, problem: Problem) -> Response:  # noqa: ARG002
        return Response(status_code=401)


@legal()
class RefusesRestInHtml(HelpCenter):
    """A gateway's own page."""

    def rest_refusal(self, problem: Problem) -> Response:  # noqa: ARG002
        return HTMLResponse("<h1>401 Authorization Required</h1>", status_code=401)


@legal(advice=["REST-STATUS"])
class RefusesRestWith403(HelpCenter):
    def rest_status(self, problem: Problem) -> int:  # noqa: ARG002
        return 403


@legal()
class IsExactAboutBearer(HelpCenter):
    """``Bearer`` and one space, nothing else, is what the document writes; the header goes before ``auth``."""

    def header_token(self, header: str | None) -> str | None:
        return header.removeprefix("Bearer ") if (header or "").startswith("Bearer ") and header else None

    def strip_bearer(self, text: str) -> str:
        return text.removeprefix("Bearer ")

    def token_of(self, environ: Json, auth: object) -> object:
        return self.header_token(environ.get("HTTP_AUTHORIZATION")) or self.auth_token(auth)


class LooksAtBothTokens(HelpCenter):
    """Verifies auth.token and the header, where there are both."""

    def both(self, environ: Json, auth: object) -> list[object]:
        found = [self.auth_token(auth), self.header_token(environ.get("HTTP_AUTHORIZATION"))]
        return [token for token in found if token is not None]

    def is_good(self, token: object) -> bool:
        try:
            return bool(self.user_of(token))
        except Problem:
            return False


@legal()
class GoesByEitherToken(LooksAtBothTokens):
    """Whichever is good."""

    def token_of(self, environ: Json, auth: object) -> object:
        good = [token for token in self.both(environ, auth) if self.is_good(token)]
        return good[0] if good else super().token_of(environ, auth)


@legal()
class WantsBothTokensGood(LooksAtBothTokens):
    """Whoever brings a good token and a bad one has made a mistake, and is told so by a code of its own."""

    def token_of(self, environ: Json, auth: object) -> object:
        if len({self.is_good(token) for token in self.both(environ, auth)}) > 1:
            raise Problem("INVALID_REQUEST", "One of the two tokens is not valid.")
        return super().token_of(environ, auth)


@legal()
class TakesTokensFromElsewhereToo(HelpCenter):
    """From the query and a cookie, behind the documented options; the header may be a bare token."""

    def header_token(self, header: str | None) -> str | None:
        return self.strip_bearer(header) if header else None

    def token_of(self, environ: Json, auth: object) -> object:
        query = dict(pair.partition("=")[::2] for pair in environ.get("QUERY_STRING", "").split("&"))
        return super().token_of(environ, auth) or query.get("token")

    def rest_user(self, request: Request) -> str:
        return self.user_of(
            self.header_token(request.headers.get("authorization")) or request.query_params.get("token")
        )


@legal()
class EndsWithItsToken(HelpCenter):
    """A connection ends, with an error, when the token does that opened it."""

    def authenticate(self, environ: Json, auth: object) -> str:
        user = super().authenticate(environ, auth)
        self.__dict__["ends"] = self.verifier.claims(str(self.token_of(environ, auth))).get("exp")
        return user

    async def admit(self, sid: str, user: str) -> None:
        ends = self.__dict__["ends"]
        await super().admit(sid, user)
        self.spawn(self.watch(sid, ends - self.verifier.now()))

    async def watch(self, sid: str, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))
        if sid in self.users:
            await self.refuse(sid, Problem(UNAUTHORIZED, "The token has expired."))


@legal(options=['--jwt-claims={"iss": "https://id.example", "aud": ["chat"], "role": "customer", "uid": "{user}"}'])
class WantsOtherClaims(Verifier):
    """An issuer, an audience, a role, and the user's id beside the subject; lifetimes are required and short."""

    def subject(self, claims: dict[str, Any]) -> str:
        wanted = {"iss": "https://id.example", "aud": ["chat"], "role": "customer"}
        if any(claims.get(name) != value for name, value in wanted.items()) or "exp" not in claims:
            raise BadToken("The token is for somebody else.")
        if claims.get("iat", 0) > self.now() + 30 or not isinstance(claims.get("uid"), str):
            raise BadToken("The token is not complete.")
        return str(claims["uid"])


KNOWN = [f"customer-{number}@shop.example" for number in range(1, 17)]


@legal(options=[f"--users={','.join(KNOWN)}"])
class KnowsItsUsersOnly(Verifier):
    """Users are made in the shop; a token of anybody else is refused."""

    def subject(self, claims: dict[str, Any]) -> str:
        subject = super().subject(claims)
        if subject not in KNOWN:
            raise BadToken("No such user.")
        return subject


@legal(options=[f"--users={','.join(map(str, range(1, 15)))}", "--jwt-algorithm=HS512"])
class NumbersItsUsers(Verifier):
    """From 1, and wants a longer signature."""

    def __init__(self, key: str) -> None:
        super().__init__(key, algorithm="HS512")

    def subject(self, claims: dict[str, Any]) -> str:
        subject = super().subject(claims)
        if not subject.isdecimal():
            raise BadToken("No such user.")
        return subject


@legal()
class AllowsForClocks(Verifier):
    """Five minutes of leeway."""

    def check_expiry(self, claims: dict[str, Any]) -> None:
        if "exp" in claims and self.instant(claims["exp"]) + 300 <= self.now():
            raise BadToken("The token has expired.")


@legal(advice=["AUTH-OUTLIVED"])
class CachesWhatItVerified(Verifier):
    """A gateway verifies each token once a minute, by a cache of whole tokens."""

    def verify(self, token: object) -> str:
        cache: dict[str, tuple[str, float]] = self.__dict__.setdefault("cache", {})
        user, until = cache.get(str(token), ("", 0.0))
        if until < self.now():
            user = super().verify(token)
            cache[str(token)] = user, self.now() + 60
        return user


@legal()
class ErrorsQuoteWhatWasSent(HelpCenter):
    """As class-validator does: details have the target and the value."""

    async def reject(self, event: Event, problem: Problem) -> None:
        payload = self.payload_of(event)
        details = {**(problem.details or {}), "target": payload, "value": str(payload)}
        await super().reject(event, Problem(problem.code, f"{problem.message} {payload!s:.80}", details=details))


@legal()
class LimitsRefusals(HelpCenter):
    """Whoever is refused five texts in three seconds is asked for patience, whatever the text is."""

    async def on_send(self, event: Event) -> None:
        now, wrong = time.monotonic(), self.__dict__.setdefault("wrong", defaultdict(list))
        mine = wrong[self.users.get(event.sid)]
        mine[:] = [at for at in mine if now - at < 3.0]
        if len(mine) >= 5:
            details = {"retryAfter": round(3.1 - (now - mine[0]), 1)}
            await self.reject(event, Problem("TOO_MANY_ERRORS", "Too many errors. Slow down.", details=details))
            return
        await super().on_send(event)

    async def reject(self, event: Event, problem: Problem) -> None:
        if problem.code == "VALIDATION_ERROR":
            self.wrong[self.users.get(event.sid)].append(time.monotonic())
        await super().reject(event, problem)
