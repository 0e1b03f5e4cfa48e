"""Transcripts made by hand: each call adds what a device or the target would have left in the record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.checks.assertions import outcome_of
from conformance.errors import Unverified
from conformance.protocol import CONNECTED, MESSAGE, NAMESPACE, SEND
from conformance.record.token_kinds import BAD, GOOD
from conformance.record.transcript import Entry, Kind, Transcript
from conformance.record.views import Record

FACTS = {
    "target": "http://127.0.0.1:3000",
    "harness": "0.1.0",
    "document": "0" * 64,
    "started": "2026-01-01T00:00:00+00:00",
    "seconds": 1.5,
    "seed": 7,
}
"""What a verdict says of a run."""
CONVERSATION = {
    "id": "c1",
    "userId": "u1",
    "status": "open",
    "createdAt": "2026-01-01T00:00:00Z",
    "updatedAt": "2026-01-01T00:00:00Z",
}


def message(text: Any = "hello", **fields: Any) -> dict[str, Any]:
    """A message as the document has it; ``fields`` replace or add."""
    sent = {"id": "b1946ac9-7ab2", "conversationId": "c1", "sender": "user", "text": text}
    return {**sent, "createdAt": "2026-01-01T00:00:01Z", **fields}


def _token(label: str) -> dict[str, str]:
    return {"token": label, "token_kind": label if label in BAD else GOOD}


class Handmade:
    """One transcript. Every entry is a millisecond later than the one before."""

    def __init__(self, key: str = "chat") -> None:
        self.transcript = Transcript(key, key, users=["user 1"])
        self.connection = 0
        self._devices = {0: ""}
        self._sends = 0

    @property
    def record(self) -> Record:
        return Record(self.transcript)

    def add(self, kind: Kind, *, device: str = "", connection: int | None = None, **data: Any) -> Entry:
        number = self.connection if connection is None else connection
        serial = len(self.transcript.entries)
        entry = Entry(serial, serial / 1000, kind, device or self._devices[number], number, data)
        self.transcript.entries.append(entry)
        return entry

    def mark(self, label: str, **fields: Any) -> Entry:
        return self.add(Kind.MARK, connection=0, label=label, **fields)

    def opens(self, device: str = "phone", *, user: str = "user 1", good: bool = True, **data: Any) -> int:
        """A connection up to the answer to its CONNECT packet. Its number; it is the current one from now on."""
        self.connection = len(self._devices)
        self._devices[self.connection] = device
        route = {"option": "auth", "transport": "websocket", "usual": True, "greet": True, **data}
        self.add(
            Kind.OPEN,
            **{"user": user, **_token(route.get("token", "token" if good else "expired")), "good": good, **route},
        )
        self.add(Kind.HANDSHAKE, upgrades=[], pingInterval=25000, pingTimeout=20000, via="websocket")
        self.packet(Kind.SENT, "CONNECT", data={"token": f"‹token of {user}›"})
        self.packet(Kind.RECEIVED, "CONNECT", data={"sid": "s1"})
        return self.connection

    def greeted(self, messages: Any = (), **fields: Any) -> Entry:
        return self.event(CONNECTED, {"conversation": CONVERSATION, "messages": list(messages), **fields})

    def packet(self, kind: Kind, packet: str, **data: Any) -> Entry:
        return self.add(kind, packet=packet, **{"namespace": NAMESPACE, "id": None, **data})

    def event(self, name: Any, *args: Any, **data: Any) -> Entry:
        return self.packet(Kind.RECEIVED, "EVENT", event=name, args=list(args), **data)

    def emits(self, *args: Any, tag: str = "text", ack: bool = True, **notes: Any) -> Entry:
        """A ``help_center:send``, the next one unless ``send`` says which."""
        self._sends += 1
        kept = {"send": self._sends, "attempt": 1, "tag": tag, "plain": False, "valid": True, **notes}
        ack_id = self._sends if ack else None
        return self.packet(Kind.SENT, "EVENT", id=ack_id, event=SEND, args=list(args), **kept)

    def ack(self, *args: Any, id: int | None = None) -> Entry:
        """The ack of the last send, unless ``id`` says of which."""
        return self.packet(Kind.RECEIVED, "ACK", id=self._sends if id is None else id, args=list(args))

    def says(self, text: Any = "hello", *, saved: Any = None, **notes: Any) -> dict[str, Any]:
        """A send that is accepted: event and ack. The message of both."""
        self.emits({"text": text}, **notes)
        reported: dict[str, Any] = saved or message(text, id=f"m{self._sends}")
        self.event(MESSAGE, reported)
        self.ack({"message": reported})
        return reported

    def fetches(self, body: Any, *, status: int = 200, json: bool = True, tag: str = "fetch", **data: Any) -> Entry:
        notes = {"user": "user 1", "good": True, "method": "GET", "path": "/api/help-center/messages"}
        answer = {"status": status, "headers": {"content-type": "application/json"}, "json": json, "body": body}
        notes |= _token(data.get("token", "token"))
        return self.add(Kind.HTTP, device="rest", connection=0, **{**notes, **answer, "tag": tag, "began": 0.0, **data})

    def closed(self, by: str = "harness", **data: Any) -> Entry:
        return self.add(Kind.CLOSED, by=by, **{"code": None, "status": None, "reason": "closed", **data})


def unverified(read: Callable[[], object]) -> Unverified:
    """Why what is read of a record leaves a requirement unverified."""
    outcome = outcome_of(lambda _: read(), None)
    assert isinstance(outcome, Unverified)
    return outcome
