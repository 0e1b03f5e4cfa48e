"""What judgements read: a transcript as connections, sends, events and fetches, in the words of the document."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from conformance.protocol import CONNECTED, ERROR, MESSAGE, Json
from conformance.record.events import Event
from conformance.record.exchanges import Attempt, Exchange, Fetch
from conformance.record.matching import Sent, acked_by, by_support, pick
from conformance.record.missing import Missing, Need
from conformance.record.packets import Packets
from conformance.record.payloads import History, Payload, Problem
from conformance.record.transcript import Entry, Kind, Point, Transcript, first

__all__ = ["Attempt", "Connection", "Event", "Everything", "Fetch", "Record", "Send"]

T = TypeVar("T")


@dataclass(frozen=True)
class Connection(Packets):
    """One connection of one device, beside the others of its record."""

    record: Record

    @cached_property
    def displaced(self) -> bool:
        """Whether the target ended it while the user had another connection."""
        return self.ended_by_target is not None and bool(self._beside)

    @property
    def displaced_by_one(self) -> bool:
        """Whether the target ended it while the user had one other connection: two were too many."""
        return self.displaced and len(self._beside) == 1

    @property
    def refused_beside_another(self) -> bool:
        """Whether the target ended it without a greeting while another connection, made in the same way, had one."""
        return self.displaced and any(other.greeted and other.option == self.option for other in self._beside)

    @cached_property
    def _beside(self) -> Sequence[Connection]:
        """The user's other connections, of the time until the target ended it."""
        first, last = self.entries[0].serial, (self.ended_by_target or self.entries[-1]).serial
        others = (c for c in self.record.connections if c.user == self.user and c.number != self.number)
        return [other for other in others if other.entries[0].serial < last and other.entries[-1].serial > first]


@dataclass(frozen=True)
class Send(Exchange):
    """One ``help_center:send`` of a scenario, beside the others of its record."""

    connection: Connection

    @property
    def record(self) -> Record:
        return self.connection.record

    @cached_property
    def sent(self) -> Sent:
        """What its message is found again by. Raises Missing where it was not accepted."""
        message = self.message
        own, record = str(self.text).strip(), self.record
        return Sent(self.number, message.id, message.text, own, record.senders, record.acked_messages)

    @property
    def event(self) -> Event:
        """The ``help_center:message`` by which the sending connection received this accepted message."""
        found = self.heard_on(self.connection)
        if found is None:
            _ = [event.message.id for event in self.connection.events(MESSAGE)]  # one that has none may be it
            raise Missing(Need.ECHO, self, f"the sender received no event of message {self.message.id}")
        return found

    def event_on(self, connection: Connection) -> Event | None:
        """The event by which a connection received this accepted message: by its id or, where the ack has another one,
        by its text."""
        sent = self.sent
        alike = [*connection.messages_with("id", sent.id), *connection.messages_with("text", sent.text)]
        found = pick((event.message for event in alike), sent)
        return next((event for event in alike if event.message is found), None)

    def heard_on(self, connection: Connection) -> Event | None:
        """The same or, where several have its text, an event with that since it was sent: it may be another's."""
        text, since = self.message.text, self.entry.serial
        later = (event for event in connection.messages_with("text", text) if event.entry.serial > since)
        return self.event_on(connection) or next((event for event in later if not by_support(event.message)), None)


