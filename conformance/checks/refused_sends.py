"""What becomes of texts that a client sends which was not let in: neither acked nor shown (sections 2.2 and 6)."""

from __future__ import annotations

from conformance.checks.assertions import expect
from conformance.errors import Unverified
from conformance.formatting import preview
from conformance.record.payloads import History
from conformance.record.token_kinds import EXPIRED, FORBIDDEN
from conformance.record.views import Connection, Fetch, Send


def not_acked(connection: Connection) -> None:
    """None of its sends was answered with a message. No answer is fine, and so is a namespace that was closed before
    anything could be sent."""
    acks = [ack for send in _sends(connection) if send.acks and send.accepted for ack in send.acks]
    expect(
        not acks,
        "no ack with a message for a refused client",
        lambda: ", ".join(f"ack: {preview(ack.get('args'))}" for ack in acks),
        at=[ack.serial for ack in acks],
    )


def not_shown(connection: Connection, history: History) -> None:
    """None of the texts it sent is in the conversation."""
    sends = _sends(connection)
    _ = history.all("text")
    stored = [m for text in {s.text for s in sends if isinstance(s.text, str)} for m in history.where_is("text", text)]
    at = [*(send.entry.serial for send in sends), history.at]
    expect(
        not stored,
        f"{history.where} without what a refused client sent",
        lambda: ", ".join(preview(message.raw) for message in stored),
        at=at,
    )


def shown_after(fetch: Fetch, connection: Connection, *, otherwise: Fetch) -> History:
    """What REST shows after a refused client. Raises Unverified where the user is shut out since then, or REST answers
    no one (``otherwise``)."""
    if fetch.status in (401, 403):
        _ = otherwise.history
        because = "TOKEN-REFRESHED" if connection.token_kind in EXPIRED else None
        raise Unverified(f"REST refuses the user's good token after a bad one ({fetch.outcome})", because=because)
    return fetch.history


def _sends(connection: Connection) -> list[Send]:
    try:
        sends = connection.record.tagged(FORBIDDEN)
    except Unverified:  # the target closed the door before anything could be sent
        return []
    return [send for send in sends if send.connection.number == connection.number]
