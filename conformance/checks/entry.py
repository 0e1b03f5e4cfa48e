"""Which requirement rules out that a bad token is let in (sections 2.2 and 6)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.protocol import CONNECTED
from conformance.record.token_kinds import ABSENT, CONFUSED, EXPIRED, FORGED, GUESSED, INVALID, NOT_STRINGS, RECASED
from conformance.record.views import Connection

ENTRY = {
    **dict.fromkeys(ABSENT, "AUTH-MISSING"),
    **dict.fromkeys((*INVALID, *CONFUSED, *GUESSED, *RECASED, *NOT_STRINGS), "AUTH-INVALID"),
    **dict.fromkeys(EXPIRED, "AUTH-EXPIRED"),
    FORGED: "AUTH-INVALID",
}
"""The requirement that a token of each kind is not let in."""
BARE = "header-bare"


def entry_of(connection: Connection) -> str | None:
    """The requirement that a client with this token is not let in. Whom the target takes for somebody else than a token
    in a header without ``Bearer`` names, it lets in without a token."""
    if connection.option == BARE and connection.greeted and _somebody_else(connection):
        return "AUTH-MISSING"
    return ENTRY.get(connection.token_kind)


def _somebody_else(connection: Connection) -> bool:
    others = (one for one in connection.record.all_connections if one.user == connection.user)
    known = {user for one in others if one.good for user in _users(one)}
    return bool(known) and known.isdisjoint(_users(connection))


def _users(connection: Connection) -> Iterator[str]:
    """The users whose conversations it was greeted with."""
    for event in connection.events(CONNECTED):
        conversation = event.payload.get("conversation") if isinstance(event.payload, dict) else None
        if isinstance(conversation, dict) and isinstance(conversation.get("userId"), str):
            yield conversation["userId"]
