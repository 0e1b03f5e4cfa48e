"""Servers for whom a bad token's fate depends on who asks, when or how: they remember whom they let in (section 6)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Json, Problem
from conformance.reference.tokens import BadToken, Verifier
from tests.faults.fault import fault
from tests.support.recovery import Recovers

WHO_WAS_THERE = ("CONNECTED-USER", "ISOLATION-HISTORY", "ISOLATION-MESSAGES")
"""What fails besides where not even a good token of somebody else is looked at."""


class Believes(HelpCenter):
    """What all have in common that read tokens which they do not verify."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.met: set[str] = set()

    def claimed(self, token: object) -> dict[str, Any]:
        """What a token says, believed."""
        try:
            return self.verifier.unverified(self.verifier.text(token))
        except BadToken:
            return {}

    def signed(self, token: object) -> dict[str, Any]:
        """What a token says whose signature is good, however old it is."""
        try:
            return self.verifier.claims(self.verifier.text(token))
        except BadToken:
            return {}


class Remembers(Believes):
    """What all have in common that let somebody in whom they believe to know."""

    def knows(self, user: str, environ: Json) -> bool:  # noqa: ARG002  for those who look at more than the user
        return user in self.met

    def believed(self, token: object) -> dict[str, Any]:
        """Which claims count for a user whom it knows."""
        return self.signed(token)

    def authenticate(self, environ: Json, auth: object) -> str:
        token = self.token_of(environ, auth)
        user = self.believed(token).get("sub")
        if isinstance(user, str) and self.knows(user, environ):
            return user
        user = super().authenticate(environ, auth)
        self.met.add(user)
        return user


@fault("AUTH-EXPIRED")
class LetsInWhoWasHereBefore(Remembers):
    """An old token will do for a user who has connected before."""


@fault("AUTH-EXPIRED")
class LetsInWhoIsStillHere(Remembers):
    """An old token will do while another device of the user is connected."""

    def knows(self, user: str, environ: Json) -> bool:  # noqa: ARG002
        return user in self.users.values()


@fault("AUTH-EXPIRED")
class LetsInWhoLeft(Remembers):
    """An old token will do for a user who was here and has gone: the session is taken up again."""

    def knows(self, user: str, environ: Json) -> bool:
        return super().knows(user, environ) and user not in self.users.values()


@fault("AUTH-EXPIRED")
class LetsInWhoWasHereBeforeOverPolling(Remembers):
    """The same, where only the handler of long-polling keeps sessions."""

    def knows(self, user: str, environ: Json) -> bool:
        return super().knows(user, environ) and "transport=polling" in environ.get("QUERY_STRING", "")


@fault("AUTH-EXPIRED", "AUTH-INVALID")
class VerifiesTheFirstConnection(Remembers):
    """Who has shown a good token once is believed from then on."""

    def believed(self, token: object) -> dict[str, Any]:
        return self.claimed(token)


@fault("AUTH-EXPIRED", "AUTH-INVALID", "AUTH-MISSING", *WHO_WAS_THERE)
class RemembersTheTransport(HelpCenter):
    """The user is kept with the transport: who enters the namespace a second time is not asked for a token again."""

    def authenticate(self, environ: Json, auth: object) -> str:
        if "user" not in environ:
            environ["user"] = super().authenticate(environ, auth)
        return str(environ["user"])


@fault("AUTH-EXPIRED", "AUTH-INVALID", "REST-EXPIRY", "REST-REFUSAL")
class CachesUsersBySubject(Verifier):
    """What was verified is kept by the subject, and looked up by it before anything is verified."""

    def verify(self, token: object) -> str:
        known: set[str] = self.__dict__.setdefault("known", set())
        with suppress(BadToken):
            user = self.unverified(self.text(token)).get("sub")
            if user in known:
                return str(user)
        user = super().verify(token)
        known.add(user)
        return user


@fault("AUTH-EXPIRED", "AUTH-INVALID", "REST-EXPIRY", "REST-REFUSAL", also=("AUTH-OUTLIVED",))
class CachesUsersByTokenId(Verifier):
    """The same, by the token's own id (jti)."""

    def verify(self, token: object) -> str:
        known: dict[str, str] = self.__dict__.setdefault("known", {})
        claims: dict[str, Any] = {}
        with suppress(BadToken):
            claims = self.unverified(self.text(token))
        name = str(claims.get("jti"))
        if name not in known:
            known[name] = super().verify(token)
        return known[name]


@fault("AUTH-INVALID", "REST-REFUSAL")
class LooksTokensUpWithoutCase(Verifier):
    """Verified tokens are kept in a table whose collation ignores case."""

    def claims(self, token: str) -> dict[str, Any]:
        known: dict[str, dict[str, Any]] = self.__dict__.setdefault("known", {})
        if token.lower() not in known:
            known[token.lower()] = super().claims(token)
        return known[token.lower()]


