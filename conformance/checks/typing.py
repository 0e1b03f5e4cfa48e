"""How typing is judged (section 4.3)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.assertions import expect, expect_schema
from conformance.errors import Unverified
from conformance.formatting import preview
from conformance.protocol import MESSAGE, SUPPORT, TYPING
from conformance.record.transcript import Entry, Kind
from conformance.record.views import Event, Record

OF_SUPPORTS_OWN = 2
"""Typing signals that support may give by itself to a user who sends nothing: it begins, and it ends."""
OFTEN = 3
"""How often the user begins and stops: even half of these signals coming back are more than support's own."""


def typing_sent(record: Record) -> list[Entry]:
    """What the devices of a record typed; at least one."""
    found = [entry for entry in record.transcript.of(Kind.SENT) if entry.get("event") == TYPING]
    if not found:
        raise record.cut_short("typing")
    return found


def typing_events(record: Record) -> Iterator[Event]:
    """Every typing event that the target emitted."""
    return record.events(TYPING)


def typing_fits(event: Event) -> None:
    """Deviate where the payload of a typing event does not fit its schema."""
    expect_schema("typing-event", event.payload, TYPING, at=[event.entry.serial])


def not_echoed(record: Record, device: str) -> None:
    """Deviate where a device received that support types each time that the user did."""
    typed, echoes = typing_sent(record), _support_typing(record, device)
    payloads = [event.payload for event in record.connection(device).events(MESSAGE)]
    answers = sum(isinstance(one, dict) and one.get("sender") == SUPPORT for one in payloads)  # to earlier texts
    expect(
        len(echoes) <= OF_SUPPORTS_OWN * (1 + answers),
        f"no {TYPING} for what the user types",
        lambda: f"{len(echoes)} after {len(typed)} of the user: {preview(echoes[-1].payload) if echoes else ''}",
        at=[event.entry.serial for event in echoes],
    )


def _support_typing(record: Record, device: str) -> list[Event]:
    """Events by which a device received that support types, since the user did."""
    first = typing_sent(record)[0]
    connection = record.connection(device)
    if connection.ended_by_target is not None:
        raise Unverified(f"{connection.title} was disconnected", because="DEVICE-COEXIST")
    later = [event for event in connection.heard(TYPING) if event.entry.serial > first.serial]
    return [e for e in later if isinstance(e.payload, dict) and e.payload.get("sender") == SUPPORT]