@dataclass(frozen=True)
class Record:
    """One transcript, ready to be judged."""

    transcript: Transcript

    def once(self, find: Callable[[Record], T]) -> T:
        """What a function makes of this record, worked out once."""
        if find not in self._found:
            self._found[find] = find(self)
        found: T = self._found[find]
        return found

    @cached_property
    def _found(self) -> dict[Callable[[Record], Json], Json]:
        return {}

    @cached_property
    def connections(self) -> list[Connection]:
        """Every connection that is judged."""
        return [connection for connection in self.all_connections if not connection.unjudged]

    @cached_property
    def all_connections(self) -> list[Connection]:
        """Unjudged ones, too; but none that was made again after a pause which the target had asked for."""
        by_number: dict[int, list[Entry]] = {}
        for entry in self.transcript:
            if entry.connection:
                by_number.setdefault(entry.connection, []).append(entry)
        made = (Connection(number, entries, self) for number, entries in sorted(by_number.items()))
        return [connection for connection in made if not connection.tried_again]

    @cached_property
    def sends(self) -> list[Send]:
        """Every ``help_center:send`` that went out on judged connections, in the order of their first attempts."""
        return [send for send in self._all_sends if not send.connection.unjudged]

    @property
    def trials(self) -> list[Send]:
        """Those that went out on unjudged ones."""
        return [send for send in self._all_sends if send.connection.unjudged]

    @cached_property
    def _all_sends(self) -> list[Send]:
        acks = self._acks()
        attempts: dict[int, list[Attempt]] = {}
        owner: dict[int, Connection] = {}
        for connection in self.all_connections:
            for entry in connection.entries:
                if entry.kind is Kind.SENT and entry.get("send") is not None:
                    number = int(entry.get("send"))
                    answered = acks.get((connection.number, entry.get("id")), [])
                    attempts.setdefault(number, []).append(Attempt(entry, answered))
                    owner[number] = connection
        return [Send(owner[number], attempts[number]) for number in sorted(attempts)]

    @cached_property
    def senders(self) -> dict[str, set[int]]:
        """The numbers of the sends of each text, without the white space around it."""
        senders: dict[str, set[int]] = {}
        for send in self.sends:
            senders.setdefault(str(send.text).strip(), set()).add(send.number)
        return senders

    @cached_property
    def acked_messages(self) -> dict[tuple[str, str], set[int]]:
        """The numbers of the sends whose acks carry a message of this id and text."""
        return acked_by((send.number, first(ack.get("args"))) for send in self.sends for ack in send.acks)

    def _acks(self) -> dict[tuple[int, int | None], list[Entry]]:
        acks: dict[tuple[int, int | None], list[Entry]] = {}
        for connection in self.all_connections:
            for entry in connection.received("ACK", "BINARY_ACK"):
                acks.setdefault((connection.number, entry.get("id")), []).append(entry)
        return acks

    @cached_property
    def fetches(self) -> list[Fetch]:
        """Every REST exchange that is judged."""
        return [fetch for fetch in self._all_fetches if not fetch.unjudged]

    @cached_property
    def _all_fetches(self) -> list[Fetch]:
        greeted: dict[str, int] = {}
        for connection in self.all_connections:
            for event in connection.events(CONNECTED):
                serial = event.entry.serial
                greeted[connection.user] = min(serial, greeted.get(connection.user, serial))
        asked = [entry for entry in self.transcript if entry.kind is Kind.HTTP]
        return [Fetch(entry, entry.serial < greeted.get(str(entry.get("user")), math.inf)) for entry in asked]

    @cached_property
    def conversation_ids(self) -> set[Json]:
        """The ids of the conversations that were shown, whatever else is wrong with them."""
        payloads = [event.payload for c in self.connections for event in c.events(CONNECTED)]
        payloads += [fetch.body for fetch in self.fetches if fetch.good and fetch.successful]
        shown = [payload.get("conversation") for payload in payloads if isinstance(payload, dict)]
        return {one["id"] for one in shown if isinstance(one, dict) and isinstance(one.get("id"), str)}

    @cached_property
    def parts(self) -> list[Record]:
        """Where a scenario played several programs (``conformance.drive.conversations``), a record of each."""
        marks = [i for i, entry in enumerate(self.transcript.entries) if entry.get("point") == Point.EXAMPLE]
        ends = [*marks[1:], len(self.transcript.entries)] if marks else []
        pieces = [self.transcript.entries[begin:end] for begin, end in zip(marks, ends, strict=True)]
        return [
            Record(replace(self.transcript, key=f"{self.transcript.key} (program {number})", entries=piece))
            for number, piece in enumerate(pieces, 1)
        ]

    @property
    def smallest_first(self) -> list[Record]:
        """The parts, those with the fewest entries first: what they show is easiest to follow."""
        return sorted(self.parts, key=lambda part: len(part.transcript.entries))

    # -- one of each kind, for judgements ------------------------------------------------------------------------

    def connection(self, device: str = "phone", nth: int = 0) -> Connection:
        """The ``nth`` connection of a device (-1: the last one). Raises Missing when it was never made."""
        own = [c for c in self.all_connections if c.device == device]
        return self._pick(own, nth, f"connection of {device}")

    def send(self, tag: str = "text", nth: int = 0) -> Send:
        """The ``nth`` send with this tag."""
        return self._pick([send for send in self._all_sends if send.tag == tag], nth, f'send "{tag}"')

    def tagged(self, tag: str) -> list[Send]:
        """All sends with this tag; at least one."""
        self.send(tag)
        return [send for send in self._all_sends if send.tag == tag]

    def fetch(self, tag: str = "fetch", nth: int = 0) -> Fetch:
        """The ``nth`` REST exchange with this tag."""
        return self._pick([f for f in self._all_fetches if f.tag == tag], nth, f'REST request "{tag}"')

    def _pick(self, found: Sequence[T], nth: int, what: str) -> T:
        try:
            return found[nth]
        except IndexError:
            raise self.cut_short(what) from None

    def connection_of(self, entry: Entry) -> Connection | None:
        """The connection that an entry belongs to, judged or not."""
        return self._by_number.get(entry.connection)

    @cached_property
    def _by_number(self) -> Mapping[int, Connection]:
        return {connection.number: connection for connection in self.all_connections}

    def cut_short(self, what: str) -> Missing:
        """Something that the scenario should have is not in the record."""
        reason = f"the scenario ended before its {what}: {self.transcript.cut or 'it was never made'}"
        return Missing(Need.PART, self, reason)

    # -- everything of a kind, for laws --------------------------------------------------------------------------

    def events(self, name: str | None = None) -> Iterator[Event]:
        for connection in self.connections:
            yield from connection.events(name)

    def acked(self) -> Iterator[Send]:
        return (send for send in self.sends if send.acks)

    def accepted(self) -> list[Send]:
        """Sends whose (first) ack brought a message."""
        return [send for send in self.acked() if send.accepted]

    def problems(self) -> Iterator[tuple[Payload, Entry]]:
        """Every error payload of every connection: events and acks."""
        for event in self.events(ERROR):
            yield event.problem, event.entry
        for send in self.sends:
            for attempt in send.attempts:
                yield from _ack_problems(attempt)

    def histories(self) -> Iterator[tuple[str, History]]:
        """Every conversation that was shown, and to which user: on connecting and over REST, in wire order."""
        return iter(self._histories)

    @cached_property
    def _histories(self) -> Sequence[tuple[str, History]]:
        shown_at = [(c.user, e.history) for c in self.connections for e in c.events(CONNECTED)]
        shown_at += [(f.user, f.history) for f in self.fetches if f.good and f.successful and f.is_json]
        return sorted(shown_at, key=lambda pair: pair[1].at)


def _ack_problems(attempt: Attempt) -> Iterator[tuple[Payload, Entry]]:
    for ack in attempt.acks:
        answer = first(ack.get("args"))
        if isinstance(answer, dict) and answer.get("error") is not None:
            yield Problem(answer["error"], "ack.error", ack.serial, "error"), ack


@dataclass(frozen=True)
class Everything:
    """All the transcripts of a run: what general laws are judged over."""

    records: Sequence[Record]

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)
