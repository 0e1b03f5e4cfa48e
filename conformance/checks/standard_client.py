"""Whether a client library lives the flow that section 5 recommends, where our own devices do.

A server that sends no greeting, acks nothing or forgets messages does so to every client, and other requirements blame
it for that (``grounds``). What is left is what only the library meets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from conformance.checks import laws
from conformance.checks.assertions import check_all, outcome_of
from conformance.checks.client_views import client_connections, seen, views_agree
from conformance.checks.connection import accepted_over_transport, works
from conformance.checks.connection import acked as accepted
from conformance.checks.connection import heard as heard_by_its_sender
from conformance.checks.doubts import not_in_doubt
from conformance.checks.history_window import greeting_of
from conformance.checks.law import Law, check_records
from conformance.checks.lifecycle import greeted_again, shows, unfounded
from conformance.checks.limits import not_for_its_pace, not_limited
from conformance.checks.packets import entered, handshakes, lists_upgrades
from conformance.checks.selectors import good_connections
from conformance.checks.sending import PlainIsAccepted, is_taken, lives_on, plain_sends
from conformance.checks.upgrades import acked_once, heard_once
from conformance.errors import Deviation, Unverified
from conformance.protocol import CONNECTED, ERROR, MESSAGE, SUPPORT
from conformance.record.descriptions import said
from conformance.record.transcript import FORGOTTEN, Entry, Kind, first
from conformance.record.views import Connection, Everything, Record, Send
from conformance.record.waits import GREETING, ack_of, given_up, message_of

Grounds = Sequence[tuple[str, Callable[[], None]]]
"""What the flow builds on: requirements, each with what judges it."""


# -- the flow ------------------------------------------------------------------------------------------------------


def lived(judge: Callable[[], None], record: Record, grounds: Grounds) -> None:
    """Judge a step of the flow. A deviation is held against what the flow builds on, where that does not hold; and
    where the client's view is not what was recorded, against the harness."""
    outcome = outcome_of(lambda _: judge(), None)
    if isinstance(outcome, Deviation):
        unknown = [reason for because, ground in grounds if (reason := _held(ground, because)) is not None]
        if unknown:
            raise unknown[0]
        _agree(record)
    if outcome is not None:
        raise outcome


def _held(ground: Callable[[], None], because: str) -> Unverified | None:
    """Raise Unverified where what this builds on does not hold. Why that is not known, where others are to blame."""
    outcome = outcome_of(lambda _: ground(), None)
    if isinstance(outcome, Deviation):
        raise unfounded(outcome, because)
    return outcome if outcome is not None and outcome.because is not None else None


def _agree(record: Record) -> None:
    try:
        views_agree(record)
    except Unverified as reason:
        if reason.because is not None:
            raise


def welcomed(record: Record) -> None:
    """Deviate when the client was not greeted."""
    _greeted(_first(record), "the client to be greeted")


def _first(record: Record) -> Connection:
    """The client's first connection that was greeted; else the first that was not turned away for its pace."""
    own = client_connections(record)
    if not own:
        raise record.cut_short("connection of the client")
    greeted = (connection for connection in own if seen(connection, "event", CONNECTED))
    return next(greeted, None) or next((connection for connection in own if connection.handshake_completed), own[-1])


def _greeted(connection: Connection, what: str) -> None:
    if seen(connection, "event", CONNECTED):
        return
    not_in_doubt(connection, GREETING)
    not_limited(connection)
    _within_limit(connection.record)
    at, unless = _traces(connection), _forgotten(connection)
    raise Deviation(f"{what} ({_library(connection)})", _instead(connection), at=at, unless=unless)


def _forgotten(connection: Connection) -> str | None:
    """What a deviation says ``unless``, that may come of a polling session which the target did not know any more."""
    end = connection.broken_off
    return "CONN-POLLING" if end is not None and end.get("status") in FORGOTTEN else None


