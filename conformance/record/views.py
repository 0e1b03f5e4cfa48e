"""What judgements read: a transcript as connections, sends, events and fetches, in the words of the document."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from conformance.errors import Unverified
from conformance.protocol import CONNECTED, ERROR, Json
from conformance.record.descriptions import said
from conformance.record.exchanges import Attempt, Event, Fetch, Send
from conformance.record.payloads import History, Payload, Problem
from conformance.record.rate_limits import not_for_its_pace, not_limited
from conformance.record.token_kinds import EXPIRED
from conformance.record.transcript import Doubt, Entry, Kind, Point, Transcript
from conformance.record.waits import LONGER

__all__ = ["Attempt", "Connection", "Event", "Everything", "Fetch", "Record", "Send"]

T = TypeVar("T")


@dataclass(frozen=True)
class Connection:
    """One connection of one device."""

    record: Record
    number: int
    entries: Sequence[Entry]

    @property
    def opened(self) -> Entry:
        return self.entries[0]

    @property
    def device(self) -> str:
        return self.opened.device

    @cached_property
    def user(self) -> str:
        return str(self.opened.get("user"))

    @cached_property
    def good(self) -> bool:
        """Whether it presented a token that must be accepted."""
        return bool(self.opened.get("good"))

    @property
    def token(self) -> str:
        """The label of the token that it presented, for people."""
        return str(self.opened.get("token"))

    @property
    def token_kind(self) -> str:
        return str(self.opened.get("token_kind"))

    @cached_property
    def lasting(self) -> bool:
        """Whether it presented a token that must be accepted, and outlives the scenario."""
        return self.good and self.opened.get("lifetime") is None

    @property
    def option(self) -> str:
        return str(self.opened.get("option"))

    @property
    def transport(self) -> str:
        return str(self.opened.get("transport"))

    @property
    def title(self) -> str:
        return f"{self.device} ({self.user}, {self.option}, {self.transport})"

    @property
    def usual(self) -> bool:
        """Whether it took the road that scenarios take which test no other."""
        return bool(self.opened.get("usual"))

    @cached_property
    def trial(self) -> bool:
        """Whether it tried something that the document is silent on: observations read it, laws do not see it."""
        return bool(self.opened.get("trial"))

    @cached_property
    def shaken(self) -> bool:
        """Whether there was an Engine.IO handshake."""
        return any(entry.kind is Kind.HANDSHAKE for entry in self.entries)

    @cached_property
    def blame(self) -> str | None:
        """The requirement that judges why a good connection was not greeted; None where it was."""
        if self.greeted or not self.good:
            return None
        if not self.shaken:
            return "CONN-WEBSOCKET" if self.transport == "websocket" else "CONN-POLLING"
        if self.received("CONNECT_ERROR"):
            return "CONN-NAMESPACE"
        if self.events(ERROR) and (bad := self._bad_before) is not None:
            return "TOKEN-REFRESHED" if bad.token_kind in EXPIRED else None
        if self._refused_beside_another:
            return "DEVICE-COEXIST"
        if self.events(ERROR):
            return {"bearer": "AUTH-PREFIXED", "header": "AUTH-HEADER"}.get(self.option, "AUTH-BARE")
        return "CONNECTED-SENT"

    @property
    def _bad_before(self) -> Connection | None:
        """The last connection of the user before this one, if it presented a bad token."""
        before = [c for c in self.record.connections_and_trials if c.user == self.user and c.number < self.number]
        bad = [connection for connection in before if not connection.good]
        return bad[-1] if bad else None

    def received(self, *packets: str) -> list[Entry]:
        """The Socket.IO packets received, all or those of some types."""
        if len(packets) == 1:
            return self._received_by_packet.get(packets[0], [])
        return [entry for entry in self._received if not packets or entry.get("packet") in packets]

    @cached_property
    def _received_by_packet(self) -> dict[str, list[Entry]]:
        by_packet: dict[str, list[Entry]] = {}
        for entry in self._received:
            by_packet.setdefault(str(entry.get("packet")), []).append(entry)
        return by_packet

    @cached_property
    def _received(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind is Kind.RECEIVED]

    def events(self, name: str | None = None) -> list[Event]:
        """The events received, all or those of one name, in wire order."""
        return self._events if name is None else self._events_by_name.get(name, [])

    def heard(self, name: str | None = None) -> list[Event]:
        """The events that came before the device left: to nothing later does anybody listen."""
        return [event for event in self.events(name) if event.entry.serial < self.left]

    @cached_property
    def _events(self) -> list[Event]:
        entries = self.received("EVENT", "BINARY_EVENT")
        return [Event(entry.get("event"), self._told(entry), entry) for entry in entries]

    @cached_property
    def _events_by_name(self) -> dict[str, list[Event]]:
        by_name: dict[str, list[Event]] = {}
        for event in self._events:
            if isinstance(event.name, str):
                by_name.setdefault(event.name, []).append(event)
        return by_name

    def _told(self, entry: Entry) -> list[Json]:
        """The arguments of an event, without the offset that a server with Socket.IO's connection state recovery adds
        to every event, as a last argument: a string. Such a server tells a private id (``pid``) in its CONNECT."""
        args = _arguments(entry)
        return args[:-1] if len(args) > 1 and isinstance(args[-1], str) and self._recoverable else args

    @cached_property
    def _recoverable(self) -> bool:
        return any(_private_id(entry) is not None for entry in self.received("CONNECT"))

    @property
    def recovers(self) -> bool:
        """Whether it presented the private id of an earlier connection, to be told what was missed since."""
        sent = (entry for entry in self.entries if entry.kind is Kind.SENT and entry.get("packet") == "CONNECT")
        return any(_private_id(entry) is not None for entry in sent)

    @cached_property
    def closed(self) -> Entry | None:
        """How the transport ended."""
        return next((entry for entry in self.entries if entry.kind is Kind.CLOSED), None)

    @cached_property
    def left(self) -> float:
        """The serial number at which the device itself said goodbye, closed or dropped the line; infinity when it never
        did. What arrives later, nobody listens to."""
        goodbyes = (e for e in self.entries if e.kind is Kind.SENT and e.get("packet") == "DISCONNECT")
        closed = (e for e in self.entries if e.kind is Kind.CLOSED and e.get("by") == "harness")
        return min((float(entry.serial) for entry in (*goodbyes, *closed)), default=math.inf)

    @cached_property
    def ended_by_target(self) -> Entry | None:
        """The first entry that says that the target ended the connection, before the device left it: a DISCONNECT
        packet, or the transport."""
        refused = next(iter(self.received("DISCONNECT", "CONNECT_ERROR")), None)
        return refused if refused is not None and refused.serial < self.left else self.broken_off

    @cached_property
    def broken_off(self) -> Entry | None:
        """How the transport ended, where it was not the device that left first."""
        closed = self.closed
        return closed if closed is not None and closed.serial < self.left else None

    @cached_property
    def displaced(self) -> bool:
        """Whether the target ended it while the user had another connection."""
        return self.ended_by_target is not None and bool(self._beside)

    @property
    def _refused_beside_another(self) -> bool:
        """Whether the target ended it without a greeting while another connection, made in the same way, had one."""
        return self.displaced and any(other.greeted and other.option == self.option for other in self._beside)

    @cached_property
    def _beside(self) -> Sequence[Connection]:
        """The user's other connections, of the same time."""
        first, last = self.entries[0].serial, self.entries[-1].serial
        others = (c for c in self.record.connections if c.user == self.user and c.number != self.number)
        return [other for other in others if other.entries[0].serial < last and other.entries[-1].serial > first]

    @cached_property
    def greeted(self) -> bool:
        return bool(self.events(CONNECTED))

    @property
    def ungreeted(self) -> str:
        """That it was not greeted, and what the target said instead."""
        instead = said(self.entries)
        return f"{self.title} got no {CONNECTED}{f' but {instead}' if instead else ''}"

    @cached_property
    def history(self) -> History:
        """The conversation as ``help_center:connected`` gave it."""
        greetings = self.events(CONNECTED)
        if not greetings:
            not_limited(self)
            raise Unverified(self.ungreeted, because=self.blame)
        return greetings[0].history

    @property
    def conversation_closed(self) -> bool:
        greetings = self.events(CONNECTED)
        payload = greetings[0].payload if greetings else None
        conversation = payload.get("conversation") if isinstance(payload, dict) else None
        return isinstance(conversation, dict) and conversation.get("status") == "closed"


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
        """Every connection but the trials."""
        return [connection for connection in self._all_connections if not connection.trial]

    @cached_property
    def _all_connections(self) -> list[Connection]:
        by_number: dict[int, list[Entry]] = {}
        for entry in self.transcript:
            if entry.connection:
                by_number.setdefault(entry.connection, []).append(entry)
        return [Connection(self, number, entries) for number, entries in sorted(by_number.items())]

    @property
    def connections_and_trials(self) -> list[Connection]:
        return self._all_connections

    @cached_property
    def sends(self) -> list[Send]:
        """Every ``help_center:send`` that went out but on trial connections, in the order of their first attempts."""
        return [send for send in self._all_sends if not send.connection.trial]

    @cached_property
    def _all_sends(self) -> list[Send]:
        acks = self._acks()
        attempts: dict[int, list[Attempt]] = {}
        owner: dict[int, Connection] = {}
        for connection in self._all_connections:
            for entry in connection.entries:
                if entry.kind is Kind.SENT and entry.get("send") is not None:
                    number = int(entry.get("send"))
                    answered = acks.get((connection.number, entry.get("id")), [])
                    attempts.setdefault(number, []).append(Attempt(entry, answered))
                    owner[number] = connection
        return [Send(self, owner[number], attempts[number]) for number in sorted(attempts)]

    def _acks(self) -> dict[tuple[int, int | None], list[Entry]]:
        acks: dict[tuple[int, int | None], list[Entry]] = {}
        for connection in self._all_connections:
            for entry in connection.received("ACK", "BINARY_ACK"):
                acks.setdefault((connection.number, entry.get("id")), []).append(entry)
        return acks

    @cached_property
    def fetches(self) -> list[Fetch]:
        """Every REST exchange but the trials."""
        return [fetch for fetch in self._all_fetches if not fetch.trial]

    @cached_property
    def _all_fetches(self) -> list[Fetch]:
        return [Fetch(entry) for entry in self.transcript if entry.kind is Kind.HTTP]

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
        """The ``nth`` connection of a device (-1: the last one). Raises Unverified when it was never made."""
        own = [c for c in self._all_connections if c.device == device]
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
        """The connection that an entry belongs to, a trial or not."""
        return self._by_number.get(entry.connection)

    @cached_property
    def _by_number(self) -> Mapping[int, Connection]:
        return {connection.number: connection for connection in self._all_connections}

    def cut_short(self, what: str) -> Unverified:
        """Why something that the scenario should have is not in the record, and who judges that."""
        told = f"the scenario ended before its {what}: {self.transcript.cut or 'it was never made'}"
        in_doubt = [entry for entry in self.transcript.of(Kind.EXPIRED) if entry.get("doubt") == Doubt.SLOW]
        if in_doubt or self.transcript.limit is not None:
            return Unverified(f"{told}: {LONGER}")
        limit = self._limit()
        return Unverified(f"{told}; {limit}") if limit is not None else Unverified(told, because=self._blame())

    def _limit(self) -> str | None:
        """The limit of rate that held out in the scenario."""
        try:
            for connection in self.connections:
                not_limited(connection)
            for send in self.sends:
                not_for_its_pace(send)
        except Unverified as limit:
            return limit.reason
        return None

    def _blame(self) -> str | None:
        for connection in self.connections:
            if connection.blame and connection.opened.get("greet"):
                return connection.blame
        asked = [send for send in self.sends if send.asked and send.valid]
        if (silent := next((send for send in asked if not send.acks), None)) is not None:
            return silent.unanswered_for()
        return next((send.refused_for() for send in asked if send.plain and not send.accepted), None)

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


def _arguments(entry: Entry) -> list[Json]:
    args = entry.get("args")
    return args if isinstance(args, list) else []


def _private_id(entry: Entry) -> str | None:
    """What a CONNECT packet, of either side, says of connection state recovery."""
    data = entry.get("data")
    told = data.get("pid") if isinstance(data, dict) else None
    return told if isinstance(told, str) else None


def _ack_problems(attempt: Attempt) -> Iterator[tuple[Payload, Entry]]:
    for ack in attempt.acks:
        answer = next(iter(_arguments(ack)), None)
        if isinstance(answer, dict) and answer.get("error") is not None:
            yield Problem(answer["error"], "ack.error", ack.serial, "error"), ack


@dataclass(frozen=True)
class Everything:
    """All the transcripts of a run: what general laws are judged over."""

    records: Sequence[Record]

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)
