"""How typing is judged (section 4.3)."""

from __future__ import annotations

from conformance.errors import Deviation, Unverified
from conformance.judge import fits
from conformance.protocol import TYPING
from conformance.record import Event, Everything, Record
from conformance.transcript import Entry, Kind


def typing_sent(record: Record) -> list[Entry]:
    """What the devices of a record typed; at least one."""
    found = [entry for entry in record.transcript.of(Kind.SENT) if entry.get("event") == TYPING]
    if not found:
        raise record.cut_short("typing")
    return found


def typing_events(everything: Everything) -> list[tuple[Record, Event]]:
    """Every typing event that the target emitted."""
    return [(record, event) for record in everything for event in record.events(TYPING)]


def typing_fits(of: tuple[Record, Event]) -> None:
    """Deviate where the payload of a typing event does not fit its schema."""
    record, event = of
    try:
        fits("typing-event", event.payload, TYPING, at=[event.entry.serial])
    except Deviation as deviation:
        deviation.transcript = record.transcript.key
        raise


def support_typing(record: Record, device: str) -> list[Event]:
    """Events by which a device was told that support types, since the user did."""
    first = typing_sent(record)[0]
    connection = record.connection(device)
    if connection.ended_by_target is not None:
        raise Unverified(f"{connection.title} was disconnected", because="DEVICE-COEXIST")
    later = [event for event in connection.events(TYPING) if event.entry.serial > first.serial]
    return [e for e in later if isinstance(e.payload, dict) and e.payload.get("sender") == "support"]
