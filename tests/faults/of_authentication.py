"""Servers that are wrong about tokens on the socket (sections 2.2 and 6)."""

# ruff: noqa: ARG002  what an overridden method ignores is its fault

from __future__ import annotations

from contextlib import suppress
from typing import Any

import jwt

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Json, Problem
from conformance.reference.tokens import BadToken
from tests.faults.fault import fault

# -- good tokens -------------------------------------------------------------------------------------------------


@fault("AUTH-BARE")
class WantsThePrefix(HelpCenter):
    """Takes auth.token only with the prefix, as it does in the header."""

    def auth_token(self, auth: object) -> object:
        token = auth.get("token") if isinstance(auth, dict) else None
        return self.header_token(token) if isinstance(token, str) else token


@fault("AUTH-BARE", "AUTH-PREFIXED")
class LooksOnlyAtTheHeader(HelpCenter):
    """The guard of the REST controllers, reused."""

    def auth_token(self, auth: object) -> object:
        return None


@fault("AUTH-BOTH")
class RefusesBothOptions(HelpCenter):
    """A library goes by RFC 6750: no client may present its token by more than one method."""

    def token_of(self, environ: Json, auth: object) -> object:
        if self.auth_token(auth) and environ.get("HTTP_AUTHORIZATION"):
            raise self.unauthorized("More than one method was used to transmit the token.")
        return super().token_of(environ, auth)


@fault("AUTH-PREFIXED")
class KeepsBearer(HelpCenter):
    """Verifies auth.token as it came."""

    def strip_bearer(self, text: str) -> str:
        return text


@fault("AUTH-PREFIXED")
class TrimsTheWordOnly(HelpCenter):
    """Cuts the prefix and leaves the space before the token."""

    def strip_bearer(self, text: str) -> str:
        return text.removeprefix("Bearer")


@fault("AUTH-HEADER")
class IgnoresTheHeader(HelpCenter):
    """Only option A was ever written."""

    def token_of(self, environ: Json, auth: object) -> object:
        return self.auth_token(auth)


@fault("AUTH-HEADER")
class ReadsTheHeaderOnPollingAlone(HelpCenter):
    """The proxy forgets the header of a WebSocket handshake."""

    def token_of(self, environ: Json, auth: object) -> object:
        polling = "transport=polling" in environ.get("QUERY_STRING", "")
        return super().token_of(environ if polling else {}, auth)


@fault("AUTH-HEADER")
class WantsTheBareTokenInTheHeader(HelpCenter):
    """Takes the whole header for the token."""

    def token_of(self, environ: Json, auth: object) -> object:
        token = self.auth_token(auth)
        return environ.get("HTTP_AUTHORIZATION") if token is None else token


@fault("AUTH-HEADER")
class SaysTooManyToHeaders(HelpCenter):
    """A limiter whose key is the token in auth: those without share one, which is used up for ever."""

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        if self.auth_token(auth) is None and environ.get("HTTP_AUTHORIZATION"):
            self.limited.add(sid)
        await super().on_connect(sid, environ, auth)

    @property
    def limited(self) -> set[str]:
        found: set[str] = self.__dict__.setdefault("of_headers", set())
        return found

    async def admit(self, sid: str, user: str) -> None:
        if sid in self.limited:
            await self.refuse(sid, Problem("RATE_LIMITED", "Too many requests.", details={"retryAfter": 0.2}))
        else:
            await super().admit(sid, user)


@fault("AUTH-HEADER", also=("REFUSAL-EVENT", "REFUSAL-CLOSE"))
class AsksForAnAuthObject(HelpCenter):
    """Without auth it neither greets nor refuses."""

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        if isinstance(auth, dict) or "HTTP_AUTHORIZATION" not in environ:
            await super().on_connect(sid, environ, auth)


@fault("AUTH-SHARED")
class SpendsTheTokenOnTheSocket(HelpCenter):
    """A token is a ticket: once used on the socket it does not work for REST."""

    def authenticate(self, environ: Json, auth: object) -> str:
        token = self.token_of(environ, auth)
        self.__dict__.setdefault("spent", set()).add(token if isinstance(token, str) else None)
        return self.user_of(token)

    def rest_user(self, request: Any) -> str:
        if self.header_token(request.headers.get("authorization")) in self.__dict__.get("spent", ()):
            raise self.unauthorized("The token was used.")
        return super().rest_user(request)


# -- no token ----------------------------------------------------------------------------------------------------


class Guests(HelpCenter):
    """What all that welcome guests have in common."""

    def is_guest(self, token: object) -> bool:
        return token is None

    def authenticate(self, environ: Json, auth: object) -> str:
        return "guest" if self.is_guest(self.token_of(environ, auth)) else super().authenticate(environ, auth)


@fault("AUTH-MISSING")
class WelcomesGuests(Guests):
    """Without a token one is a guest."""


@fault("AUTH-MISSING")
class WelcomesAnEmptyToken(Guests):
    """Without a token one is refused, but an empty one is not looked at."""

    def is_guest(self, token: object) -> bool:
        return token == ""


@fault("AUTH-MISSING")
class WelcomesAnAuthWithoutToken(Guests):
    """Refuses a client without auth; the token in it is optional."""

    def token_of(self, environ: Json, auth: object) -> object:
        token = super().token_of(environ, auth)
        return "guest" if token is None and isinstance(auth, dict) else token

    def is_guest(self, token: object) -> bool:
        return token == "guest"


@fault("AUTH-MISSING")
class WelcomesGuestsOverPolling(Guests):
    """The check stands in the WebSocket handler."""

    def authenticate(self, environ: Json, auth: object) -> str:
        websocket = "transport=websocket" in environ.get("QUERY_STRING", "")
        return HelpCenter.authenticate(self, environ, auth) if websocket else super().authenticate(environ, auth)


# -- invalid tokens ----------------------------------------------------------------------------------------------


@fault("AUTH-INVALID", also=("AUTH-EXPIRED",))
class TrustsTheHeaderUnverified(HelpCenter):
    """Supposes that the gateway has verified what comes in the header."""

    def authenticate(self, environ: Json, auth: object) -> str:
        token = self.header_token(environ.get("HTTP_AUTHORIZATION"))
        try:
            return self.verifier.subject(self.verifier.unverified(token or ""))
        except BadToken:
            return super().authenticate(environ, auth)


@fault("AUTH-INVALID")
class MakesAUserOfWhatIsNoString(HelpCenter):
    """A number is an id, is it not?"""

    def user_of(self, token: object) -> str:
        return str(token) if isinstance(token, int) else super().user_of(token)


@fault("AUTH-INVALID")
class LetsInOnAnyError(HelpCenter):
    """A verifier that throws something unexpected is caught, logged and forgotten."""

    def user_of(self, token: object) -> str:
        return super().user_of(token) if token is None or isinstance(token, str) else "anonymous"


@fault("CONN-STAYS")
class LogsOutWhoeverIsForged(HelpCenter):
    """A bad token with the user's name: the user's sessions end, to be on the safe side."""

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        await super().on_connect(sid, environ, auth)
        if sid in self.users:
            return
        with suppress(jwt.InvalidTokenError):
            claims = jwt.decode(str(self.token_of(environ, auth)), options={"verify_signature": False})
            for other in [one for one, user in self.users.items() if user == claims.get("sub")]:
                await self.disconnect(other)
