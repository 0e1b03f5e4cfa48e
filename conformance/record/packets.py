"""One connection as its packets show it: whose it was, what it was sent, and how it ended."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from conformance.protocol import CONNECTED, MESSAGE, Json
from conformance.record.events import Event
from conformance.record.missing import Missing, Need
from conformance.record.payloads import History
from conformance.record.rate_limits import too_soon
from conformance.record.transcript import FORGOTTEN, Entry, Kind


@dataclass(frozen=True)
class Packets:
    """What one connection of one device sent and received, and how it ended."""

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

    @cached_property
    def option(self) -> str:
        return str(self.opened.get("option"))

    @cached_property
    def transport(self) -> str:
        return str(self.opened.get("transport"))

    @cached_property
    def title(self) -> str:
        return f"{self.device} ({self.user}, {self.option}, {self.transport})"

    @property
    def default_route(self) -> bool:
        """Whether it took the default route: that of scenarios which test no other."""
        return bool(self.opened.get("usual"))

    @cached_property
    def unjudged(self) -> bool:
        """Whether it tried something that the document is silent on: observations read it, laws do not see it."""
        return bool(self.opened.get("trial"))

    @property
    def tried_again(self) -> bool:
        """Whether it was refused for its pace in words, and the device made another one in its place after a pause."""
        return any(entry.kind is Kind.MARK and isinstance(entry.get("limited"), str) for entry in self.entries)

    @cached_property
    def too_soon(self) -> Json:
        """The error by which the target refused it for the pace, if it did."""
        return too_soon(self._received)

    @cached_property
    def handshake_completed(self) -> bool:
        """Whether there was an Engine.IO handshake."""
        return any(entry.kind is Kind.HANDSHAKE for entry in self.entries)

    def received(self, *packets: str) -> list[Entry]:
        """The Socket.IO packets received, all or those of some types."""
        if not packets:
            return self._received
        of_each = [self._received_by_packet.get(packet, []) for packet in packets]
        return of_each[0] if len(of_each) == 1 else sorted(chain(*of_each), key=lambda entry: entry.serial)

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

    def messages_with(self, field: str, value: str) -> list[Event]:
        """The messages it has received that have this value in a field: "id" or "text"."""
        return self._messages_by[field].get(value, [])

    @cached_property
    def _messages_by(self) -> dict[str, dict[str, list[Event]]]:
        found: dict[str, dict[str, list[Event]]] = {"id": {}, "text": {}}
        for event in self.events(MESSAGE):
            for field, events in found.items():
                if isinstance(event.payload, dict) and isinstance(value := event.payload.get(field), str):
                    events.setdefault(value, []).append(event)
        return found

    def heard(self, name: str | None = None) -> list[Event]:
        """The events that came before the device left: to nothing later does anybody listen."""
        return [event for event in self.events(name) if event.entry.serial < self.left]

    @cached_property
    def _events(self) -> list[Event]:
        entries = self.received("EVENT", "BINARY_EVENT")
        return [Event(entry.get("event"), self._arguments_of(entry), entry) for entry in entries]

    @cached_property
    def _events_by_name(self) -> dict[str, list[Event]]:
        by_name: dict[str, list[Event]] = {}
        for event in self._events:
            if isinstance(event.name, str):
                by_name.setdefault(event.name, []).append(event)
        return by_name

    def _arguments_of(self, entry: Entry) -> list[Json]:
        """The arguments of an event, without the offset that a server with Socket.IO's connection state recovery adds
        to every event, as a last argument: a string. Such a server tells a private id (``pid``) in its CONNECT."""
        args = _arguments(entry)
        return args[:-1] if len(args) > 1 and isinstance(args[-1], str) and self._recoverable else args

    @cached_property
    def _recoverable(self) -> bool:
        return any(_private_id(entry) is not None for entry in self.received("CONNECT"))

    @property
    def recovers(self) -> bool:
        """Whether it presented the private id of an earlier connection, to receive what was missed since."""
        return any(_private_id(entry) is not None for entry in self._asking)

    @property
    def recovered(self) -> bool:
        """Whether the target has taken the session up again whose private id it presented: it tells the same one."""
        asked = {_private_id(entry) for entry in self._asking} - {None}
        return any(_private_id(entry) in asked for entry in self.received("CONNECT"))

    @property
    def entered_again(self) -> bool:
        """Whether its transport is one on which the device had left the namespace before."""
        return bool(self.opened.get("again"))

    @property
    def waits_outside(self) -> bool:
        """Whether its transport was open, and it had not asked for the namespace yet when the recording ended."""
        return self.handshake_completed and not self._asking and self.ended_by_target is None

    @cached_property
    def _asking(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind is Kind.SENT and entry.get("packet") == "CONNECT"]

    @cached_property
    def closed(self) -> Entry | None:
        """How the transport ended."""
        return next((entry for entry in self.entries if entry.kind is Kind.CLOSED), None)

    @cached_property
    def expired(self) -> list[Entry]:
        """The waits that were given up."""
        return [entry for entry in self.entries if entry.kind is Kind.EXPIRED]

    @cached_property
    def left(self) -> float:
        """The serial number at which the device itself said goodbye, closed or dropped the line; infinity when it never
        did. What arrives later is not listened to."""
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

    @property
    def forgotten(self) -> bool:
        """Whether the target did not know its polling session any more."""
        end, polls = self.broken_off, self.transport == "polling" or (self.transport == "upgrade" and not self.greeted)
        return polls and end is not None and end.get("status") in FORGOTTEN

    @cached_property
    def greeted(self) -> bool:
        return bool(self.events(CONNECTED))

    @cached_property
    def history(self) -> History:
        """The conversation as ``help_center:connected`` gave it. Raises Missing where it was not greeted."""
        greetings = self.events(CONNECTED)
        if not greetings:
            raise Missing(Need.GREETING, self, f"{self.title} got no {CONNECTED}")
        return greetings[0].history

    @property
    def conversation_closed(self) -> bool:
        greetings = self.events(CONNECTED)
        payload = greetings[0].payload if greetings else None
        conversation = payload.get("conversation") if isinstance(payload, dict) else None
        return isinstance(conversation, dict) and conversation.get("status") == "closed"


def _arguments(entry: Entry) -> list[Json]:
    args = entry.get("args")
    return args if isinstance(args, list) else []


def _private_id(entry: Entry) -> str | None:
    """What a CONNECT packet, of either side, says of connection state recovery."""
    data = entry.get("data")
    private_id = data.get("pid") if isinstance(data, dict) else None
    return private_id if isinstance(private_id, str) else None
