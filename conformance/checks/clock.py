"""Whether ``createdAt`` is when a message was saved, by the target's own clock: the Date of its REST answers (section
4.2). A gateway may have written that, and clocks differ by minutes; hours are another matter. And whether the instants
of a conversation may be right (section 4.1).
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from conformance.checks.assertions import expect
from conformance.checks.history import Pair
from conformance.checks.history_window import HistoryWindow, windows
from conformance.checks.parity import CLOSE, apart, echo
from conformance.checks.selectors import good_connections, saved
from conformance.errors import Unverified
from conformance.observations.observed import ObservedValue
from conformance.protocol import CONNECTED, MESSAGE, SUPPORT, Json
from conformance.record.payloads import Message
from conformance.record.views import Fetch, Record, Send
from conformance.schema import timestamps

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
TOLERATED = 30 * MINUTE
"""Seconds; no time zone is closer to another one."""
APART = 3.0
"""Seconds between two sends whose instants have to differ."""
_CLOSE = 5.0
"""Seconds that say nothing: dates are cut to seconds, answers take their time."""


@dataclass(frozen=True)
class Dated:
    """The ``createdAt`` of a message, and the instant at which the target's own clock has it."""

    created: datetime
    expected: datetime

    @property
    def off(self) -> float:
        """Seconds by which ``createdAt`` is ahead."""
        return (self.created - self.expected).total_seconds()


@dataclass(frozen=True)
class Stamp(Dated):
    """Of a message that was saved."""

    send: Send


def stamps(record: Record) -> Iterator[Stamp]:
    """The messages of a record whose ``createdAt`` has a clock, where a REST answer had a date."""
    dated = [(fetch, moment) for fetch in record.fetches if (moment := date_of(fetch)) is not None]
    if dated:
        fetch, moment = dated[0]
        for send, created in _timed(record):
            middle = (send.entry.at + send.acks[0].at) / 2
            yield Stamp(created, datetime.fromtimestamp(moment.timestamp() + middle - fetch.entry.at, UTC), send)


def date_of(fetch: Fetch) -> datetime | None:
    """The Date of an answer; None where it has none that can be used."""
    return timestamps.of_http(str((fetch.entry.get("headers") or {}).get("date", "")))


def _timed(record: Record) -> Iterator[tuple[Send, datetime]]:
    """Accepted sends whose ``createdAt`` is precise to the second; what is not an instant is a matter of shape."""
    for send in saved(record):
        created = timestamps.parse(send.message.created_at)
        if created is not None and timestamps.to_the_second(send.message.created_at):
            yield send, timestamps.aware(created)


def on_time(stamp: Stamp) -> None:
    """MESSAGE-TIME: within half an hour of the target's own clock."""
    send, expected = stamp.send, stamp.expected.isoformat(timespec="seconds")
    at = [send.entry.serial, send.acks[0].serial]
    what = f"createdAt near the clock of the target's REST answers, {expected}"
    if abs(stamp.off) > TOLERATED:
        _copies_agree(send)
    expect(abs(stamp.off) <= TOLERATED, what, lambda: f"{send.message.created_at}, {span(stamp.off)}", at=at)


def _copies_agree(send: Send) -> None:
    """Raise Unverified where the ack has another instant than the event or a history: which of them is to be judged is
    not known, and that they differ is judged already."""
    for because, copy in _copies(send):
        if copy is not None and apart(send.message, copy) > CLOSE:
            reason = f"{send.message.created_at} in the ack, {copy.created_at} in {copy.where}"
            raise Unverified(reason, because=because)


def _copies(send: Send) -> Iterator[tuple[str, Message | None]]:
    yield "PARITY-EVENT", echo(send)
    for window in windows(send.record):
        if window.user == send.connection.user and send.acks[0].at <= window.began:
            yield ("PARITY-GREETING" if window.channel == "greeting" else "PARITY-REST"), window.find(send)


@dataclass(frozen=True)
class Said(Dated):
    """Of a new message of support, and the record in which it was heard."""

    message: Message
    record: Record


def said_by_support(record: Record) -> Iterator[Said]:
    """What support said to a greeted device after a text of its user was acked, where a REST answer had a date. Not
    what a history had shown before: that was said earlier."""
    ahead = record.once(_ahead)
    if ahead is None:
        return
    shown = [window for window in windows(record) if window.length]
    for connection in (one for one in good_connections(record) if one.greeted):
        asked = [send.acks[0].serial for send in saved(record) if send.connection.user == connection.user]
        since = max(connection.events(CONNECTED)[0].entry.serial, min(asked, default=len(record.transcript.entries)))
        for event in (one for one in connection.events(MESSAGE) if one.entry.serial > since):
            created = _instant_of_support(event.payload)
            earlier = [window for window in shown if window.entry.serial < event.entry.serial]
            if created and not any(window.history.where_is("id", event.message.id) for window in earlier):
                yield Said(created, datetime.fromtimestamp(event.entry.at + ahead, UTC), event.message, record)


