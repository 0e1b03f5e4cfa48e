"""How generated texts and payloads are judged, and how a person reads the smallest one that deviates."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace

from conformance.checks.assertions import expect, outcome_of
from conformance.errors import Deviation, Unverified
from conformance.formatting import preview
from conformance.inputs.text_strategies import WHITE, described, label
from conformance.protocol import CONNECTED
from conformance.record.transcript import Entry, Kind, Transcript
from conformance.record.views import Record, Send


def comes_back(send: Send) -> None:
    """A valid text is accepted, and ack and event carry it verbatim but for trimming (which SEND-TRIM judges)."""
    if label(send.text) != "valid":
        return  # shrunk into a text that not every reading calls valid
    if send.refused and is_double(send):
        return  # SEND-TWICE
    taken = not send.refused or send.connection.conversation_closed
    expect(taken, "the text to be accepted", "an error", at=send.at, unless="SEND-PLAIN")
    wanted = send.text.strip(WHITE)
    for where, got in (("ack", send.message.text), ("event", send.event.message.text)):
        expect(got.strip(WHITE) == wanted, f"the {where} to carry {described(wanted)}", described(got), at=send.at)


def is_double(send: Send) -> bool:
    """Whether another send of the same text was accepted."""
    text = str(send.text).strip(WHITE)
    return any(str(other.text).strip(WHITE) == text for other in send.record.accepted() if other.number != send.number)


def is_refused(send: Send) -> None:
    """A text that is blank or too long, however one counts, is refused."""
    if label(send.text) in ("blank", "long"):
        was_refused(send)


def was_refused(send: Send) -> None:
    """Deviate where what was sent is accepted."""
    if not (send.refused or (isinstance(send.answer, dict) and isinstance(send.answer.get("message"), dict))):
        raise Unverified("the ack is neither a message nor an error", because="ACK-SHAPE")
    expect(send.refused, "what was sent to be refused", "it was accepted", at=send.at)


def smallest_deviation(sends: Iterable[Send], judge: Callable[[Send], None]) -> None:
    """Judge all sends; deviate for the smallest one, as Hypothesis would: shortest, then simplest."""
    outcomes = [(send, outcome_of(judge, send)) for send in sends]
    found = [(send, outcome) for send, outcome in outcomes if isinstance(outcome, Deviation)]
    unverified = [outcome for _, outcome in outcomes if isinstance(outcome, Unverified)]
    if found:
        found = [pair for pair in found if pair[1].unless is None] or found
        send, smallest = min(found, key=lambda pair: _size(pair[0]))
        actual = f"{smallest.actual}\nthe smallest of {len(found)} such: {_what(send)}"
        raise Deviation(smallest.expected, actual, at=smallest.at, unless=smallest.unless)
    if unverified:
        raise unverified[0]


def _size(send: Send) -> tuple[int, str]:
    said = send.text if isinstance(send.text, str) else json.dumps(send.args, ensure_ascii=False)
    return len(said), said


def _what(send: Send) -> str:
    """A text as such, where that is all there is; else the payload."""
    if isinstance(send.text, str) and send.args == [{"text": send.text}]:
        return described(send.text)
    return ", ".join(map(preview, send.args)) or "no payload at all"


def last_batch(transcript: Transcript) -> Record:
    """The example that was driven last: how each connection began, and what came after the last mark."""
    entries, marks = transcript.entries, transcript.marks
    first, last = marks[0].serial, marks[-1].serial
    before = [entry for entry in entries if entry.serial < first]
    between = [entry for entry in entries if first <= entry.serial < last and _begins(entry)]
    return Record(replace(transcript, entries=[*before, *between, *(e for e in entries if e.serial >= last)]))


def _begins(entry: Entry) -> bool:
    return entry.kind in (Kind.OPEN, Kind.HANDSHAKE) or entry.get("event") == CONNECTED
