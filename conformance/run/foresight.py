"""Which MUSTs a run will leave unverified for how it gets its tokens, and what to pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.auth.users import Source

_OF_EXPIRED_TOKENS = ("AUTH-EXPIRED", "REST-EXPIRY", "TOKEN-REFRESHED")
_OF_TWO_USERS = (
    "CONNECTED-USER",
    "CONNECTED-CONVERSATION",
    "ISOLATION-MESSAGES",
    "ISOLATION-HISTORY",
    "ISOLATION-TYPING",
)


@dataclass(frozen=True)
class Unverifiable:
    """Requirements that cannot be judged, and what would change that. ``certain``: whatever the target is like."""

    requirements: tuple[str, ...]
    remedy: str
    certain: bool = True


def unverifiable(source: Source, *, refreshable: bool) -> Iterator[Unverifiable]:
    """``refreshable``: whether a user can get a second token."""
    users = source.subjects
    if source.minter is None:
        yield Unverifiable(_OF_EXPIRED_TOKENS, "for an expired token pass --jwt-secret or --jwt-key")
    elif not refreshable:
        yield Unverifiable(("TOKEN-REFRESHED",), "pass a second --token of the same user, or the signing key alone")
    if users is not None and len(users) < 2:
        yield Unverifiable(_OF_TWO_USERS, "for a second user pass a --token of each, or --users=A,B")
    if users is not None:
        few = " and more than one of them" if len(users) < 2 else ""
        remedy = f"pass --users whom the target has never seen{few}, or a signing key without --users"
        yield Unverifiable(("FIRST-CONTACT",), remedy, certain=False)
