"""A window of a conversation: what one greeting or REST body shows of it, all of it or the last part without a gap.

A server may show only the last part of a conversation, however short. So a message may be absent from a window; but
then nothing older than it may be shown, and something must be. What was known before something else was sent is older
than that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Literal

from conformance.checks.entered_again import meant_for
from conformance.checks.selectors import good_connections, saved
from conformance.protocol import CONNECTED, MESSAGE, SUPPORT
from conformance.record.matching import by_support, find
from conformance.record.payloads import History, Message, Messages, ids_in
from conformance.record.transcript import Entry
from conformance.record.views import Connection, Event, Fetch, Record, Send

Channel = Literal["greeting", "REST"]


@dataclass(frozen=True)
class HistoryWindow:
    """One greeting or REST body. ``began``: when it was asked for (seconds); ``entry``: with which it came."""

    record: Record
    user: str
    channel: Channel
    history: History
    began: float
    entry: Entry

    @property
    def ended(self) -> float:
        """When it came (seconds)."""
        return self.entry.at

    @property
    def messages(self) -> Messages:
        return self.history.messages

    @property
    def length(self) -> int:
        """How many messages it lists; 0 when that cannot be read."""
        raw = self.history.raw.get("messages") if isinstance(self.history.raw, dict) else None
        return len(raw) if isinstance(raw, list) else 0

    def find(self, send: Send) -> Message | None:
        """The message of this send."""
        return find(self.history, send.sent)

    def under_its_id(self, send: Send) -> Message | None:
        """The message that has the id of this send's ack: of the user, and the only one."""
        _ = self.history.ids
        return only_one(self.history.where_is("id", send.message.id))

    def named(self, message: Message) -> Message | None:
        """The message with the same id; where several have it, one with the same text."""
        _ = self.history.ids
        same = self.history.where_is("id", message.id)
        return next((one for one in same if one.text == message.text), same[-1]) if same else None

    # -- what it has to show ------------------------------------------------------------------------------------

    @cached_property
    def sends_before(self) -> Sequence[Send]:
        """The user's sends that were acked as saved before it was asked for."""
        return [s for s in saved(self.record) if s.connection.user == self.user and s.acks[0].at <= self.began]

    @cached_property
    def oldest(self) -> Entry | None:
        """The packet with which the message that was known first, of those shown here, was first received; None when
        none is shown."""
        known = self.record.once(_first_received).get(self.user, {})
        return min((known.get(name, self.entry) for name in self.history.ids), key=_serial, default=None)

    def first_received(self, name: str) -> Entry | None:
        """The packet with which the message of this id was first received by any device of its user, or shown to it."""
        return self.record.once(_first_received).get(self.user, {}).get(name)

    def reaches_before(self, entry: Entry) -> bool:
        """Whether it shows a message that was known before this packet."""
        return self.oldest is not None and self.oldest.serial < entry.serial

    def shows(self, send: Send, among: Sequence[Send]) -> bool:
        """By the id, or by the text: one that was sent more than once (``among``) has to be listed as often."""
        _ = self.history.ids
        if self.history.where_is("id", send.message.id) or self.find(send) is not None:
            return True
        times = sum(other.message.text == send.message.text for other in among)
        return len(self.history.where_is("text", send.message.text)) >= times

    def missing(self, sends: Sequence[Send]) -> list[Send]:
        """Of sends whose messages were all saved before, those that it lacks though it shows an older message, or
        nothing at all."""
        lacking = [send for send in sends if not self.shows(send, sends)]
        return [send for send in lacking if self.oldest is None or self.reaches_before(send.entry)]

    @property
    def is_partial(self) -> bool:
        """Whether any message is left out that was known before this was asked for, be it only an older one."""
        earlier = [one for one in windows(self.record) if one.user == self.user and one.ended <= self.began]
        blocks = {block for one in earlier for block in one.history.blocks} - set(self.history.blocks)
        known = {name for block in blocks for name in ids_in(block)}
        known |= {send.message.id for send in self.sends_before}
        return any(not self.history.where_is("id", name) for name in known)

    # -- order --------------------------------------------------------------------------------------------------

    def out_of_order(self, sends: Sequence[Send]) -> list[tuple[Send, Send]]:
        """Of sends that followed the ack of another one, those that stand before it: (the earlier, the later)."""
        found = [(send, self.find(send)) for send in sends]
        places = [(send, self.messages.place_of(message)) for send, message in found if message is not None]
        return [
            (earlier, later)
            for earlier, place in places
            for later, other in places
            if earlier.acks[0].at < later.entry.at and other < place
        ]

    @cached_property
    def newest_first(self) -> bool:
        """Whether what was sent first stands behind all that followed its ack."""
        sends = self.sends_before
        later = [send for send in sends if sends[0].acks[0].at < send.entry.at]
        found = [message for send in (*sends[:1], *later) if (message := self.find(send)) is not None]
        places = [self.messages.place_of(message) for message in found]
        return len(places) > 1 and self.find(sends[0]) is not None and places[0] == max(places)

    # -- beside another window ----------------------------------------------------------------------------------

    def differs_from(self, later: HistoryWindow) -> list[Message]:
        """The messages that one of the two lacks, though it reaches back as far as that. What support added in between
        is missing here and lacks nowhere.

        By position: most of a conversation may be older than the run, and of what one window shows for the
        first time it is not known when it was sent.
        """
        both = set(self.history.ids) & set(later.history.ids)
        old, new = self._oldest_first(), later._oldest_first()
        known = [message for message in new if message.id in both or not _added(message, new, both)]
        if not both:
            return [*old, *known] if known or not new else []
        older = [list(takewhile(lambda m: m.id not in both, part)) for part in (old, known)]
        if all(older):
            return [*older[0], *older[1]]
        return [m for m in (*old, *known) if m.id not in both and m not in older[0] and m not in older[1]]

    def _oldest_first(self) -> list[Message]:
        """The messages, turned round where those sent one after the other stand newest first (HISTORY-ORDER's)."""
        return list(self.messages)[::-1] if self.newest_first else list(self.messages)