@fault("AUTH-INVALID", also=("AUTH-OUTLIVED",))
class CachesUsersBySignature(HelpCenter):
    """The socket's guard keeps whom it has let in by the signature of the token, as stores of sessions do."""

    def authenticate(self, environ: Json, auth: object) -> str:
        known: dict[str, str] = self.__dict__.setdefault("known", {})
        signature = str(self.token_of(environ, auth)).rpartition(".")[2]
        if signature not in known:
            known[signature] = super().authenticate(environ, auth)
        return known[signature]


@fault("AUTH-EXPIRED", "AUTH-INVALID")
class BelievesAtTheSecondAttempt(Believes):
    """The token is put into the cache before it is verified."""

    def authenticate(self, environ: Json, auth: object) -> str:
        token = self.token_of(environ, auth)
        tried: set[str] = self.__dict__.setdefault("tried", set())
        user = self.claimed(token).get("sub")
        if isinstance(token, str) and token in tried and isinstance(user, str):
            return user
        if isinstance(token, str):
            tried.add(token)
        return super().authenticate(environ, auth)


@fault("REST-EXPIRY", "REST-REFUSAL")
class RestBelievesWhoIsConnected(Believes):
    """REST asks the socket who is there, and verifies nothing then."""

    def rest_user(self, request: Any) -> str:
        user = self.claimed(self.header_token(request.headers.get("authorization"))).get("sub")
        return str(user) if user in self.users.values() else super().rest_user(request)


@fault("REST-EXPIRY")
class RestRemembersWhomItAnswered(Believes):
    """An old token will do for a user whom REST has answered before."""

    def rest_user(self, request: Any) -> str:
        answered: set[str] = self.__dict__.setdefault("answered", set())
        user = self.signed(self.header_token(request.headers.get("authorization"))).get("sub")
        if user in answered:
            return str(user)
        answered.add(user := super().rest_user(request))
        return user


@fault("REST-EXPIRY", "REST-REFUSAL")
class RestRegistersWhoeverIsNew(Believes):
    """A user without a conversation gets one, and only then are tokens verified."""

    def rest_user(self, request: Any) -> str:
        met: set[str] = self.__dict__.setdefault("met", set())
        user = self.claimed(self.header_token(request.headers.get("authorization"))).get("sub")
        if not isinstance(user, str) or user in met:
            return super().rest_user(request)
        met.add(user)
        return user


class RecoversSessions(Recovers):
    """What those have in common that recover a session by its private id."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sessions: dict[str, str] = {}

    async def admit(self, sid: str, user: str) -> None:
        self.sessions[f"private-{sid}"] = user
        await super().admit(sid, user)

    def session_of(self, auth: object) -> str | None:
        return self.sessions.get(str(auth.get("pid"))) if isinstance(auth, dict) else None


@fault("AUTH-EXPIRED", *WHO_WAS_THERE, also=("AUTH-MISSING", "AUTH-INVALID"))
class RecoversWithoutAskingForTheToken(RecoversSessions):
    """skipMiddlewares, which is Socket.IO's default: who is recovered is not asked again."""

    def authenticate(self, environ: Json, auth: object) -> str:
        return self.session_of(auth) or super().authenticate(environ, auth)


@fault("AUTH-EXPIRED")
class RecoversByAnOldToken(RecoversSessions):
    """Who is recovered has to show a token with a good signature; how old it is, is not asked."""

    def authenticate(self, environ: Json, auth: object) -> str:
        try:
            return super().authenticate(environ, auth)
        except Problem:
            user = self.session_of(auth)
            with suppress(BadToken):
                claims = self.verifier.claims(self.verifier.text(self.token_of(environ, auth)))
                if user is not None and claims.get("sub") == user:
                    return user
            raise


@fault("REFUSAL-EVENT")
class RefusesWhomItKnowsWithoutAWord(Believes):
    """A user who has been here is disconnected only, so that the app tries again."""

    async def refuse(self, sid: str, problem: Problem) -> None:
        if self.met & {self.wanted.get(sid, "")}:
            await self.disconnect(sid)
        else:
            await super().refuse(sid, problem)

    @property
    def wanted(self) -> dict[str, str]:
        wanted: dict[str, str] = self.__dict__.setdefault("users_wanted", {})
        return wanted

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        self.wanted[sid] = str(self.claimed(self.token_of(environ, auth)).get("sub"))
        await super().on_connect(sid, environ, auth)

    def authenticate(self, environ: Json, auth: object) -> str:
        user = super().authenticate(environ, auth)
        self.met.add(user)
        return user


@fault("AUTH-OUTLIVED")
class RemembersWhatItVerified(Verifier):
    """A verified token is kept as it is, and never looked at again."""

    def verify(self, token: object) -> str:
        known: dict[str, str] = self.__dict__.setdefault("known", {})
        if not isinstance(token, str) or token not in known:
            known[str(token)] = super().verify(token)
        return known[str(token)]