def answered(record: Record, tag: str) -> None:
    """Deviate when a callback of the client, or its ``call``, did not get the ack that tells of the saved message."""
    send = record.send(tag)
    if not seen_ack(send):
        not_in_doubt(send.connection, ack_of(send.number))
        not_limited(send.connection)
        _within_limit(record)
        what = f"the ack of send #{send.number} to reach its callback ({_library(send.connection)})"
        actual, unless = _instead(send.connection, since=send.entry.serial), _forgotten(send.connection)
        raise Deviation(what, actual, at=send.at, unless=unless)
    not_for_its_pace(send)
    _ = send.message.id


def seen_ack(send: Send) -> list[Entry]:
    """What the callback of a send, in its last attempt, was called with."""
    about = send.entry.get("send"), send.entry.get("attempt")
    return [e for e in seen(send.connection, "ack") if (e.get("send"), e.get("attempt")) == about]


def handled(record: Record, tag: str) -> None:
    """Deviate when the client's handler was not called with a message that the client had sent, be it under another id
    (which is PARITY-EVENT's)."""
    send = _acked(record, tag)
    heard = [first(entry.get("args")) for entry in seen(send.connection, "event", MESSAGE)]
    payloads = [one for one in heard if isinstance(one, dict)]
    named = any(one.get("id") == send.message.id for one in payloads)  # by whoever, which MESSAGE-SENDER judges
    if not named and not any(one.get("text") == send.text and one.get("sender") != SUPPORT for one in payloads):
        not_in_doubt(send.connection, message_of(send.number))
        _within_limit(record)
        what = f"{MESSAGE} of send #{send.number} to reach the client's handler ({_library(send.connection)})"
        actual, unless = _instead(send.connection, since=send.entry.serial), _forgotten(send.connection)
        raise Deviation(what, actual, at=send.at, unless=unless)


def _acked(record: Record, tag: str) -> Send:
    """A send of the client. Raises Unverified where it was not acked, which is judged by itself."""
    send = record.send(tag)
    if not seen_ack(send):
        raise Unverified(f"send #{send.number} of the client was not acked")
    return send


def came_back(record: Record) -> None:
    """Deviate when the client, whose connection was cut, connected again and was not greeted."""
    _greeted(_later(record), "the client to be greeted again after its connection was cut")


def resynced(record: Record) -> None:
    """Deviate when the greeting after that lacks a message which the client had sent before, while it shows an older
    one, or nothing."""
    again = _later(record)
    _greeted(again, "the client to be greeted again")
    window = greeting_of(again)
    for send in window.missing([_acked(record, "called"), _acked(record, "emitted")])[:1]:
        what = f"{again.history.where} to show what the client sent before ({_library(again)})"
        raise Deviation(what, f"send #{send.number} is missing", at=[send.entry.serial, again.history.at])


def _later(record: Record) -> Connection:
    """The connection with which the client came back, after its first one was cut."""
    later = [connection for connection in client_connections(record) if connection.number > _first(record).number]
    if not later:
        raise record.cut_short("connection after the first one was cut")
    return next((connection for connection in later if seen(connection, "event", CONNECTED)), later[-1])


def _within_limit(record: Record) -> None:
    if record.transcript.limit is not None:
        raise record.cut_short("end")


# -- in words ------------------------------------------------------------------------------------------------------


def _library(connection: Connection) -> str:
    return f"{connection.opened.get('client')}, with its defaults"


def _instead(connection: Connection, since: int = -1) -> str:
    """What the client met in place of what it waited for."""
    entries = [entry for entry in connection.entries if entry.serial > since]
    errors = [str(entry.get("reason")) for entry in seen(connection, "error")]
    names = [str(e.get("event") or e.get("packet")) for e in entries if e.kind is Kind.RECEIVED]
    begun = "" if connection.handshake_completed or since >= 0 else "no handshake"
    probe = "no answer to the probe of the upgrade that was offered" if _unanswered_probe(connection) else ""
    return "; ".join(filter(None, [begun, probe, said(entries) or ", ".join(names), *errors[:1]])) or "nothing"


def _unanswered_probe(connection: Connection) -> bool:
    """Whether the client began to move to WebSocket, which it waits for without a limit, and got no further."""
    packets = [entry.get("packet") for entry in connection.entries if entry.kind is Kind.ENGINE]
    return "ping probe" in packets and "pong probe" not in packets