def _added(message: Message, shown: Sequence[Message], both: set[str]) -> bool:
    """Whether support may have added it: nothing older than what both windows have."""
    before = takewhile(lambda other: other.id != message.id, shown)
    return message.sender == SUPPORT and (not both or any(other.id in both for other in before))


def only_one(messages: Sequence[Message]) -> Message | None:
    """Of the messages with one id, that of the user; None where they are several."""
    return messages[0] if len(messages) == 1 and not by_support(messages[0]) else None


# -- those of a record -----------------------------------------------------------------------------------------------


def greeting_of(connection: Connection) -> HistoryWindow:
    """What a connection was greeted with. Raises Missing where it was not greeted."""
    _ = connection.history
    return _greeting(connection, connection.events(CONNECTED)[0])


def body_of(fetch: Fetch, record: Record) -> HistoryWindow:
    """What REST answered. Raises Missing where that is not a conversation."""
    began = float(fetch.entry.get("since", fetch.entry.get("began", fetch.entry.at)))
    return HistoryWindow(record, fetch.user, "REST", fetch.history, began, fetch.entry)


def windows(record: Record) -> Sequence[HistoryWindow]:
    """Every conversation that was shown to a good token, in the order in which they came."""
    return record.once(_windows)


def _windows(record: Record) -> Sequence[HistoryWindow]:
    found = [
        _greeting(connection, event)
        for connection in good_connections(record)
        for event in meant_for(connection, CONNECTED)
        if isinstance(event.payload, dict)
    ]
    return sorted([*found, *_bodies(record)], key=lambda window: window.ended)


def _bodies(record: Record) -> list[HistoryWindow]:
    return [body_of(fetch, record) for fetch in record.fetches if fetch.good and fetch.successful and fetch.is_json]


def _greeting(connection: Connection, event: Event) -> HistoryWindow:
    opened = connection.opened.at
    return HistoryWindow(connection.record, connection.user, "greeting", event.history, opened, event.entry)


def _first_received(record: Record) -> Mapping[str, Mapping[str, Entry]]:
    """For each user, by the id of a message: the packet with which it was first received, be it by an unjudged device.
    An id that cannot be read is passed over."""
    good = [connection for connection in record.all_connections if connection.good]
    greetings = [_greeting(c, event) for c in good for event in meant_for(c, CONNECTED)]
    found: defaultdict[str, dict[str, Entry]] = defaultdict(dict)
    for window in sorted([*greetings, *_bodies(record)], key=lambda window: window.entry.serial, reverse=True):
        if window.length:
            found[window.user].update(dict.fromkeys(window.history.readable_ids(), window.entry))
    events = [(c.user, event.payload, event.entry) for c in good for event in c.events(MESSAGE)]
    acks = [(send.connection.user, send.message.raw, send.acks[0]) for send in saved(record)]
    for user, message, entry in (*events, *acks):
        if isinstance(message, dict) and isinstance(message.get("id"), str):
            earlier = found[user].setdefault(message["id"], entry)
            found[user][message["id"]] = min(entry, earlier, key=_serial)
    return found


def _serial(entry: Entry) -> int:
    return entry.serial
