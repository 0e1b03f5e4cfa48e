"""Whether the pings come that a handshake announces: official clients hang up, and connect anew, where for as long as
its interval and timeout together nothing comes.

A ping that was only read late is never missed. Both transports keep the order of what is sent; so what answers a text
was sent after that text was, and whatever the target had sent before has been read by then.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from conformance.errors import Deviation
from conformance.protocol import MESSAGE
from conformance.record.heartbeats import announced, overdue
from conformance.record.transcript import Entry, Kind, first
from conformance.record.views import Connection, Record


def held(record: Record) -> Iterator[Connection]:
    """Greeted connections of scenarios with documented input, with a token that lasts. Not those that change the
    transport: CONN-UPGRADE judges them."""
    if record.transcript.wave == 1:
        for connection in record.connections:
            if connection.lasting and connection.greeted and connection.transport != "upgrade":
                yield connection


def pinged(connection: Connection) -> None:
    """CONN-STAYS. Deviate where nothing at all was sent for far longer than the handshake allows."""
    handshake = next((entry for entry in connection.entries if entry.kind is Kind.HANDSHAKE), None)
    patience = announced(handshake.data) if handshake is not None else None
    if handshake is None or patience is None or connection.entries[-1].at - handshake.at <= overdue(patience):
        return
    for last, asked, answer in _silences(connection):
        if (seconds := asked.at - last.at) > overdue(patience):
            expected = f"a ping within {patience:g} s, as the handshake announces: clients hang up without it"
            actual = f"{connection.title}: nothing for {seconds:.1f} s"
            raise Deviation(expected, actual, at=[handshake.serial, last.serial, asked.serial, answer.serial])


def _silences(connection: Connection) -> Iterator[tuple[Entry, Entry, Entry]]:
    """What came last before a silence of the target, the text that was sent when that had lasted, and what answers
    it."""
    for last, answer in pairwise(filter(_of_target, connection.entries)):
        asked = _asked(connection, answer)
        if asked is not None and asked.serial > last.serial:
            yield last, asked, answer


def _of_target(entry: Entry) -> bool:
    """Whether anything came, of whatever kind: for some clients each packet is a sign of life."""
    came = (Kind.HANDSHAKE, Kind.RECEIVED, Kind.GARBLED)
    return entry.kind in came or (entry.kind is Kind.ENGINE and entry.get("direction") == "<")


def _asked(connection: Connection, answer: Entry) -> Entry | None:
    """The first attempt of what a packet answers, by the id of an ack or the text of a message: the first send of all
    that may have led to it."""
    if answer.get("packet") == "ACK":
        own = (e for e in connection.entries if e.kind is Kind.SENT and e.get("id") == answer.get("id"))
        return next(own, None)
    payload = first(answer.get("args")) if answer.get("event") == MESSAGE else None
    text = payload.get("text") if isinstance(payload, dict) else None
    if not isinstance(text, str):
        return None
    sends = (*connection.record.sends, *connection.record.trials)
    alike = (send.attempts[0].entry for send in sends if str(send.text).strip() == text.strip())
    return min(alike, key=lambda entry: entry.serial, default=None)
