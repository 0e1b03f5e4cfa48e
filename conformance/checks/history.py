"""Histories as they were shown, one after the other: who is in the conversation, and what must be in it by then.

A server may show only the last part of a conversation. What is older than something that is shown has to be shown as
well, and what is known before something else is sent is older than that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.checks.assertions import expect
from conformance.checks.blame import of_ack
from conformance.checks.selectors import good_connections, saved
from conformance.errors import Unverified
from conformance.protocol import CONNECTED, MESSAGE
from conformance.record.matching import find
from conformance.record.payloads import History, Message, Messages, shown
from conformance.record.views import Record, Send


@dataclass(frozen=True)
class Look:
    """One greeting or REST body. ``began``: when it was asked for; ``ended``: when it came (seconds)."""

    record: Record
    user: str
    road: str
    history: History
    began: float
    ended: float

    @property
    def listed(self) -> Messages:
        return self.history.messages

    @property
    def length(self) -> int:
        """How many messages it lists; 0 when that cannot be read."""
        raw = self.history.raw.get("messages") if isinstance(self.history.raw, dict) else None
        return len(raw) if isinstance(raw, list) else 0

    def find(self, send: Send) -> Message | None:
        """The message of this send."""
        return find(self.history, send.sent)

    def named(self, message: Message) -> Message | None:
        """The message with the same id; where several have it, one with the same text."""
        _ = self.history.ids
        same = self.history.where_is("id", message.id)
        return next((one for one in same if one.text == message.text), same[-1]) if same else None

    @property
    def known_since(self) -> float | None:
        """When the message that was known first, of those shown here, was first told of; None when none is shown."""
        return self.record.once(_known_since)[self.history.at]


def looks(record: Record) -> Sequence[Look]:
    """Every conversation that was shown to a good token, in the order in which they came."""
    return record.once(_looks)


def _looks(record: Record) -> Sequence[Look]:
    shown_at = [
        Look(record, c.user, "greeting", event.history, c.opened.at, event.entry.at)
        for c in good_connections(record)
        for event in c.events(CONNECTED)
        if isinstance(event.payload, dict)
    ]
    shown_at += [
        Look(record, f.user, "REST", f.history, float(f.entry.get("began", f.entry.at)), f.entry.at)
        for f in record.fetches
        if f.good and f.successful and f.is_json
    ]
    return sorted(shown_at, key=lambda look: look.ended)


# -- one user, one conversation (section 4.1) --------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """Two histories to be compared."""

    one: Look
    other: Look

    @property
    def at(self) -> list[int]:
        return [self.one.history.at, self.other.history.at]


def returns(record: Record) -> Iterator[Pair]:
    """The first history of each user, with each that was asked for later. (What is shown to devices that come at the
    same moment is FIRST-CONTACT's.)"""
    first: dict[str, Look] = {}
    for look in looks(record):
        reference = first.setdefault(look.user, look)
        if look.began >= reference.ended:
            yield Pair(reference, look)


def strangers(record: Record) -> Iterator[Pair]:
    """The first history of each user, with the first of each other user."""
    first: dict[str, Look] = {}
    for look in looks(record):
        first.setdefault(look.user, look)
    found = list(first.values())
    return (Pair(one, other) for index, one in enumerate(found) for other in found[index + 1 :])


def user_id(look: Look) -> str:
    return look.history.conversation.user_id


def conversation_id(look: Look) -> str:
    return look.history.conversation.id


def agree_on(what: str, value: Callable[[Look], str]) -> Callable[[Pair], None]:
    def judge(pair: Pair) -> None:
        one, other = value(pair.one), value(pair.other)
        expected = f"one {what} in {pair.one.history.where} and {pair.other.history.where}"
        expect(one == other, expected, lambda: f"{shown(one)} and {shown(other)}", at=pair.at)

    return judge


def differ_in(what: str, value: Callable[[Look], str]) -> Callable[[Pair], None]:
    def judge(pair: Pair) -> None:
        one, other = value(pair.one), value(pair.other)
        expected = f"{pair.one.user} and {pair.other.user} to differ in {what}"
        expect(one != other, expected, lambda: f"{shown(one)} for both", at=pair.at)

    return judge


def of_its_conversation(look: Look) -> None:
    """CONNECTED-OWN."""
    own = conversation_id(look)
    alike = look.history.conversation_ids() <= {own}
    wrong = [] if alike else [m for m in look.listed if m.conversation_id != own]
    expect(
        not wrong,
        lambda: f"only messages of the conversation {shown(own)}",
        lambda: ", ".join(f"{m.where} of {shown(m.conversation_id)}" for m in wrong[:3]),
        at=[look.history.at],
    )


def ids_once(look: Look) -> None:
    """MESSAGE-ID, within one list."""
    ids = look.history.ids
    times = Counter(ids) if len(set(ids)) < len(ids) else Counter[str]()
    twice = sorted(name for name, often in times.items() if often > 1)
    expect(
        not twice,
        f"each id once in {look.history.where}",
        lambda: f"twice: {', '.join(twice[:3])}",
        at=[look.history.at],
    )


# -- nothing is lost (sections 4.2 and 4.6) ----------------------------------------------------------------------


def sends_before(look: Look) -> list[Send]:
    """The user's sends that were acked as saved before this history was asked for."""
    return [s for s in saved(look.record) if s.connection.user == look.user and s.acks[0].at <= look.began]


def _known_since(record: Record) -> Mapping[int, float | None]:
    """For each look, by where it stands in the record: ``Look.known_since``."""
    found: dict[int, float | None] = {}
    for user in {look.user for look in looks(record)}:
        own = [look for look in looks(record) if look.user == user]
        first = _first_told(record, user, own)
        found |= {look.history.at: min(map(first.__getitem__, look.history.ids), default=None) for look in own}
    return found


def _first_told(record: Record, user: str, own: Sequence[Look]) -> Mapping[str, float]:
    """When a user was first told of each id, by a history, an event or an ack."""
    first: dict[str, float] = {}
    for look in reversed(own):
        first.update(dict.fromkeys(look.history.ids, look.ended))
    told = [(e.message.id, e.entry.at) for c in good_connections(record) if c.user == user for e in c.events(MESSAGE)]
    told += [(send.message.id, send.acks[0].at) for send in saved(record) if send.connection.user == user]
    for name, at in told:
        first[name] = min(at, first.get(name, at))
    return first


class Kept:
    """SEND-KEPT. A list that is shorter than the longest one of the run, on the same road, was not cut."""

    def __init__(self, everything: Iterable[Record]) -> None:
        self._longest: dict[str, int] = {}
        for look in (look for record in everything for look in looks(record)):
            self._longest[look.road] = max(look.length, self._longest.get(look.road, 0))

    def __call__(self, look: Look) -> None:
        sends = sends_before(look)
        missing = [send for send in sends if not _listed(look, send, sends)]
        if not missing:
            return
        since, uncut = look.known_since, look.length < self._longest[look.road]
        all_gone = len(missing) == len(sends) and (since is None or uncut)
        lost = [send for send in missing if all_gone or (since is not None and since < send.entry.at)]
        at = [serial for send in lost[:1] for serial in (*send.at, look.history.at)]
        where = look.history.where
        expect(
            not lost,
            f"{where} to show every message that was acked, or the last ones without a gap",
            lambda: f"send {', '.join(f'#{send.number}' for send in lost)} missing among {look.length} messages",
            at=at,
        )


def _listed(look: Look, send: Send, sends: Sequence[Send]) -> bool:
    """By the id, or by the text: one that was sent more than once has to be listed as often."""
    _ = look.history.ids
    if look.history.where_is("id", send.message.id) or look.find(send) is not None:
        return True
    times = sum(other.message.text == send.message.text for other in sends)
    return len(look.history.where_is("text", send.message.text)) >= times


def in_order(look: Look) -> None:
    """HISTORY-ORDER: of sends that followed the ack of another."""
    found = [(send, look.find(send)) for send in sends_before(look)]
    places = [(send, look.listed.place_of(message)) for send, message in found if message is not None]
    wrong = [
        f"#{later.number} before #{earlier.number}"
        for earlier, place in places
        for later, other in places
        if earlier.acks[0].at < later.entry.at and other < place
    ]
    expect(
        not wrong,
        f"{look.history.where} to have the oldest message first",
        lambda: f"send {', '.join(wrong[:3])}",
        at=[look.history.at],
    )


def last_look(record: Record, road: str) -> Look:
    """The last greeting or REST body of a scenario that ran to its end."""
    if record.transcript.cut is None and (found := [look for look in looks(record) if look.road == road]):
        return found[-1]
    raise record.cut_short(f"last {road}")


def after_many(least: int) -> Callable[[Record], Iterator[Look]]:
    """The histories that were asked for after so many messages."""
    return lambda record: (look for look in looks(record) if len(sends_before(look)) >= least)


def reaching_back(least: int) -> Callable[[Look], None]:
    """HISTORY-DEPTH, of those."""
    return lambda look: deep(look, least)


def deep(look: Look, least: int) -> None:
    """HISTORY-DEPTH, after as many messages were sent."""
    if len(sends_before(look)) < least:
        unanswered = (send for send in look.record.sends if send.asked and send.valid and not send.acks)
        silent = next(unanswered, None)
        because = "SEND-PLAIN" if silent is None else of_ack(silent)
        raise Unverified(f"fewer than {least} messages were accepted", because=because)
    count = len(look.listed)
    if count < least:
        _without_gaps(look)
    expect(count >= least, f"{look.history.where} to reach back {least} messages", f"{count}", at=[look.history.at])


def _without_gaps(look: Look) -> None:
    """Raise Unverified where messages are missing between others: those were lost, and it is not the list that is
    short."""
    since, sends = look.known_since, sends_before(look)
    between = [send for send in sends if since is not None and since < send.entry.at]
    lost = [send for send in between if not _listed(look, send, sends)]
    if lost:
        raise Unverified(f"{look.history.where} shows older messages than send #{lost[0].number}", because="SEND-KEPT")
