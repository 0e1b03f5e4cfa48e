"""What each user received: everything that reached one user, held against what other users sent (section 3.1).

Nothing here trusts an id to be unique among users: a server may count each user's messages from 1. What gives another
user away is a text that no one else of the run has sent, or the id of that user's conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from conformance.blocks import Blocks
from conformance.checks.assertions import expect
from conformance.checks.entered_again import meant_for
from conformance.checks.law import check_records
from conformance.checks.typing import answer_typing, typing_sent
from conformance.checks.unique_words import words_in
from conformance.errors import Deviation
from conformance.protocol import CONNECTED, SUPPORT, TYPING, USER, Json
from conformance.record.events import is_typing
from conformance.record.views import Connection, Event, Record


class Owner(NamedTuple):
    """A user: the record's key, its name in it, and who that is in the whole run (None where that was not recorded)."""

    key: str
    name: str
    subject: str | None

    def surely_differs_from(self, other: Owner) -> bool:
        """Users of one record have different names; across records, a run may lend the same user again."""
        if self.key == other.key:
            return self.name != other.name
        return bool(self.subject and other.subject) and self.subject != other.subject


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something that one user received. ``channel``: event, typing, ack, greeting or REST."""

    record: Record
    user: str
    channel: str
    value: Json
    at: int
    place: str
    """Where it arrived, for a person."""

    @property
    def owner(self) -> Owner:
        return _owner(self.record, self.user)

    @property
    def ids(self) -> set[tuple[str, str]]:
        """The users and conversations it speaks of; of a history, those of its messages."""
        if self.channel in ("greeting", "REST"):
            return _named_ids(self.value.get("messages")) if isinstance(self.value, dict) else set()
        return _named_ids(self.value)


@dataclass(frozen=True)
class Ledger:
    """What the users of these records sent, and what they received."""

    records: tuple[Record, ...]

    def over(self, *channels: str) -> list[Delivery]:
        return [delivery for record in self.records for delivery in _deliveries(record) if delivery.channel in channels]

    @cached_property
    def _owner_of(self) -> Mapping[str, Owner]:
        """Who sent which unmistakable words."""
        return {
            words: _owner(record, send.connection.user)
            for record in self.records
            for send in record.sends
            for words in words_in(send.args)
        }

    @cached_property
    def ids_of(self) -> Mapping[Owner, set[tuple[str, str]]]:
        """The conversation id and user id that each user was first shown as its own, on the socket if it was there."""
        ids: dict[Owner, set[tuple[str, str]]] = {}
        for delivery in [*self.over("greeting"), *self.over("REST")]:
            ids.setdefault(delivery.owner, _own_ids(delivery.value))
        return ids

    @cached_property
    def _known_ids(self) -> Mapping[tuple[str, str], Owner]:
        return {one: owner for owner, ids in self.ids_of.items() for one in ids}

    def judge(self, delivery: Delivery) -> None:
        """Deviate when it holds something of another user."""
        for what, owner in self._foreign(delivery):
            whose = owner.name if owner.key == delivery.owner.key else f"another user ({owner.name} of {owner.key})"
            raise Deviation(
                f"nothing of another user in {delivery.place}",
                f"{what} of {whose}",
                at=[*self._sent_at(what, delivery), delivery.at],
                transcript=delivery.record.transcript.key,
            )

    def _foreign(self, delivery: Delivery) -> Iterator[tuple[str, Owner]]:
        for words in sorted(words_in(delivery.value) & self._owner_of.keys()):
            sender = self._owner_of[words]
            if sender.surely_differs_from(delivery.owner):
                yield f'"{words}"', sender
        own = self.ids_of.get(delivery.owner, set())
        for field, one in sorted(delivery.ids - own):
            owner = self._known_ids.get((field, one))
            if owner is not None and owner.surely_differs_from(delivery.owner):
                yield f"{field} {one}", owner

    def _sent_at(self, what: str, delivery: Delivery) -> list[int]:
        """Where the words were sent, when that stands in the same transcript."""
        return [s.entry.serial for s in delivery.record.sends for words in words_in(s.args) if what == f'"{words}"'][:1]


def receive_nothing_foreign(records: Iterable[Record], *channels: str) -> None:
    """The judgement: over none of these channels did a user receive anything of another user."""
    known = tuple(records)
    check_records(known, deliveries_over(*channels), nothing_foreign(known))


def deliveries_over(*channels: str) -> Callable[[Record], list[Delivery]]:
    """What users received over these channels."""
    return lambda record: Ledger((record,)).over(*channels)


def nothing_foreign(records: Iterable[Record]) -> Callable[[Delivery], None]:
    """A judge that knows who sent what."""
    return Ledger(tuple(records)).judge


def typed_in_private(connection: Connection) -> None:
    """The judgement: this connection of a user who did nothing heard nothing of what another one typed. Support may
    type by itself, and tell so by an event of the server's own, under a name of its own; what follows the other user's
    typing each time, or has a user as the sender, has come from that user."""
    signals = [event for event in connection.heard() if is_typing(event.entry)]
    others = _names_of_others(connection)
    strange = [event for event in signals if not _may_be_of_support(event, others)]
    typed = len(typing_sent(connection.record))
    expect(
        not strange and not answer_typing(connection, signals),
        f"nothing of another user's typing at {connection.title}",
        lambda: f"{len(signals)} typing events after {typed} of the other user",
        at=[event.entry.serial for event in signals],
    )


def _may_be_of_support(event: Event, others: Collection[str]) -> bool:
    senders = [str(one["sender"]) for one in event.args if isinstance(one, dict) and "sender" in one]
    if event.name == TYPING:
        return all(sender == SUPPORT for sender in senders)
    return not any(sender.lower() == USER or sender in others for sender in senders)


def _names_of_others(connection: Connection) -> set[str]:
    """By which the target may know the other users of the record: their subjects, and their ids as it showed them."""
    known = Ledger((connection.record,)).ids_of.items()
    shown = {one for owner, ids in known if owner.name != connection.user for field, one in ids if field == "userId"}
    subjects = connection.record.transcript.subjects.items()
    return shown | {subject for name, subject in subjects if name != connection.user}


# -- reading what was received ---------------------------------------------------------------------------------------


def _owner(record: Record, user: str) -> Owner:
    return Owner(record.transcript.key, user, record.transcript.subjects.get(user))


def _deliveries(record: Record) -> Iterator[Delivery]:
    for connection in record.connections:
        if connection.good:
            yield from _deliveries_on(record, connection)
    for fetch in record.fetches:
        if fetch.good and fetch.successful:
            place = f"the REST body of {fetch.user}"
            yield Delivery(record, fetch.user, "REST", fetch.body, fetch.entry.serial, place)


def _deliveries_on(record: Record, connection: Connection) -> Iterator[Delivery]:
    for event in meant_for(connection):
        place = f"{event.name} at {connection.title}"
        for value in event.args:
            yield Delivery(record, connection.user, _channel(event), value, event.entry.serial, place)
    for ack in connection.received("ACK", "BINARY_ACK"):
        place = f"ack #{ack.get('id')} at {connection.title}"
        yield Delivery(record, connection.user, "ack", ack.get("args"), ack.serial, place)


def _channel(event: Event) -> str:
    if event.name == CONNECTED:
        return "greeting"
    return "typing" if is_typing(event.entry) else "event"


def _named_ids(value: Json) -> set[tuple[str, str]]:
    """The user and conversation ids that a payload names, by the document's names for them."""
    if isinstance(value, Blocks):
        return set().union(*(block.fact(_ids_of_block) for block in value.blocks))
    if isinstance(value, list):
        return {one for inner in value for one in _named_ids(inner)}
    if not isinstance(value, dict):
        return set()
    fields = {(name, value[name]) for name in ("conversationId", "userId") if isinstance(value.get(name), str)}
    return fields.union(*(_named_ids(inner) for inner in value.values() if isinstance(inner, (dict, list))))


def _ids_of_block(messages: Sequence[Json]) -> set[tuple[str, str]]:
    return _named_ids(list(messages))


def _own_ids(history: Json) -> set[tuple[str, str]]:
    """The ids of the conversation that a greeting or REST body shows."""
    conversation = history.get("conversation") if isinstance(history, dict) else None
    if not isinstance(conversation, dict):
        return set()
    named = {"conversationId": conversation.get("id"), "userId": conversation.get("userId")}
    return {(field, one) for field, one in named.items() if isinstance(one, str)}
