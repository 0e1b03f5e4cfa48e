"""How typing is judged (section 4.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from conformance.checks.assertions import expect, expect_schema
from conformance.checks.lifecycle import require
from conformance.checks.sending import each_taken, is_taken, lives_on
from conformance.errors import Unverified
from conformance.formatting import preview
from conformance.protocol import MESSAGE, SUPPORT, TYPING
from conformance.record.transcript import Entry, Kind
from conformance.record.views import Connection, Event, Record, Send

OF_SUPPORTS_OWN = 2
"""Typing signals that support may give by itself at any moment: it begins, and it ends."""


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


def harmless_as_often(often: Record) -> None:
    """Raise Unverified where documented typing ends the connection, too, or has the next text refused: then the form of
    another typing event is not to blame."""
    require(lambda: lives_on(often), because="TYPING-HARMLESS")
    require(lambda: is_taken(often.send("fence"), "typing"), because="TYPING-HARMLESS")


def form_survived(record: Record, often: Record) -> None:
    """Deviate where a typing event of an odd form ended the connection, and not documented ones as well."""
    harmless_as_often(often)
    lives_on(record)


def taken_after_form(sends: Sequence[Send], often: Record) -> None:
    """The same of the plain texts that were not taken after it."""
    harmless_as_often(often)
    each_taken(sends, "typing")


def not_echoed(record: Record, device: str) -> None:
    """Deviate where a device received that support types each time that the user did."""
    typed, echoes = typing_sent(record), _support_typing(record, device)
    expect(
        not answer_typing(record.connection(device), echoes),
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


# -- whose typing it is ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Burst:
    """Typing that was sent at once. ``answered``: when what it leads to has come (seconds); ``since``: when that was so
    of the typing before."""

    since: float
    began: float
    answered: float

    def more_than_before(self, events: Sequence[Event]) -> int:
        """How many more of these events came in answer to it than in a time as long before it."""
        since = max(self.since, 2 * self.began - self.answered)
        before = sum(since < event.entry.at < self.began for event in events)
        return sum(self.began < event.entry.at <= self.answered for event in events) - before


def answer_typing(connection: Connection, events: Sequence[Event]) -> bool:
    """Whether these events of a connection follow the typing of the record each time, and are more than support's own.
    Support types when it likes, and the cause may be that a user came: what it does by itself goes on before the next
    burst of typing, too."""
    payloads = [event.payload for event in connection.events(MESSAGE)]
    answers = sum(isinstance(one, dict) and bool(one.get("sender") == SUPPORT) for one in payloads)  # to earlier texts
    least = min(burst.more_than_before(events) for burst in _bursts(connection.record))
    return least > OF_SUPPORTS_OWN * (1 + answers)


def _bursts(record: Record) -> list[_Burst]:
    """What was typed before something else was answered, each time: the target may be slow at that moment, and a quiet
    window is waited for before the next time."""
    quiet = float(record.transcript.facts.get("settle", 0.0)) / 2
    together = [(answer, list(typed)) for answer, typed in groupby(typing_sent(record), partial(_next_answer, record))]
    began = [typed[0].at for _, typed in together]
    answered = [(answer or typed[-1]).at + quiet for answer, typed in together]
    return [_Burst(*times) for times in zip([0.0, *answered[:-1]], began, answered, strict=True)]


def _next_answer(record: Record, typed: Entry) -> Entry | None:
    """The first ack or REST answer that came after it."""
    later = (entry for entry in record.transcript.entries if entry.serial > typed.serial)
    return next((entry for entry in later if entry.kind is Kind.HTTP or entry.get("packet") == "ACK"), None)
