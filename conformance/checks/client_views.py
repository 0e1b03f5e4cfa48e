"""Two views of one connection of a client library: what its handlers were called with, and what crossed the wire.

Where they differ, somebody has lost or altered something between the two, and that is not the target: the harness is at
fault.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from conformance.errors import Unverified
from conformance.formatting import preview
from conformance.protocol import EMITTED, NAMESPACE, Json
from conformance.record.transcript import Entry, Kind
from conformance.record.views import Connection, Record


class Disagreement(Exception):
    """The two views differ: an error of the harness."""


def client_connections(record: Record) -> list[Connection]:
    """Those of a client library, each attempt to connect again among them."""
    return [one for one in record.all_connections if one.opened.get("client")]


def seen(connection: Connection, saw: str, event: str | None = None) -> list[Entry]:
    """What the handlers of the client were called with: "event", "ack", "connect", "disconnect" or "error"."""
    entries = (entry for entry in connection.entries if entry.kind is Kind.CLIENT and entry.get("saw") == saw)
    return [entry for entry in entries if event is None or entry.get("event") == event]


def views_agree(record: Record) -> None:
    """Raise Disagreement where the handlers saw anything else than what was recorded. Raises Unverified where what came
    is made of no whole packets, which a library and a recorder may take differently."""
    unreadable: list[Unverified] = []
    for connection in client_connections(record):
        try:
            _agree(connection)
        except Unverified as reason:
            unreadable.append(reason)
    if unreadable:
        raise unreadable[0]


def _agree(connection: Connection) -> None:
    try:
        _events_agree(connection)
        _acks_agree(connection)
    except Disagreement:
        garbled = any(entry.kind is Kind.GARBLED for entry in connection.entries)
        if garbled or connection.received("BINARY_EVENT", "BINARY_ACK"):
            raise Unverified("not all that came is a packet of JSON", because="CONN-PACKETS") from None
        if errors := seen(connection, "error"):
            raise Unverified(f"the client broke off: {errors[0].get('reason')}") from None
        raise


def _events_agree(connection: Connection) -> None:
    """The same events, in the same order, with the same arguments: those of the document, in its namespace."""
    events = [e for e in connection.received("EVENT") if e.get("event") in EMITTED and e.get("namespace") == NAMESPACE]
    owed = [entry for entry in events if entry.serial < _until(connection)]
    called = seen(connection, "event")
    handled = [_event(entry) for entry in called]
    if handled != [_event(entry) for entry in events][: len(handled)]:
        raise Disagreement(f"the handlers of {connection.title} saw {_names(called)}, recorded was {_names(events)}")
    if len(handled) < len(owed) and connection.record.transcript.cut is None:
        raise Disagreement(f"the handlers of {connection.title} did not see {_names(owed[len(handled) :])}")


def _until(connection: Connection) -> float:
    """The serial number until which the client listens: to the end, or to its goodbye."""
    end = connection.ended_by_target
    return min(connection.left, float("inf") if end is None else float(end.serial))


def _acks_agree(connection: Connection) -> None:
    """Each callback was called once, with what the ack of its send brought; and none without an ack."""
    called = [(_send_of(entry), _ack(entry, call=bool(entry.get("call")))) for entry in seen(connection, "ack")]
    by_call = {_send_of(entry) for entry in seen(connection, "ack") if entry.get("call")}
    recorded = {send: _ack(ack, call=send in by_call) for send, ack in _recorded_acks(connection)}
    wrong = [send for send, args in called if recorded.get(send) != args]
    if wrong or len({send for send, _ in called}) < len(called):
        raise Disagreement(f"callbacks of {connection.title} were called otherwise than recorded: {preview(called)}")
    owed = {send for send, ack in _recorded_acks(connection) if ack.serial < _until(connection)}
    unseen = owed - {send for send, _ in called}
    if unseen and connection.record.transcript.cut is None:
        raise Disagreement(f"callbacks of {connection.title} were not called: {preview(sorted(unseen))}")


def _recorded_acks(connection: Connection) -> Iterator[tuple[tuple[int, int], Entry]]:
    """The first ack of each send of the client, by the numbers of send and attempt."""
    acks = [entry for entry in connection.received("ACK") if entry.get("namespace") == NAMESPACE]
    for entry in connection.entries:
        if entry.kind is Kind.SENT and entry.get("send") is not None:
            later = (ack for ack in acks if ack.get("id") == entry.get("id") and ack.serial > entry.serial)
            if (ack := next(later, None)) is not None:
                yield _send_of(entry), ack


def _send_of(entry: Entry) -> tuple[int, int]:
    return int(entry.get("send")), int(entry.get("attempt"))


def _event(entry: Entry) -> tuple[Json, str]:
    return entry.get("event"), _canonical(entry.get("args"))


def _ack(entry: Entry, *, call: bool) -> str:
    """The arguments of an ack; ``call`` returns None for none at all and for null alike."""
    args = entry.get("args")
    return _canonical([] if call and args == [None] else args)


def _canonical(value: Json) -> str:
    """To Python 1 is True; in JSON it is not."""
    return json.dumps(value, sort_keys=True)


def _names(entries: Sequence[Entry]) -> str:
    return ", ".join(f"{entry.get('event')} {preview(entry.get('args'))}" for entry in entries[:6]) or "nothing"
