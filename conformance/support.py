"""What support says is emitted and stored (sections 4.2 and 9). Whether and when it says something is observed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.errors import Unverified
from conformance.judge import expect
from conformance.laws import good_connections
from conformance.parity import different_content
from conformance.payloads import Message, shown
from conformance.protocol import MESSAGE
from conformance.record import Connection, Event, Fetch, Record
from conformance.shown import Look, looks

SUPPORT = "support"


@dataclass(frozen=True)
class Reply:
    """A message of support that was emitted, and a history that was asked for a while later."""

    event: Event
    look: Look
    settled: float
    """Before then (seconds of the scenario), nothing that was emitted can be newer than the reply."""


def replies(record: Record) -> list[Reply]:
    """Every emitted message of support with every later history of the same user; a quiet window lies between, for a
    server that emits first and then saves."""
    settle = float(record.transcript.facts.get("settle", 0.0))
    told = [(c.user, e) for c in good_connections(record) for e in c.events(MESSAGE) if _of_support(e)]
    return [
        Reply(event, look, event.entry.at - settle)
        for user, event in told
        for look in looks(record)
        if look.user == user and look.began >= event.entry.at + settle
    ]


def _of_support(event: Event) -> bool:
    return isinstance(event.payload, dict) and event.payload.get("sender") == SUPPORT


def stored(reply: Reply) -> None:
    """SUPPORT-STORED."""
    message, look = reply.event.message, reply.look
    found = look.named(message)
    at = [message.at, look.history.at]
    if found is not None:
        expect(not (told := different_content(message, found)), f"{found.where} as it was emitted", told, at=at)
        return
    since = look.known_since
    due = since is None or since < reply.settled
    expect(not due, f"{look.history.where} to show what support said: {shown(message.text)}", "not there", at=at)


def unannounced(connection: Connection, before: Fetch, after: Fetch) -> list[Message]:
    """The messages of support that came into the conversation between two REST answers, both asked for while this
    device alone was connected, without being emitted to it."""
    if connection.ended_by_target is not None:
        raise Unverified("the connection was ended by the target", because="CONN-STAYS")
    known = set(before.history.ids) | {event.message.id for event in connection.events(MESSAGE)}
    return [m for m in after.history.messages if m.sender == SUPPORT and m.id not in known]


def announced(connection: Connection, before: Fetch, after: Fetch) -> None:
    """SUPPORT-EMITTED."""
    missing: Sequence[Message] = unannounced(connection, before, after)
    told = ", ".join(shown(message.text) for message in missing)
    at = [after.entry.serial]
    expect(not missing, "every message of support that came meanwhile to be emitted", f"not emitted: {told}", at=at)
