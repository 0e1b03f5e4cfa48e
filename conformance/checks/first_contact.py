"""The very first contact: several devices, requests or sends of a user whom the target never saw before, at the same
moment.

A scenario has several such users, for whether things overlap is a matter of luck. Users whom the command line names may
be known to the target, which only the target can tell: what it does wrong with them counts, what it does right
shows nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from conformance.checks.assertions import check_all, expect_equal
from conformance.checks.connection import described, ended, settled
from conformance.checks.doubts import no_doubt, was_greeted
from conformance.checks.limits import REMEDY, limited, not_busy, not_limited
from conformance.errors import Deviation, Unverified
from conformance.protocol import USER
from conformance.record.health import accepts_no_token
from conformance.record.payloads import History
from conformance.record.rate_limits import BUSY
from conformance.record.transcript import Kind
from conformance.record.views import Connection, Fetch, Record, Send
from conformance.schema import timestamps

EARLIER = 60.0
"""Seconds that a conversation is older than its user's first contact when it was not made by that, whatever the
clocks of several machines say."""


@dataclass(frozen=True)
class Contact:
    """What one user of a scenario met."""

    record: Record
    user: str

    @property
    def connections(self) -> Sequence[Connection]:
        return [connection for connection in self.record.connections if connection.user == self.user]

    def device(self, name: str) -> Connection:
        """The connection of a device; those of several users differ by a number."""
        own = (c for c in self.connections if c.device.split()[0] == name)
        found = next(own, None)
        if found is None:
            raise self.record.cut_short(f"connection of {name}")
        return found

    @property
    def fetches(self) -> Sequence[Fetch]:
        return [fetch for fetch in self.record.fetches if fetch.user == self.user]

    @property
    def histories(self) -> Sequence[History]:
        return [history for user, history in self.record.histories() if user == self.user]

    def sends(self, tag: str) -> Sequence[Send]:
        own = [send for send in self.record.tagged(tag) if send.connection.user == self.user]
        if not own:
            raise self.record.cut_short(f'send "{tag}"')
        return own

    @property
    def given(self) -> bool:
        """Whether the user was not made up for the run."""
        return any(self.user in (mark.get("given") or ()) for mark in self.record.transcript.of(Kind.MARK))

    @property
    def subject(self) -> str:
        return self.record.transcript.subjects.get(self.user, self.user)


def contacts(record: Record) -> list[Contact]:
    return [Contact(record, user) for user in record.transcript.users or ["user 1"]]


class ShowsNothing(Unverified):
    """One user of several can show nothing, which does no harm where another one can."""


def of_newcomers(record: Record, judge: Callable[[Contact], None]) -> None:
    """Judge what each user met. Raises Unverified unless it holds for one whom the target did not know."""
    idle: list[ShowsNothing] = []
    known: list[str] = []
    new: list[str] = []

    def judged(contact: Contact) -> None:
        try:
            _was_taken(contact)
            judge(contact)
            (known if _is_known(contact) else new).append(contact.subject)
        except ShowsNothing as reason:
            idle.append(reason)

    check_all(contacts(record), judged)
    if known and not new:
        raise Unverified(
            f"these users were known: {', '.join(known)}; pass --users whom the target never saw, or a key without any"
        )
    if idle and not new:
        raise idle[0]


# -- is it a new user? ---------------------------------------------------------------------------------------------


def _was_taken(contact: Contact) -> None:
    if contact.given and accepts_no_token(contact.record, contact.user):
        raise ShowsNothing(f"the target takes no token of {contact.subject}: check --users")


def _is_known(contact: Contact) -> bool:
    """Whether a user who was given had a conversation before. Raises Unverified where that is unknown."""
    if not contact.given:
        return False
    texts = {text.strip() for text in _sent(contact.record)}
    shown = (pair for each in contact.histories for pair in zip(each.all("sender"), each.all("text"), strict=True))
    if any(sender == USER and text not in texts for sender, text in shown):
        return True
    return any(age > EARLIER + _took(contact) for age in _ages(contact))


def _sent(record: Record) -> Iterator[str]:
    """Every text that the scenario sent, on connections too that no law judges."""
    for entry in record.transcript.of(Kind.SENT):
        if entry.get("send") is not None:
            yield from (str(payload.get("text")) for payload in entry.get("args") if isinstance(payload, dict))


def _took(contact: Contact) -> float:
    """Seconds from the beginning of the scenario to the text that the user sent at its end."""
    return contact.sends("later")[0].acks[0].at


def _ages(contact: Contact) -> Iterator[float]:
    """How much older the conversation, and its first and last message, is than the text that the user sent: by the
    target's own clock."""
    own = contact.sends("later")[0].message
    for history in contact.histories:
        ends = [history.messages[place] for place in {0, len(history.messages) - 1} if history.messages]
        for moment in (history.conversation.created_at, *(message.created_at for message in ends)):
            seconds = timestamps.seconds_apart(own.created_at, moment)
            if seconds is not None:
                yield seconds


