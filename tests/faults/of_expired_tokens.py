"""Servers that take tokens whose time is up (section 2.2)."""

from __future__ import annotations

from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Json, Problem
from conformance.reference.tokens import BadToken, Verifier
from tests.faults.fault import fault


@fault("AUTH-EXPIRED", "REST-EXPIRY")
class IgnoresExpiry(Verifier):
    """Verifies the signature, and that is that."""

    def check_expiry(self, claims: dict[str, Any]) -> None:
        pass


@fault("AUTH-EXPIRED", "REST-EXPIRY")
class TakesMillisecondsForSeconds(Verifier):
    """Divides the clock once too often."""

    def now(self) -> float:
        return super().now() / 1000


@fault("AUTH-EXPIRED", "REST-EXPIRY")
class ExpiresInLocalTime(Verifier):
    """Compares the clock on a wall in Berlin, in winter, with one in Greenwich: every token lives an hour longer."""

    def check_expiry(self, claims: dict[str, Any]) -> None:
        if "exp" in claims and self.instant(claims["exp"]) + 3600 <= self.now():
            raise BadToken("The token has expired.")


@fault("AUTH-EXPIRED")
class IgnoresExpiryOnTheSocket(HelpCenter):
    """The socket's guard is another one than REST's."""

    def authenticate(self, environ: Json, auth: object) -> str:
        try:
            return super().authenticate(environ, auth)
        except Problem:
            token = self.token_of(environ, auth)
            try:
                return self.verifier.subject(self.verifier.claims(self.verifier.text(token)))
            except BadToken as bad:
                raise self.unauthorized(str(bad)) from bad
