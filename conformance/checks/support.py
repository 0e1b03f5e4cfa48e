"""What support says is emitted and stored (sections 4.2 and 9). Whether and when it says something is observed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from conformance.checks.assertions import expect
from conformance.checks.doubts import no_doubt, not_in_doubt
from conformance.checks.history_window import HistoryWindow, body_of, windows
from conformance.checks.parity import Copy, different_content, readable
from conformance.checks.selectors import good_connections
from conformance.errors import Deviation, Unverified
from conformance.formatting import preview
from conformance.protocol import MESSAGE, SUPPORT
from conformance.record.payloads import Message
from conformance.record.transcript import Entry, Kind
from conformance.record.views import Connection, Event, Fetch, Record
from conformance.record.waits import awaited_message, given_up, message_named, waited_out

LAGS = 2
"""How many times the longest lag that was seen a history may lag behind."""


@dataclass(frozen=True)
class Reply:
    """A message of support that was emitted, and a history that was asked for a while later."""

    event: Event
    window: HistoryWindow
    settled: float
    """Before then (seconds of the scenario), nothing that was emitted can be newer than the reply."""


def replies(record: Record) -> list[Reply]:
    """Every emitted message of support with every later history of the same user."""
    settle = float(record.transcript.facts.get("settle", 0.0))
    return [
        Reply(event, window, _first_heard(event, window).at - settle)
        for user, event in _said(record)
        for window in windows(record)
        if window.user == user and window.began >= event.entry.at + settle
    ]


def _first_heard(event: Event, window: HistoryWindow) -> Entry:
    """The packet with which any device of the user heard of it: one that polls hears later than the others."""
    name = event.payload.get("id")
    first = window.first_received(name) if isinstance(name, str) else None
    return first or event.entry


class Stored:
    """SUPPORT-STORED. For a server that emits first and then saves, a quiet window lies between; and twice as long a
    time as a history of the run was seen to lag behind."""

    def __init__(self, everything: Iterable[Record]) -> None:
        self._lag = LAGS * max((_lag(record) for record in everything), default=0.0)

    def __call__(self, reply: Reply) -> None:
        if reply.window.began >= reply.event.entry.at + self._lag:
            stored(reply)


def _said(record: Record) -> list[tuple[str, Event]]:
    return [(c.user, e) for c in good_connections(record) for e in c.events(MESSAGE) if _of_support(e)]


def _lag(record: Record) -> float:
    """After how many seconds a message of support was first shown by a history, where an earlier one did not."""
    found = [0.0]
    for user, event in _said(record):
        later = [window for window in windows(record) if window.user == user and window.began >= event.entry.at]
        shown_at = [window.began for window in later if _shows(window, event)]
        if shown_at and any(window.began < shown_at[0] for window in later):
            found.append(shown_at[0] - event.entry.at)
    return max(found)


def _shows(window: HistoryWindow, event: Event) -> bool:
    name = event.payload.get("id")
    return window.length > 0 and isinstance(name, str) and bool(window.history.where_is("id", name))


def _of_support(event: Event) -> bool:
    return isinstance(event.payload, dict) and event.payload.get("sender") == SUPPORT


def stored(reply: Reply) -> None:
    """SUPPORT-STORED."""
    message, window = reply.event.message, reply.window
    found = window.named(message)
    at = [message.at, window.history.at]
    if found is not None:
        expect(not (actual := different_content(message, found)), f"{found.where} as it was emitted", actual, at=at)
        return
    due = window.oldest is None or window.oldest.at < reply.settled
    expect(
        not due,
        lambda: f"{window.history.where} to show what support said: {preview(message.text)}",
        "not there",
        at=at,
    )


@dataclass(frozen=True)
class Unheard:
    """A message of support that was waited for in vain on a connection."""

    connection: Connection
    wait: Entry
    message: Message


def unheard(record: Record) -> Iterator[Unheard]:
    """The messages of support that a history showed while a device was there, and that it waited for in vain."""
    for connection in good_connections(record):
        for entry in (entry for entry in connection.entries if entry.kind is Kind.EXPIRED):
            message = _shown_of_support(connection, awaited_message(entry))
            if message is not None:
                yield Unheard(connection, entry, message)


def _shown_of_support(connection: Connection, name: str | None) -> Message | None:
    if name is None:
        return None
    listed = (
        window.history.where_is("id", name) for window in windows(connection.record) if window.user == connection.user
    )
    return next((one for messages in listed for one in messages if one.sender == SUPPORT), None)


def emitted(missing: Unheard) -> None:
    """SUPPORT-EMITTED, to any device of the user, and be it late."""
    message, user = missing.message, missing.connection.user
    own = [c for c in good_connections(missing.connection.record) if c.user == user]
    if any(event.message.id == message.id for c in own for event in c.events(MESSAGE) if _of_support(event)):
        return
    for connection in own:
        readable(connection)
    own_windows = [window for window in windows(missing.connection.record) if window.user == user]
    first = next(window for window in own_windows if window.history.where_is("id", message.id))
    _shown_in_time(first, own_windows)
    _keeps_ids(first)
    no_doubt(missing.wait, f"the event of {preview(message.text)}")
    what = f"a message of support to be emitted while {missing.connection.title} is there"
    raise Deviation(what, f"not emitted: {preview(message.text)}", at=[message.at, missing.wait.serial])


def _shown_in_time(first: HistoryWindow, own: Sequence[HistoryWindow]) -> None:
    """Raise Unverified where the user's histories before the one that shows a message first left out a text of the user
    that it shows, too: then it may be older than the device."""
    before = [window for window in own if window.channel == first.channel and window.ended <= first.began]
    late = (send for window in before for send in window.sends_before if window.find(send) is None)
    if any(first.find(send) is not None for send in late):
        reason = f"{first.history.where} shows what was acked before an earlier one that lacks it"
        raise Unverified(reason, because="SEND-KEPT")


def _keeps_ids(window: HistoryWindow) -> None:
    """Raise Unverified where a history shows what the user sent under another id than its ack: what support says may
    have been emitted under another one, too."""
    twins = ((send, Copy(send, window.find).twin) for send in window.sends_before)
    for send in (send for send, twin in twins if twin is not None and twin.id != send.message.id):
        reason = f"{window.history.where} shows send #{send.number} under another id than its ack"
        raise Unverified(reason, because=f"PARITY-{window.channel.upper()}")


def unannounced(connection: Connection, before: Fetch, after: Fetch) -> list[Message]:
    """The messages of support that came into the conversation between two REST answers, both asked for while this
    device alone was connected, without being emitted to it."""
    if connection.ended_by_target is not None:
        raise Unverified("the connection was ended by the target", because="CONN-STAYS")
    known = set(before.history.ids) | {event.message.id for event in connection.events(MESSAGE)}
    new = [after.history.messages[place] for place, name in enumerate(after.history.ids) if name not in known]
    return [message for message in new if message.sender == SUPPORT]


def announced(connection: Connection, before: Fetch, after: Fetch) -> None:
    """SUPPORT-EMITTED."""
    missing: Sequence[Message] = unannounced(connection, before, after)
    if not any(waited_out(connection, message_named(message.id)) for message in missing):
        for message in missing:
            not_in_doubt(connection, message_named(message.id))
    if missing:
        _keeps_ids(body_of(after, connection.record))
    actual = ", ".join(preview(message.text) for message in missing)
    at = [after.entry.serial]
    expect(not missing, "every message of support that came meanwhile to be emitted", f"not emitted: {actual}", at=at)


def missed_by_a_device(record: Record) -> Iterator[tuple[Connection, Event]]:
    """What one device of a user heard of support, with each other one that waited for it in vain. (What the greeting
    of that one shows may have been emitted before it was there.)"""
    good = list(good_connections(record))
    for event in (event for connection in good for event in connection.events(MESSAGE) if _of_support(event)):
        name = event.message.id
        others = (c for c in good if given_up(c, message_named(name)) is not None and not _heard(c, name))
        yield from ((other, event) for other in others if name not in other.history.ids)


def _heard(connection: Connection, name: str) -> bool:
    return any(_of_support(event) and event.message.id == name for event in connection.events(MESSAGE))


def heard_there(missing: tuple[Connection, Event]) -> None:
    """MESSAGE-DEVICES, of what support says."""
    listener, event = missing
    waiting = message_named(event.message.id)
    not_in_doubt(listener, waiting)
    readable(listener)
    waited = given_up(listener, waiting)
    at = [event.entry.serial, *([] if waited is None else [waited.serial])]
    raise Deviation(f"what support says on {listener.title}", f"not heard: {preview(event.message.text)}", at=at)
