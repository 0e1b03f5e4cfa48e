"""What is judged of a client that has no good token: not let in, sent one error, disconnected (sections 2.2 and 6).

Who is blamed: a token that is let in fails its AUTH requirement, and of that record nothing else is judged. What
comes instead of the promised error fails REFUSAL-EVENT, no end of the connection REFUSAL-CLOSE, anything beside the
error REFUSAL-SILENT.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from conformance.checks.assertions import expect, expect_equal
from conformance.checks.blame import OPTIONS, of_greeting, ungreeted
from conformance.checks.controls import session_lost
from conformance.checks.delivery import delivered, entered_without_sid, undelivered
from conformance.checks.doubts import not_in_doubt, was_greeted
from conformance.checks.entry import entry_of
from conformance.checks.leaks import leaks, spoken
from conformance.checks.limits import REMEDY, not_limited
from conformance.errors import Unverified
from conformance.formatting import preview
from conformance.protocol import CONNECTED, ERROR, UNAUTHORIZED
from conformance.record.descriptions import problem, said
from conformance.record.rate_limits import BUSY
from conformance.record.token_kinds import ABSENT, FORGED, GOOD
from conformance.record.transcript import Entry
from conformance.record.views import Connection, Event, Fetch, Record
from conformance.record.waits import REFUSED_END

# -- good tokens -------------------------------------------------------------------------------------------------


def accepted(connection: Connection, own: str) -> None:
    """This way of presenting a good token opened the conversation. Where no way did, something else is to blame."""
    if was_greeted(connection):
        return
    not_limited(connection)
    alone = any(other.greeted for other in connection.record.connections)
    if not alone and of_greeting(connection) != own:
        raise Unverified(ungreeted(connection), because=of_greeting(connection))
    errors = [event.entry for event in connection.events(ERROR)]
    at = [connection.opened.serial, *_serials(errors), connection.entries[-1].serial]
    unless = None if errors else session_lost(connection)
    expect(
        connection.greeted,
        f"{CONNECTED} for a good token by {connection.option}",
        lambda: said(connection.entries) if errors else _instead_of_an_event(connection),
        at=at,
        unless=unless,
    )


def accepted_twice(record: Record) -> None:
    """AUTH-BOTH: one token by both options at once, where each of them alone opened the conversation."""
    for name, own in (("bare", "AUTH-BARE"), ("header", "AUTH-HEADER")):
        alone = record.connection(name)
        if not alone.greeted and any(other.greeted for other in record.connections):
            raise Unverified(ungreeted(alone), because=own)
        _ = alone.history
    accepted(record.connection("both"), "AUTH-BOTH")


def shared(fetch: Fetch) -> None:
    """REST took the token that had opened the socket. Where it gives no user a conversation, REST-OPEN is to blame."""
    if not fetch.successful and fetch.status not in (401, 403):
        lost = fetch.entry.get("by") == "network"  # as in ``blame``
        raise Unverified(f"REST gave no conversation ({fetch.outcome})", because=None if lost else "REST-OPEN")
    expect(
        fetch.successful,
        "REST to take the token that opened the socket",
        lambda: fetch.outcome,
        at=[fetch.entry.serial],
    )


# -- forged tokens -----------------------------------------------------------------------------------------------


def forgers(record: Record) -> list[Connection]:
    """The connections with generated tokens, those whose change takes the fewest words first."""
    forged = [connection for connection in record.connections if connection.token_kind == FORGED]
    return sorted(forged, key=lambda connection: len(connection.token))


def forger_kept_out(connection: Connection) -> None:
    opens_nothing(looked_at(connection.record.connection(connection.device, -1)))


def of_forgers(judge: Callable[[Connection], None]) -> Callable[[Connection], None]:
    """A judgement of refused clients, for connections with generated tokens."""
    return lambda connection: judge(refusal(connection.record, connection.device))


# -- what became of it -------------------------------------------------------------------------------------------


def is_accepted(connection: Connection) -> bool:
    """Whether the conversation was opened to it: greeted, and not refused after all."""
    refused = connection.events(ERROR) and connection.ended_by_target
    return connection.greeted and not refused


def refusal(record: Record, device: str = "phone") -> Connection:
    """The (last) connection of a device with a bad token. Raises Unverified where the token was let in, and where
    the target never came to look at it."""
    return refused_after_all(looked_at(record.connection(device, -1)))


def refused_after_all(connection: Connection) -> Connection:
    """The connection. Raises Unverified where its bad token was let in."""
    if is_accepted(connection):
        raise Unverified(f"a bad token ({connection.token}) was let in", because=entry_of(connection))
    return connection


def of_kind(entry: Entry, kind: str) -> None:
    """Raises Unverified where another token had to stand in for one of this kind."""
    if entry.get("token_kind") not in (kind, FORGED):
        raise Unverified(f"an {kind} token needs the signing key: pass --jwt-secret or --jwt-key")


def assert_rejected(record: Record, kind: str, device: str = "phone") -> None:
    """The token did not open the conversation."""
    connection = looked_at(record.connection(device, -1))
    of_kind(connection.opened, kind)
    opens_nothing(connection)


def opens_nothing(connection: Connection) -> None:
    """What a bad token is presented on is not let in."""
    greetings = [event.entry for event in connection.events(CONNECTED)]
    at = [connection.opened.serial, *_serials(greetings)]
    expect(
        not is_accepted(connection),
        f"no {CONNECTED} for a bad token ({connection.token})",
        lambda: f"{CONNECTED}: {preview(greetings[0].get('args'))}" if greetings else "",
        at=at,
    )


def looked_at(connection: Connection) -> Connection:
    """The connection. Raises Unverified where the target never came to look at its token."""
    closed = connection.broken_off
    if closed is not None and closed.get("status") in BUSY:
        raise Unverified(f"{connection.title}: the target was busy (HTTP {closed.get('status')}): {REMEDY}")
    if connection.too_soon is not None:
        not_limited(connection)
    if not connection.handshake_completed:
        because = _closed_route(connection)
        if because is not None or not _turned_away(connection):
            raise Unverified(f"{connection.title}: no Engine.IO handshake", because=because)
    return connection


def _closed_route(connection: Connection) -> str | None:
    """The requirement that judges why not even a good token gets a handshake by this way of presenting it; None where
    one does. Who presents no token takes no route of its own."""
    good = [other for other in connection.record.connections if other.good and other.transport == connection.transport]
    with_handshake = [other for other in good if other.handshake_completed]
    if not with_handshake:
        return "CONN-WEBSOCKET" if connection.transport == "websocket" else "CONN-POLLING"
    absent = connection.token_kind in ABSENT
    by_the_same = any(other.option == connection.option for other in with_handshake)
    return None if absent or by_the_same else OPTIONS.get(connection.option, "AUTH-BARE")


def _turned_away(connection: Connection) -> bool:
    """Whether the target itself said no to the handshake (and it was not the network)."""
    return connection.broken_off is not None and connection.broken_off.get("by") == "target"


# -- the refusal itself ------------------------------------------------------------------------------------------


def one_error(connection: Connection) -> None:
    """One ``help_center:error``, and such that official clients hand it to the app."""
    not_in_doubt(connection, REFUSED_END)
    errors = [event.entry for event in connection.heard(ERROR)]
    heard = delivered(connection, ERROR)
    if len(errors) == 1 and not heard and entered_without_sid(connection):
        raise Unverified("clients deliver nothing after a CONNECT packet without sid", because="CONN-PACKETS")
    end = connection.ended_by_target
    at = [*_serials(errors), *([end.serial] if end else [connection.entries[-1].serial])]
    expect(
        len(errors) == len(heard) == 1,
        f"one {ERROR} that the client's library delivers, before the connection ends",
        lambda: _errors_instead(connection),
        at=at,
        unless=None if errors else session_lost(connection) or _not_greeted_anyhow(connection),
    )


def _not_greeted_anyhow(connection: Connection) -> str | None:
    """What a deviation says ``unless``, of a client with a good token that was not let in."""
    return "CONNECTED-SENT" if connection.token_kind == GOOD else None


def refused_with_one_error(connection: Connection) -> None:
    """As ``one_error``, of any connection with a bad token that the target has come to look at."""
    one_error(refused_after_all(looked_at(connection)))


def _errors_instead(connection: Connection) -> str:
    errors = connection.heard(ERROR)
    if not errors:
        return _instead_of_an_event(connection)
    found = [f"{ERROR} {problem(error.payload)}{_unheard(connection, error)}" for error in errors]
    return found[0] if len(found) == 1 else "\n".join([f"{len(found)} of them:", *found])


def _unheard(connection: Connection, error: Event) -> str:
    why = undelivered(connection, error)
    return f", which official clients never deliver: {why}" if why else ""


def _instead_of_an_event(connection: Connection) -> str:
    refused = connection.received("CONNECT_ERROR")
    if refused:
        return f"a connect error ({preview(refused[0].get('data'))}), which the document does not promise"
    closed = connection.closed
    if not connection.handshake_completed and closed is not None:
        return f"HTTP {closed.get('status')} for the handshake, which the document does not promise"
    return "the end of the connection without a word" if connection.ended_by_target else "no word and no end"


def coded(connection: Connection) -> None:
    """The code of the error (of each, if there are several)."""
    problems = [event.problem for event in connection.heard(ERROR)]
    if not problems:
        raise Unverified(f"no {ERROR} came", because="REFUSAL-EVENT")
    codes = sorted({problem.code for problem in problems})
    expect_equal(codes, [UNAUTHORIZED], f"the code of {ERROR}", at=[problem.at for problem in problems])


def ended(connection: Connection) -> None:
    """The target ended the namespace or the transport."""
    not_in_doubt(connection, REFUSED_END)
    stayed = connection.entries[-1].at - connection.opened.at
    expect(
        connection.ended_by_target is not None,
        "a DISCONNECT packet or the end of the transport",
        f"still connected after {stayed:.1f} s",
        at=[*_serials([event.entry for event in connection.heard(ERROR)]), connection.entries[-1].serial],
        unless=None if connection.heard(ERROR) else _not_greeted_anyhow(connection),
    )


def silent(connection: Connection) -> None:
    """No event but the error, and nothing of a conversation in whatever came."""
    others = [event.entry for event in connection.heard() if event.name != ERROR]
    actual = ", ".join(f"{entry.get('event')} {preview(entry.get('args'))}" for entry in others)
    expect(not others, f"no event but {ERROR} for a bad token", actual, at=_serials(others))
    texts = spoken(connection.record)
    leaks = [entry for entry in connection.received() if _packet_leaks(entry, texts)]
    actual = ", ".join(f"{entry.get('packet')} {preview(entry.get('args') or entry.get('data'))}" for entry in leaks)
    expect(not leaks, "nothing of a conversation in what a refused client gets", actual, at=_serials(leaks))


def _packet_leaks(entry: Entry, texts: Sequence[str]) -> bool:
    return any(True for part in ("args", "data") for _ in leaks(entry.get(part), texts))


def _serials(entries: Sequence[Entry]) -> list[int]:
    return [entry.serial for entry in entries]


def rest_takes_good_ones(record: Record) -> None:
    """Raises Unverified where REST gave the good token no conversation either (tag "good"): it may have turned away the
    user for the bad tokens, or gives no user any."""
    good = record.fetch("good", -1)
    if good.status in (401, 403):
        raise Unverified(f"REST refused the good token, too, by then ({good.outcome})")
    _ = good.history
