"""How connections fare: what works over one transport and not over another, and who ended them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile

from conformance.checks.assertions import check_all
from conformance.checks.blame import of_ack, of_greeting
from conformance.checks.controls import session_lost, unacked_anyhow
from conformance.checks.doubts import is_acked, not_in_doubt, was_greeted
from conformance.checks.limits import not_for_its_pace, not_limited
from conformance.checks.unique_words import words_in
from conformance.errors import Deviation, Unverified
from conformance.formatting import preview
from conformance.protocol import ERROR, MESSAGE, SUPPORT
from conformance.record.descriptions import said
from conformance.record.payloads import Message
from conformance.record.transcript import Entry, Kind
from conformance.record.views import Connection, Record, Send
from conformance.record.waits import message_of

# -- two transports, side by side ----------------------------------------------------------------------------------
# A server that sends no greeting, acks nothing or emits nothing does so over either transport, and other requirements
# blame it for that. A transport is to blame when the other one does what it does not.


def accepted_over_transport(record: Record, other: Record, everything: Iterable[Record] = ()) -> None:
    """Deviate when the device of ``record`` was not greeted, and its transport is to blame: not where others of the run
    (``everything``) came in over it, and this one got the answer that there were too many."""
    connection = record.connection()
    if was_greeted(connection):
        return
    others = (c for one in everything for c in one.connections if c.transport == connection.transport)
    in_words = connection.too_soon is not None
    if any(other.greeted if in_words else other.handshake_completed for other in others):
        not_limited(connection)
    if connection.handshake_completed and not other.connection().greeted:
        raise Unverified(f"{connection.title} was not greeted", because=of_greeting(connection))
    raise Deviation(f"a client over {connection.transport} to be let in", _how_far(connection), at=_traces(connection))


def greets_at_length(connection: Connection, other: Connection) -> None:
    """Deviate when a long conversation is not shown over one transport, while it is over that of another connection."""
    if was_greeted(connection):
        return
    not_limited(connection)
    if not other.greeted:
        raise Unverified(f"{other.title} was not greeted", because=of_greeting(other))
    expected = f"a long conversation to be shown over {connection.transport}"
    raise Deviation(expected, _how_far(connection), at=_traces(connection), unless="CONNECTED-SENT")


def _how_far(connection: Connection) -> str:
    if not connection.handshake_completed:
        closed = connection.closed
        status = f"HTTP {closed.get('status')}: " if closed is not None and closed.get("status") else ""
        return f"no handshake ({status}{closed.get('reason') if closed is not None else 'no answer'})"
    packets = [str(entry.get("event") or entry.get("packet")) for entry in connection.received()]
    return f"a handshake, then {', '.join(packets) or 'nothing'}"


def _traces(connection: Connection) -> list[int]:
    received = connection.received()[:2]
    closed = [connection.closed] if connection.closed is not None else []
    return [entry.serial for entry in (connection.opened, *received, *closed)]


def acked(send: Send) -> bool:
    """Whether the send was accepted."""
    if not is_acked(send):
        not_limited(send.connection)
        return False
    if send.refused:
        not_for_its_pace(send)
    return send.accepted


def heard(send: Send) -> bool:
    """Whether the sender received its message."""
    if not acked(send):
        return False
    if send.heard_on(send.connection) is not None:
        return True
    _ = [event.message.id for event in send.connection.events(MESSAGE)]  # one that has none may be it
    not_in_doubt(send.connection, message_of(send.number), because="MESSAGE-ECHO")
    return False


DONE: Mapping[Callable[[Send], bool], str] = {
    acked: "the send was accepted",
    heard: "the sender received its message",
}
"""What works over a transport, and how a person reads it."""


def works(
    done: Callable[[Send], bool], record: Record, other: Record, *, because: str, everything: Iterable[Record] = ()
) -> None:
    """Deviate when a send of ``record`` was not ``done`` while all those of ``other`` were. A transport over which any
    send of the run (``everything``) was acked, or any message heard, does not lose all; by chance some may be lost."""
    sends = record.tagged("chat")
    if not all(map(done, sends)) and not _all_done(done, other):
        raise Unverified("no transport does better", because=_blamed(sends, because))

    def judge(send: Send) -> None:
        if not done(send):
            answer = preview(send.answer) if send.acks else "no ack"
            expected = f"over {send.connection.transport}: {DONE[done]}"
            unless = _unless(send, (record, *everything))
            raise Deviation(expected, f"send #{send.number}: {answer}", at=send.at, unless=unless)

    check_all(sends, judge)


def _unless(send: Send, records: Iterable[Record]) -> str | None:
    """The requirement to blame where what went wrong with a send goes wrong by chance."""
    if send.acks and send.refused:
        return "SEND-PLAIN"
    comes = _hears_over if send.acks else _acks_over
    if not any(comes(send.connection.transport, record) for record in records):
        return None
    return "MESSAGE-ECHO" if send.acks else "ACK-CALLED"


def _acks_over(transport: str, record: Record) -> bool:
    return any(send.acks and send.connection.transport == transport for send in record.sends)


def _hears_over(transport: str, record: Record) -> bool:
    return any(connection.events(MESSAGE) for connection in record.connections if connection.transport == transport)


def _blamed(sends: Sequence[Send], otherwise: str) -> str | None:
    """The requirement that judges what is wrong with the answers: that there is none, or one without a message."""
    silent = next((send for send in sends if not send.acks), None)
    if silent is not None:
        return of_ack(silent)
    odd = next((send for send in sends if send.acks and not send.accepted), None)
    if odd is None:
        return otherwise
    if odd.refused:
        return "SEND-PLAIN"
    args = odd.acks[0].get("args")
    return "ACK-SHAPE" if isinstance(args, list) and len(args) == 1 else "ACK-ARGUMENT"


def transports_work(record: Record, *, because: str) -> None:
    """Raise Unverified when sends of a chat over one transport are not all acked once and heard."""
    sends = [send for send in record.sends if send.tag == "chat"]
    if not all(heard(send) for send in sends):
        reason = "not all sends are acked and heard even when nothing moves"
        raise Unverified(reason, because=_blamed(sends, because))
    if any(len(send.acks) > 1 for send in sends):
        raise Unverified("sends are acked more than once even when nothing moves", because="ACK-ONCE")


def carries(sends: Sequence[Send], others: Sequence[Send]) -> None:
    """Deviate when the text of one of these does not come back over its transport as it was sent, while those of
    ``others`` do over theirs."""

    def judge(send: Send) -> None:
        if _returned(send):
            return
        if not any(map(_returned, others)):
            raise Unverified("no transport does better", because="SEND-VERBATIM" if send.acks else of_ack(send))
        expected = f"over {send.connection.transport}: {preview(send.text)} as it was sent"
        raise Deviation(expected, _came_back(send), at=send.at, unless=_anyhow(send))

    check_all(sends, judge)


def _returned(send: Send) -> bool:
    """Whether a text was accepted, and is the same in the ack and in the event."""
    return acked(send) and {message.text for message in _copies(send)} == {send.text}


def _copies(send: Send) -> list[Message]:
    """In the ack and in events; what support says under the same id is another message (MESSAGE-ID)."""
    received = send.connection.messages_with("id", send.message.id)
    return [send.message, *(event.message for event in received if event.payload.get("sender") != SUPPORT)]


def _came_back(send: Send) -> str:
    if not send.acks or not send.accepted:
        return preview(send.answer) if send.acks else "no ack"
    other = next(message for message in _copies(send) if message.text != send.text)
    return f"{other.where}.text: {preview(other.text)}"


def _anyhow(send: Send) -> str | None:
    """The requirement to blame where a send like this is lost, refused, or acked as another one by chance."""
    if not send.acks:
        return unacked_anyhow(send)
    if send.refused:
        return "SEND-PLAIN"
    return "ACK-MATCH" if send.accepted and words_in(send.message.text) - words_in(send.text) else None


def _all_done(done: Callable[[Send], bool], record: Record) -> bool:
    sends = [send for send in record.sends if send.tag == "chat"]
    return bool(sends) and all(map(done, sends))


# -- how connections end -------------------------------------------------------------------------------------------


def ended(connection: Connection) -> Entry | None:
    """What shows that the target ended the connection before the device left it."""
    return connection.ended_by_target


def _over(connection: Connection) -> float:
    closed = connection.closed
    return min(connection.left, float(closed.serial) if closed is not None else float("inf"))


def overlaps_another_device(connection: Connection, others: Iterable[Connection]) -> bool:
    """Whether another device of the user was there while the connection lasted."""
    last = ended(connection)
    until = float(last.serial) if last is not None else _over(connection)
    return any(
        other.number != connection.number
        and other.user == connection.user
        and other.opened.serial < until
        and _over(other) > connection.opened.serial
        for other in others
    )


def settled(*, alone: bool) -> Callable[[Record], Iterator[Connection]]:
    """Greeted connections of scenarios with documented input and nothing unjudged, with a token that lasts, where the
    user had no other device (``alone``) or had one. Not those that change the transport: CONN-UPGRADE judges them."""

    def found(record: Record) -> Iterator[Connection]:
        if record.transcript.wave == 1 and not any(e.get("trial") for e in record.transcript.of(Kind.OPEN)):
            for connection in record.connections:
                if _ordinary(connection) and overlaps_another_device(connection, record.connections) is not alone:
                    yield connection

    return found


def _ordinary(connection: Connection) -> bool:
    return connection.lasting and connection.greeted and connection.transport != "upgrade"


def stays(connection: Connection) -> None:
    """Deviate when the target ended the connection."""
    end = ended(connection)
    if end is not None:
        not_limited(connection)
        raise Deviation(
            "the connection to stay until the device leaves",
            f"{connection.title}: {described(end, connection)}",
            at=[*_last_sent(connection, end), end.serial],
            unless=session_lost(connection),
        )


def not_ended(connection: Connection) -> None:
    """Deviate when the target ended a connection that should be let in. Raises Unverified for one that is kept
    waiting: whether every connection is greeted is CONNECTED-SENT's."""
    end = ended(connection)
    if end is not None:
        not_limited(connection)
        raise Deviation(
            f"{connection.device} to be let in", described(end, connection), at=[connection.opened.serial, end.serial]
        )
    _ = connection.history


def described(end: Entry, connection: Connection) -> str:
    """For a person: how a connection ended, and the errors that came right before."""
    before = [entry for entry in connection.received() if entry.serial < end.serial]
    errors = [*takewhile(lambda entry: entry.get("event") == ERROR, reversed(before))][::-1]
    words = said([*errors, end])
    return words if end.kind is Kind.CLOSED else f"the target sent {words}"


def _last_sent(connection: Connection, end: Entry) -> Sequence[int]:
    sent = [e.serial for e in connection.entries if e.kind is Kind.SENT and e.serial < end.serial]
    return sent[-1:]
