"""Servers that refuse bad tokens in a wrong way over REST, or not at all, and those without Bearer (section 7)."""

# ruff: noqa: ARG002  what an overridden method ignores is its fault

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Json, Problem
from conformance.reference.tokens import BadToken
from tests.faults.fault import fault


@fault("REST-REFUSAL", "REST-EXPIRY")
class RefusesWith200(HelpCenter):
    """{"error": …} and all is well."""

    def rest_status(self, problem: Problem) -> int:
        return 200


@fault("REST-REFUSAL")
class ShowsAnEmptyConversationToAnybody(HelpCenter):
    """Without a token one gets nothing, politely."""

    def rest_user(self, request: Request) -> str:
        return super().rest_user(request) if "authorization" in request.headers else "nobody"


@fault("REST-REFUSAL")
class ShowsTheGuestToAnEmptyToken(HelpCenter):
    """Authorization: Bearer, and then nothing."""

    def rest_user(self, request: Request) -> str:
        token = self.header_token(request.headers.get("authorization"))
        return "guest" if token == "" else super().rest_user(request)


class Reveals(HelpCenter):
    """Knows whose token it refuses."""

    def named(self, request: Request) -> str | None:
        token = self.header_token(request.headers.get("authorization"))
        try:
            return self.verifier.subject(self.verifier.unverified(token or ""))
        except BadToken:
            return None


@fault("REST-REFUSAL", "REST-EXPIRY")
class ShowsTheConversationWith401(Reveals):
    """The status is right; the body was written before."""

    async def rest_messages(self, request: Request) -> Response:
        answer = await super().rest_messages(request)
        user = self.named(request)
        return JSONResponse(self.snapshot(user), 401) if answer.status_code == 401 and user else answer


class TrustsBareTokens(HelpCenter):
    """Decodes, and does not verify, what stands in the header without Bearer."""

    def trusted(self, header: str | None) -> str | None:
        try:
            return self.verifier.subject(self.verifier.unverified(header)) if header and " " not in header else None
        except BadToken:
            return None


@fault("REST-REFUSAL", "REST-EXPIRY")
class RestBareTokenIsTrusted(TrustsBareTokens):
    """A token without Bearer comes from the gateway, which is said to have verified it."""

    def rest_user(self, request: Request) -> str:
        return self.trusted(request.headers.get("authorization")) or super().rest_user(request)


@fault("AUTH-INVALID", "AUTH-EXPIRED")
class SocketTrustsBareTokens(TrustsBareTokens):
    """What stands in the header of the handshake without Bearer is decoded, and not verified."""

    def authenticate(self, environ: Json, auth: object) -> str:
        return self.trusted(environ.get("HTTP_AUTHORIZATION")) or super().authenticate(environ, auth)


@fault("REST-EXPIRY")
class ShowsTheConversationToTheExpired(Reveals):
    """ignoreExpiration, over REST alone."""

    def rest_user(self, request: Request) -> str:
        try:
            return super().rest_user(request)
        except Problem as problem:
            if "expired" in problem.message:
                return self.named(request) or ""
            raise


@fault("REST-REFUSAL")
class DecodesRestTokensOnly(Reveals):
    """The gateway is said to have verified them."""

    def rest_user(self, request: Request) -> str:
        user = self.named(request)
        if user is None or "expired" in self.why(request):
            raise self.unauthorized("No.")
        return user

    def why(self, request: Request) -> str:
        try:
            super().rest_user(request)
        except Problem as problem:
            return problem.message
        return ""


class RefusesOtherwise(HelpCenter):
    """Another status than 401."""

    status = 403

    def rest_status(self, problem: Problem) -> int:
        return self.status


@fault("REST-STATUS")
class Forbids(RefusesOtherwise):
    """403: the difference is often forgotten."""


@fault("REST-STATUS")
class FallsOverBadTokens(RefusesOtherwise):
    """An exception that is not mapped."""

    status = 500


@fault("REST-STATUS")
class CallsItABadRequest(RefusesOtherwise):
    """400."""

    status = 400


@fault("REST-STATUS")
class RedirectsToTheLogin(HelpCenter):
    """As a browser would like it."""

    def rest_refusal(self, problem: Problem) -> Response:
        return RedirectResponse("/login", status_code=302)


@fault("REST-STATUS")
class CallsTheExpiredForbidden(HelpCenter):
    """401 for most, 403 for the expired."""

    def rest_status(self, problem: Problem) -> int:
        return 403 if "expired" in problem.message else super().rest_status(problem)
