"""How long a good token lives: by its ``exp``, which is read and not verified. Opaque tokens do not tell."""

from __future__ import annotations

import datetime
import math
import time

from conformance.auth.tokens import claims_of
from conformance.errors import Unverified

SKEW = 60.0
"""Seconds that the target's clock may be ahead of ours: a token that is so near its end may be refused for that."""

_LAST = datetime.datetime.max.replace(tzinfo=datetime.UTC).timestamp() - 1


def expiry_of(token: str) -> float:
    """Seconds since 1970; infinite for a token that does not tell."""
    expires = (claims_of(token) or {}).get("exp")
    if isinstance(expires, bool) or not isinstance(expires, (int, float)) or not expires <= _LAST:
        return math.inf
    return float(expires)


def remaining(expiry: float) -> float:
    """Seconds from now; negative once it has expired."""
    return expiry - time.time()


def format_utc(expiry: float) -> str:
    """The instant as people read it."""
    instant = datetime.datetime.fromtimestamp(max(expiry, 0.0), datetime.UTC)
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


def alive(token: str, subject: str) -> float:
    """The expiry of a token that is good by now. Raises Unverified when its time is up."""
    expiry = expiry_of(token)
    if remaining(expiry) <= 0:
        raise Unverified(up(subject, expiry))
    return expiry


def up(subject: str, expiry: float) -> str:
    """The one line about a token whose time is up, or nearly so and the target has refused it."""
    verb = "expired" if remaining(expiry) <= 0 else "was refused shortly before it expires"
    return f"the token of {subject} {verb} at {format_utc(expiry)}; pass one that lives longer"
