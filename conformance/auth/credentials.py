"""How a device presents its token when it connects (section 2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from yarl import URL

from conformance.auth.tokens import Token
from conformance.protocol import Json


@dataclass(frozen=True, slots=True, repr=False)
class Presenting:
    """How a device presents its token (section 2.2): in ``auth`` as it is or after ``Bearer ``, in the header, …
    ``query``: what it adds to the URL."""

    auth: Json
    headers: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)

    def url(self, base: str) -> str:
        """What to connect to."""
        return str(URL(base) % self.query) if self.query else base

    def naming(self, fields: Mapping[str, str]) -> Presenting:
        """The same, with more fields in ``auth``."""
        auth = self.auth if isinstance(self.auth, dict) else {}
        return replace(self, auth={**auth, **fields})


def presenting(token: Token, option: str) -> Presenting:
    """``option``: auth (auth.token as it is), bearer (with the prefix), header, header-bare (without the scheme),
    lower-case, or both."""
    if token.absent:
        return Presenting(None, {})
    header = {"Authorization": f"Bearer {token.value}".strip()}
    return {
        "auth": Presenting({"token": token.value}, {}),
        "bearer": Presenting({"token": f"Bearer {token.value}"}, {}),
        "lower-case": Presenting({"token": f"bearer {token.value}"}, {}),
        "header": Presenting(None, header),
        "header-bare": Presenting(None, {"Authorization": f"{token.value}"}),
        "both": Presenting({"token": token.value}, header),
    }[option]