def _kept_out_by_no_limit(connections: Sequence[Connection], fetches: Sequence[Fetch] = ()) -> None:
    """Raise ShowsNothing where a limit of rate kept a device or a request of this user out; others may have got in."""
    try:
        check_all(connections, not_limited)
        check_all(fetches, not_busy)
    except Unverified as limit:
        raise ShowsNothing(limit.reason) from limit


# -- devices and REST ----------------------------------------------------------------------------------------------


def let_in_with_others(contact: Contact, device: str, side_by_side: Record, everything: Iterable[Record]) -> None:
    """Deviate when a device was not greeted. A target that keeps so many sessions for each user, as the record
    ``side_by_side`` of two devices shows, or any of ``everything`` with more, ends some for the sake of others: then
    one of them must have got in. Raises Unverified when no device was greeted there."""
    connection = contact.device(device)
    if was_greeted(connection):
        return
    _kept_out_by_no_limit([connection])
    _ = side_by_side.connection().history
    end = ended(connection)
    coexist = all(other.greeted and ended(other) is None for other in side_by_side.connections)
    if (
        not (coexist and all(map(_coexist, everything)))
        and end is not None
        and any(other.greeted for other in contact.connections)
    ):
        return
    raise Deviation(
        "every device of a brand-new user to be greeted",
        f"{connection.title}: {described(end, connection) if end is not None else 'no greeting'}",
        at=[connection.opened.serial, *(entry.serial for entry in connection.received()[:3])],
    )


def _coexist(record: Record) -> bool:
    """Whether no device that had been greeted was ended while its user had another one (DEVICE-COEXIST)."""
    return all(ended(one) is None or limited(one) is not None for one in settled(alone=False)(record))


def answered(contact: Contact, usual: Fetch) -> None:
    """Deviate when REST did not answer all requests, though it does otherwise (``usual``). Raises Unverified where
    fewer than two were answered for their pace."""
    asked = [fetch for fetch in contact.fetches if fetch.status not in BUSY]
    if len(asked) < 2:
        actual = contact.fetches[0].outcome if contact.fetches else "it was never asked"
        raise ShowsNothing(f"REST was not asked twice at the same moment ({actual}): {REMEDY}")

    def judge(fetch: Fetch) -> None:
        if not (fetch.successful and fetch.is_json):
            _ = usual.history
            no_doubt(fetch.entry, "the answer of REST")
            actual = fetch.outcome
            raise Deviation("REST to answer a brand-new user's first requests", actual, at=[fetch.entry.serial])

    check_all(asked, judge)


def one_conversation(contact: Contact) -> None:
    """Deviate when two channels of a user led to different conversations."""
    shown = contact.histories
    if len(shown) < 2 and contact.record.transcript.cut:
        raise contact.record.cut_short("second device")
    if len(shown) < 2:
        _kept_out_by_no_limit(contact.connections, contact.fetches)
        closed = any(not (fetch.successful and fetch.is_json) for fetch in contact.fetches)
        because = "REST-OPEN" if closed else "CONNECTED-SENT"
        raise Unverified("fewer than two of the user's devices and requests were answered", because=because)
    first = shown[0]

    def judge(other: History) -> None:
        what = f"conversation.id in {other.where}"
        expect_equal(other.conversation.id, first.conversation.id, what, at=[first.at, other.at])

    check_all(shown[1:], judge)
