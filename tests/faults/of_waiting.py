"""Servers that leave a client waiting: it is neither greeted nor refused (section 2.2)."""

# ruff: noqa: ARG002  what an overridden method ignores is its fault

from __future__ import annotations

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Json, Problem
from tests.faults.fault import fault


class Hangs(HelpCenter):
    """What all have in common that return before they answer."""

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        if not self.hangs(environ, auth):
            await super().on_connect(sid, environ, auth)

    def hangs(self, environ: Json, auth: object) -> bool:
        raise NotImplementedError


@fault("REFUSAL-EVENT", "REFUSAL-CLOSE")
class BasicHangs(Hangs):
    """The guards of two schemes: neither feels concerned by credentials of a third."""

    def hangs(self, environ: Json, auth: object) -> bool:
        header = environ.get("HTTP_AUTHORIZATION", "")
        return self.auth_token(auth) is None and header != "" and not header.lower().startswith("bearer")


@fault("REFUSAL-EVENT", "REFUSAL-CLOSE")
class MixedOptionsHang(Hangs):
    """One of two tokens is good, the other is not: the guards of the two options wait for each other."""

    def hangs(self, environ: Json, auth: object) -> bool:
        tokens = self.auth_token(auth), self.header_token(environ.get("HTTP_AUTHORIZATION"))
        return None not in tokens and self.is_good(tokens[0]) != self.is_good(tokens[1])

    def is_good(self, token: object) -> bool:
        try:
            return bool(self.user_of(token))
        except Problem:
            return False


@fault("REFUSAL-EVENT", "REFUSAL-CLOSE")
class LowerBearerHangs(Hangs):
    """A switch over prefixes: a prefix in lower case is in no branch."""

    def hangs(self, environ: Json, auth: object) -> bool:
        token = auth.get("token") if isinstance(auth, dict) else None
        return isinstance(token, str) and token.startswith("bearer ")