def _instant_of_support(payload: Json) -> datetime | None:
    """Precise to the second; None of a message of a user, or where that cannot be read."""
    if not isinstance(payload, dict) or payload.get("sender") != SUPPORT or not isinstance(payload.get("id"), str):
        return None
    created = timestamps.parse(text := str(payload.get("createdAt")))
    return timestamps.aware(created) if created and timestamps.to_the_second(text) else None


def said_on_time(said: Said) -> None:
    """MESSAGE-TIME, of support. What a history has otherwise is SUPPORT-STORED's."""
    message = said.message
    for window in windows(said.record) if abs(said.off) > TOLERATED else ():
        for copy in window.history.where_is("id", message.id):
            if apart(message, copy) > CLOSE:
                raise Unverified(f"{message.created_at}, {copy.created_at} in {copy.where}", because="SUPPORT-STORED")
    expected = said.expected.isoformat(timespec="seconds")
    what = f"createdAt of what support said near the clock of the target's REST answers, {expected}"
    expect(abs(said.off) <= TOLERATED, what, lambda: f"{message.created_at}, {span(said.off)}", at=[message.at])


@dataclass(frozen=True)
class Far:
    """Two sends of a user, seconds apart, and their instants."""

    first: Send
    last: Send
    instants: tuple[datetime, datetime]


def far_apart(record: Record) -> Iterator[Far]:
    """The first of each user's sends, with the last one that was sent seconds after its ack."""
    first: dict[str, tuple[Send, datetime]] = {}
    last: dict[str, Far] = {}
    for send, created in _timed(record):
        user = send.connection.user
        before, then = first.setdefault(user, (send, created))
        if send.entry.at >= before.acks[0].at + APART:
            last[user] = Far(before, send, (then, created))
    yield from last.values()


def moved_on(far: Far) -> None:
    """MESSAGE-TIME: not one instant for what was said at different times."""
    one, other = far.instants
    actual = f"{far.last.message.created_at} for both"
    seconds = far.last.entry.at - far.first.acks[0].at
    what = f"instants of their own for two messages that were sent {seconds:.1f} s apart"
    if one == other:
        _copies_agree(far.first)
        _copies_agree(far.last)
    expect(one != other, what, actual, at=[*far.first.at, *far.last.at])


def possible(window: HistoryWindow) -> None:
    """CONNECTED-TIME, where an instant is precise to the second. What is not an instant is a matter of shape."""
    raw = window.history.conversation.raw
    for field in ("createdAt", "updatedAt"):
        instant = timestamps.parse(text := str(raw.get(field)))
        if instant is not None and timestamps.to_the_second(text):
            _possible(window, f"conversation.{field}: {text}", timestamps.aware(instant).timestamp())


def _possible(window: HistoryWindow, actual: str, seconds: float) -> None:
    at = [window.history.at]
    expect(seconds >= DAY, "an instant that was set, after the beginning of 1970", actual, at=at)
    ahead = window.record.once(_ahead)
    off = 0.0 if ahead is None else seconds - window.ended - ahead
    what = "an instant of the past by the clock of the target's REST answers"
    expect(off <= TOLERATED, what, lambda: f"{actual}, {span(off)}", at=at)


def begins_once(pair: Pair) -> None:
    """CONNECTED-TIME: one createdAt for one conversation. (Another conversation is CONNECTED-CONVERSATION's.)"""
    one, other = pair.one.history.conversation, pair.other.history.conversation
    if one.id == other.id:
        seconds = timestamps.seconds_apart(one.created_at, other.created_at)
        what = f"conversation.createdAt in {pair.other.history.where} as in {pair.one.history.where}, {one.created_at}"
        expect(seconds is None or seconds <= CLOSE, what, other.created_at, at=pair.at)


def _ahead(record: Record) -> float | None:
    """By how many seconds the target's clock, since 1970, is ahead of the record's; None where it has none."""
    dated = ((date_of(fetch), fetch.entry.at) for fetch in record.fetches)
    return next((moment.timestamp() - at for moment, at in dated if moment is not None), None)


def observed(everything: Iterable[Record]) -> ObservedValue:
    """OBS-CLOCK."""
    off = [stamp.off for record in everything for stamp in stamps(record)]
    if not off:
        raise Unverified("no REST answer with a Date stands beside a message")
    middle = statistics.median(off)
    spread = max(off) - min(off)
    many = f"median of {len(off)} messages" + (f", which differ by {length(spread)}" if spread > _CLOSE else "")
    return ObservedValue(span(middle), f"createdAt is {span(middle)} by the Date of REST answers ({many})")


def span(seconds: float) -> str:
    """How far ahead or behind, coarsely, for two runs of one server to be compared."""
    if abs(seconds) <= _CLOSE:
        return "on time"
    return f"{length(abs(seconds))} {'ahead' if seconds > 0 else 'behind'}"


def length(seconds: float) -> str:
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / MINUTE:.0f} min" if seconds < 2 * HOUR - TOLERATED else f"{seconds / HOUR:.1f} h"
