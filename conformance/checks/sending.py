"""How answers to sends are judged (sections 3.2, 4.5 and 4.6): over every channel, and what a refusal leaves behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from conformance.checks.assertions import check_all, expect, expect_equal
from conformance.checks.blame import of_refusal
from conformance.checks.controls import session_lost, unacked_anyhow
from conformance.checks.doubts import is_acked
from conformance.checks.failed_sends import mixed_up
from conformance.checks.limits import not_for_its_pace, not_limited
from conformance.errors import Deviation, Unverified
from conformance.formatting import preview
from conformance.protocol import LARGEST, MESSAGE, SEND, VALIDATION_ERROR
from conformance.record.payloads import History, MalformedPayload, Message
from conformance.record.transcript import Entry, Kind
from conformance.record.views import Connection, Everything, Record, Send

_WHOLE = 120
"""Characters of a text that are shown whole."""

# -- accepted ------------------------------------------------------------------------------------------------------


def plain_sends(everything: Everything) -> list[Send]:
    """Every acked plain text of the scenarios that send documented input only."""
    return [send for record in everything if record.transcript.wave == 1 for send in record.acked() if send.plain]


def is_accepted(send: Send) -> None:
    """Deviate where a text is answered with an error."""
    if not send.refused:
        _ = send.message.id
        return
    if send.connection.conversation_closed:
        raise Unverified("the conversation is closed and takes no messages: lend the run another user")
    not_for_its_pace(send)
    raise _refused(send)


def _refused(send: Send) -> Deviation:
    key = send.record.transcript.key
    return Deviation(
        "ack: {message: …}", f"ack: {preview(send.answer)}", at=send.at, transcript=key, unless="SEND-PLAIN"
    )


class PlainIsAccepted:
    """SEND-PLAIN: as ``is_accepted``; but where no plain text of the whole run is accepted, that is not the pace."""

    def __init__(self, everything: Everything) -> None:
        self._taken = any(send.plain and send.accepted for record in everything for send in record.acked())

    def __call__(self, send: Send) -> None:
        if send.refused and not self._taken and not send.connection.conversation_closed:
            raise _refused(send)
        is_accepted(send)


def comes_back(send: Send, text: str, *, because: str = "") -> None:
    """Deviate wherever the message of a send has another text: in its ack, in its event, and where the next
    greeting (of "tablet") and the REST body show it. A refusal is a deviation too, unless another requirement
    (``because``) judges whether the text is accepted."""
    if because and send.refused:
        not_for_its_pace(send)
        raise Unverified("the text was refused", because=because)

    def spells(read: Callable[[Send], list[Message]]) -> None:
        for message in read(send):
            if message.text != text:
                _has_its_own_id(send)
                raise _misspelled(message, text)

    check_all(_COPIES.values(), spells)


def _by_event(send: Send) -> list[Message]:
    received = [event.message for event in send.connection.events(MESSAGE)]
    return [message for message in received if message.id == send.message.id]


def _listed(send: Send, history: History) -> list[Message]:
    _ = history.ids
    return history.where_is("id", send.message.id)


_COPIES: Mapping[str, Callable[[Send], list[Message]]] = {
    "ack": lambda send: [send.message],
    "event": _by_event,
    "greeting": lambda send: _listed(send, send.record.connection("tablet").history),
    "REST": lambda send: _listed(send, send.record.fetch().history),
}


def _has_its_own_id(send: Send) -> None:
    """Raise Unverified where messages of several texts have the id of a send: which of them is its own is not known."""
    if len({message.text for message in _by_event(send)}) > 1:
        raise Unverified(f"another message has the id of send #{send.number}", because="MESSAGE-ID")


def _misspelled(message: Message, text: str) -> Deviation:
    pairs = enumerate(zip(message.text, text, strict=False), 1)
    where = next((f" (other from character {n} on)" for n, (a, b) in pairs if a != b), "")
    return Deviation(
        f"the text to be {spelled(text)} everywhere",
        f"{message.where}.text: {spelled(message.text)}{where}",
        at=[message.at],
    )


def spelled(text: str) -> str:
    """A text for a person who has to see what is in it: in ASCII with escapes, a long one by its beginning."""
    return json.dumps(text) if len(text) <= _WHOLE else preview(text)


# -- refused -------------------------------------------------------------------------------------------------------


def is_refused(send: Send) -> None:
    """Deviate where a text is accepted that has to be refused. A packet of a size that no server has to take is refused
    by ending the connection, too."""
    if not send.acks and _ended_for_its_size(send.connection) is send.entry:
        return
    expect(not send.accepted, "ack: {error: {code, message}}", lambda: f"ack: {preview(send.answer)}", at=send.at)
    if not send.refused:
        raise MalformedPayload("an ack with a message or an error", preview(send.answer), at=send.at, shape="send-ack")


def refusals(record: Record, *, because: str = "") -> list[Send]:
    """The sends that had to be refused, and were. With ``because``, the requirement that judges whether they are,
    it is Unverified that there is none."""
    found = [send for send in record.acked() if not send.valid and send.refused]
    if not found and because:
        record.send("fence")
        raise Unverified("nothing was refused", because=because)
    return found


def has_code(send: Send, pace: set[str]) -> None:
    """Deviate unless a refusal is a validation error, or one that may be about the pace."""
    if send.problem.code not in pace:
        expect_equal(send.problem.code, VALIDATION_ERROR, "ack.error.code", at=send.at)


def pace_codes(everything: Everything) -> set[str]:
    """The codes with which valid texts were refused somewhere in the run: rate limits, busy servers."""
    valid = [send for record in everything for send in record.sends if send.valid]
    codes = [_code_of(ack) for send in valid for attempt in send.attempts for ack in attempt.acks]
    return {code for code in codes if code is not None}


def _code_of(ack: Entry) -> str | None:
    args = ack.get("args")
    answer = args[0] if isinstance(args, list) and args else None
    error = answer.get("error") if isinstance(answer, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else None


def _ended_for_its_size(connection: Connection) -> Entry | None:
    """The last send of a connection that the target ended, where its text alone is larger than any packet has to be."""
    sends = [e for e in connection.entries if e.kind is Kind.SENT and e.get("event") == SEND]
    return sends[-1] if sends and connection.ended_by_target is not None and _is_huge(sends[-1]) else None


def _is_huge(send: Entry) -> bool:
    payload = next(iter(send.get("args")), None)
    text = payload.get("text") if isinstance(payload, dict) else None
    return isinstance(text, str) and len(text.encode("utf-8", "surrogatepass")) > LARGEST


# -- and afterwards ------------------------------------------------------------------------------------------------


def lives_on(record: Record, device: str = "phone") -> None:
    """Deviate where the target ended a connection of the device, other than for a packet that no server has to take."""
    own = [connection for connection in record.connections if connection.device == device]
    record.connection(device)
    for connection in own:
        _ = connection.history  # one that was never let in has not ended for what it sent
        not_limited(connection)
        end = connection.ended_by_target if _ended_for_its_size(connection) is None else None
        how = "" if end is None else f"{end.get('packet') or 'the transport was closed'} {end.get('reason') or ''}"
        at, unless = [end.serial] if end else (), session_lost(connection) or "CONN-STAYS"
        expect(end is None, "the connection to live on", how.strip(), at=at, unless=unless)


def survived_by(record: Record, device: str, everything: Iterable[Record]) -> None:
    """As ``lives_on``, of a device beside the one whose text was refused. Nothing of a target that keeps one session
    for each user, here or where nothing is refused (DEVICE-COEXIST's)."""
    if any(c.displaced_by_one for one in everything if one.transcript.wave == 1 for c in one.connections):
        return
    end, refused = record.connection(device).ended_by_target, record.send("refused")
    if end is not None and end.serial < refused.entry.serial:
        return
    if not refused.refused:
        raise Unverified("nothing was refused", because="SEND-MAX")
    lives_on(record, device)


def is_taken(send: Send, after: str) -> None:
    """Deviate where a plain text that followed a stimulus was refused."""
    if send.refused and send.connection.conversation_closed:
        raise Unverified("the conversation is closed and takes no messages: lend the run another user")
    if send.refused:
        not_for_its_pace(send)
    expect(
        not send.refused,
        f"a plain text to be accepted after {after}",
        lambda: f"ack: {preview(send.answer)}",
        at=send.at,
        unless="SEND-PLAIN",
    )
    _ = send.message.id


def refused_after_a_stimulus(judge: str) -> Callable[[Record], list[Send]]:
    """Plain texts that were refused, of the connections where one had been taken before: those that this requirement
    judges, by what was sent in between."""

    def found(record: Record) -> list[Send]:
        refused = (send for send in record.acked() if send.plain and send.refused)
        return [send for send in refused if of_refusal(send) == judge and not mixed_up(record)]

    return found


def each_taken(sends: Sequence[Send], after: str) -> None:
    """Deviate for each plain text that was not acked, or refused, after a stimulus."""

    def taken(send: Send) -> None:
        what = f"a plain text to be acked after {after}"
        expect(is_acked(send), what, "no ack", at=send.at, unless=unacked_anyhow(send))
        is_taken(send, after)

    check_all(sends, taken)


def acked_with_an_error(send: Send) -> None:
    """Deviate unless a payload was acked with an error."""
    actual = preview(send.answer) if send.acks else "no ack"
    unless = None if send.acks else unacked_anyhow(send)
    expect(
        send.acks and send.refused, lambda: f"ack: {{error: …}} for {_offered(send)}", actual, at=send.at, unless=unless
    )


def _offered(send: Send) -> str:
    return ", ".join(map(preview, send.args)) or "no payload"


def can_still_chat(record: Record) -> None:
    """Deviate unless a plain text was accepted afterwards: on the same connection ("after"), or on a new one
    ("again")."""
    _ = record.send("before").message.id
    later = [send for send in record.acked() if send.tag in ("after", "again")]
    if any(send.accepted for send in later):
        return
    for send in (send for send in record.sends if send.tag in ("after", "again")):
        if is_acked(send):
            not_for_its_pace(send)
    again = record.connection("tablet")
    if not again.handshake_completed:
        raise record.cut_short("new connection")
    actual = "; ".join(preview(send.answer) for send in later) or "no answer"
    refused = "SEND-PLAIN" if all(send.refused for send in later) else None
    unless = refused if later else "ACK-CALLED"
    what = "a plain text to be accepted, at least on a new connection"
    raise Deviation(what, actual, at=[again.opened.serial], unless=unless)


def chats_on(record: Record) -> None:
    """Deviate unless the very connection lived on and took the next text ("after")."""
    _ = record.send("before").message.id
    lives_on(record)
    send = record.send("after")
    what = "the next text on the connection to be acked"
    expect(is_acked(send), what, "no ack", at=send.at, unless=unacked_anyhow(send))
    is_taken(send, "it")
