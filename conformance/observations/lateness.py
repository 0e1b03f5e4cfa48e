"""What came later than a run waits for by itself (``--deadline``): no failure, but clients may not wait as long."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.errors import Unverified
from conformance.observations.observed import ObservedValue
from conformance.protocol import CONNECTED, MESSAGE
from conformance.record.views import Everything, Record

ACKS, MESSAGES, GREETINGS, REST = "acks", "messages", "greetings", "answers of REST"


def lateness(everything: Everything) -> ObservedValue:
    """Which kinds of answers came later than the deadline, how many of them, and after how long at most."""
    took: dict[str, list[float]] = {}
    deadline = 0.0
    for record in everything:
        deadline = float(record.transcript.facts.get("deadline", 0.0))
        for kind, seconds in _waits(record):
            took.setdefault(kind, []).append(seconds)
    if not took or not deadline:
        raise Unverified("nothing was waited for")
    late = {kind: found for kind, all_of in took.items() if (found := [one for one in all_of if one > deadline])}
    if not late:
        return ObservedValue("none", f"nothing came later than {deadline:g} s after it was asked for")
    parts = [f"{len(late[kind])} of {len(took[kind])} {kind}, up to {max(late[kind]):.1f} s" for kind in late]
    sentence = f"later than {deadline:g} s after they were asked for came {'; '.join(parts)}"
    return ObservedValue("; ".join(late), sentence)


def _waits(record: Record) -> Iterator[tuple[str, float]]:
    """Kinds of answers, and after how many seconds each came."""
    for connection in record.connections:
        if connection.good and connection.greeted:
            yield GREETINGS, connection.events(CONNECTED)[0].entry.at - connection.opened.at
    for fetch in record.fetches:
        if fetch.good and fetch.successful:
            yield REST, fetch.entry.at - float(fetch.entry.get("began", fetch.entry.at))
    for send in record.sends:
        if send.acks:
            yield ACKS, send.acks[0].at - send.entry.at
        if send.acks and send.accepted and isinstance(send.answer["message"], dict):
            name = send.answer["message"].get("id")
            events = (e for e in send.connection.events(MESSAGE) if isinstance(e.payload, dict))
            event = next((e for e in events if e.payload.get("id") == name), None)
            if event is not None:
                yield MESSAGES, event.entry.at - send.entry.at