def _traces(connection: Connection) -> list[int]:
    errors = [entry.serial for entry in (*seen(connection, "error"), *(e.entry for e in connection.events(ERROR)))]
    return sorted({connection.opened.serial, *errors, connection.entries[-1].serial})


# -- what it builds on -----------------------------------------------------------------------------------------------


def grounds(everything: Everything, polling: Record, websocket: Record, moving: Record, typing: Record) -> Grounds:
    """What our own devices met in the run: over either transport, while one moved from one to the other (``moving``)
    or typed (``typing``), and wherever else they were."""
    return (
        ("CONN-POLLING", lambda: _soundly(polling, websocket, everything)),
        ("CONN-WEBSOCKET", lambda: _soundly(websocket, polling, everything)),
        ("CONN-NAMESPACE", lambda: check_records(everything, _newcomers, entered)),
        _ground(laws.CONN_NAMESPACE, everything),
        _ground(laws.CONNECTED_SENT, everything),
        ("AUTH-BARE", lambda: _by_auth(everything)),
        _ground(laws.CONN_PACKETS, everything),
        ("CONN-PACKETS", lambda: check_records(everything, handshakes, lists_upgrades)),
        ("CONN-UPGRADE", lambda: _moves(moving)),
        _ground(laws.CONN_STAYS, everything),
        _ground(laws.ACK_CALLED, everything),
        ("SEND-PLAIN", lambda: check_all(plain_sends(everything), PlainIsAccepted(everything))),
        _ground(laws.MESSAGE_ECHO, everything),
        _ground(laws.SEND_KEPT, everything),
        ("TYPING-HARMLESS", lambda: _no_harm_in(typing)),
        ("RECONNECT-GREETED", lambda: check_records(everything, _comebacks, greeted_again)),
        ("RECONNECT-RESYNC", lambda: check_records(everything, _comebacks, _shows_what_was_sent)),
    )


def _ground(one: Law[Any], everything: Iterable[Record]) -> tuple[str, Callable[[], None]]:
    return one.requirement, lambda: one.check(everything)


def _newcomers(record: Record) -> Iterator[Connection]:
    """The first connection of a scenario with documented input, by the default route; not where a greeting that never
    comes was waited for a moment only, in which the answer to CONNECT may not come either."""
    first = record.connections[:1] if record.transcript.wave == 1 else []
    usual = [c for c in first if c.good and c.default_route and c.handshake_completed]
    return (c for c in usual if (entry := given_up(c, GREETING)) is None or entry.get("doubt") is None)


def _soundly(record: Record, other: Record, everything: Iterable[Record]) -> None:
    accepted_over_transport(record, other, everything)
    works(accepted, record, other, because="ACK-CALLED", everything=everything)
    works(heard_by_its_sender, record, other, because="MESSAGE-ECHO", everything=everything)


def _moves(record: Record) -> None:
    check_all(record.tagged("moving"), acked_once)
    heard_once(record, "phone")


def _by_auth(everything: Iterable[Record]) -> None:
    """Whether any device was let in that presented its token as the client does."""
    connections = [one for record in everything for one in good_connections(record) if record.transcript.wave == 1]
    by_auth = [connection for connection in connections if connection.option == "auth"]
    if connections and not any(connection.greeted for connection in by_auth):
        words = said(by_auth[0].entries) if by_auth else ""
        raise Deviation("a token in auth.token to be accepted", words or "no device was let in by it")


def _no_harm_in(typing: Record) -> None:
    lives_on(typing)
    is_taken(typing.send("fence"), "typing")


def _comebacks(record: Record) -> Iterator[Connection]:
    """Later connections of devices that were greeted before."""
    greeted: set[str] = set()
    for connection in good_connections(record):
        if connection.device in greeted and record.transcript.wave == 1:
            yield connection
        greeted |= {connection.device} if connection.greeted else set()


def _shows_what_was_sent(connection: Connection) -> None:
    before = [send for send in connection.record.accepted() if send.acks[0].serial < connection.opened.serial]
    if connection.greeted and before:
        shows(connection, before)
