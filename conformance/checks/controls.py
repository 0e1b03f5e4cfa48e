"""What goes wrong in a run whatever is sent: then what was just sent, or how, is not to blame for it.

A deviation may say ``unless``: the requirement that judges the same thing without the stimulus at hand. Where the
control for that shows that it does not hold in scenarios that lack the stimulus, the deviation is collateral.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

from conformance.checks.assertions import outcome_of
from conformance.checks.history import kept, listed_once
from conformance.checks.history_window import windows
from conformance.checks.parity import missed_by_listeners, without_gaps
from conformance.checks.phantoms import repeated, there
from conformance.errors import Deviation
from conformance.protocol import ERROR, MESSAGE, SUPPORT, TYPING
from conformance.record.transcript import Kind
from conformance.record.views import Connection, Record, Send
from conformance.record.waits import GREETING, ack_of, given_up, message_of

T = TypeVar("T")
Control = Callable[[Iterable[Record]], bool]
POLLED = ("polling_chat", "long_polls")
"""The scenarios of CONN-POLLING, where devices chat over long-polling as over WebSocket elsewhere."""


def session_lost(connection: Connection) -> str | None:
    """What a deviation says ``unless``, that may come of a forgotten session."""
    return "CONN-POLLING" if connection.forgotten else None


def unacked_anyhow(send: Send) -> str:
    """What the deviation of a send that was not acked says ``unless``."""
    ended = "ACK-CALLED" if send.connection.ended_by_target is None else "CONN-STAYS"
    return session_lost(send.connection) or ended


def _simple(records: Iterable[Record]) -> Iterator[tuple[Record, Connection]]:
    """The first connections of scenarios with documented input, by the default route, of devices that do not type."""
    for record in records:
        typed = any(entry.get("event") == TYPING for entry in record.transcript.of(Kind.SENT))
        if record.transcript.wave == 1 and not typed:
            first = (c for c in record.connections[:1] if c.good and c.default_route)
            yield from ((record, connection) for connection in first if connection.transport != "upgrade")


def _plain(records: Iterable[Record]) -> Iterator[Send]:
    for record, connection in _simple(records):
        yield from (send for send in record.sends if send.plain and send.acks and send.connection is connection)


def refuses_plain_texts(records: Iterable[Record]) -> bool:
    """SEND-PLAIN does not hold."""
    return any(send.refused and not send.connection.conversation_closed for send in _plain(records))


def loses_messages(records: Iterable[Record]) -> bool:
    """MESSAGE-ECHO does not hold, of plain texts that were accepted."""
    return any(
        send.accepted and given_up(send.connection, message_of(send.number)) and send.heard_on(send.connection) is None
        for send in _plain(records)
    )


def loses_acks(records: Iterable[Record]) -> bool:
    """ACK-CALLED does not hold, of sends that nothing else is in flight beside."""
    return any(
        connection.ended_by_target is None and _loses_alone([s for s in record.sends if s.connection is connection])
        for record, connection in _simple(records)
    )


def _loses_alone(sends: Sequence[Send]) -> bool:
    """Whether the ack of one of these was waited for in vain while nothing else was sent or on its way."""
    settled = [_settled(send) for send in sends]
    begins = [send.entry.serial for send in sends]
    return any(
        send.asked
        and send.valid
        and not send.acks
        and max(settled[:place], default=0) < begins[place]
        and settled[place] < min(begins[place + 1 :], default=math.inf)
        for place, send in enumerate(sends)
    )


def _settled(send: Send) -> float:
    """The serial number from which on no send was waited for; infinity where that is not known."""
    waited = given_up(send.connection, ack_of(send.number))
    ends = [*send.acks[:1], *([waited] if waited else [])]
    return min((float(entry.serial) for entry in ends), default=math.inf if send.asked else 0.0)


def ends_connections(records: Iterable[Record]) -> bool:
    """CONN-STAYS does not hold, of connections of lone devices that send one plain text after the other."""
    return any(_ended_alone(record, connection) for record, connection in _simple(records))


def _ended_alone(record: Record, connection: Connection) -> bool:
    end = connection.ended_by_target
    if end is None or connection.forgotten or not (connection.lasting and connection.greeted):
        return False
    sends = [send for send in record.sends if send.connection is connection]
    in_turn = all(send.plain for send in sends) and all(
        _settled(earlier) < later.entry.serial for earlier, later in pairwise(sends)
    )
    return in_turn and all(other.opened.serial > end.serial for other in record.connections[1:])


def _where_nothing_moves(found: Callable[[Record], Iterable[T]], judge: Callable[[T], None]) -> Control:
    """Whether ``judge`` deviates of anything in the scenarios where no device moves to another transport."""

    def control(records: Iterable[Record]) -> bool:
        first = (record for record in records if record.transcript.wave == 1)
        steady = (record for record in first if all(c.transport != "upgrade" for c in record.connections))
        return any(isinstance(outcome_of(judge, one), Deviation) for record in steady for one in found(record))

    return control


forgets_messages = _where_nothing_moves(windows, kept)
"""SEND-KEPT does not hold."""


def emits_twice(records: Iterable[Record]) -> bool:
    """MESSAGE-ONCE does not hold."""
    return any(_twice(connection) for _, connection in _simple(records))


def _twice(connection: Connection) -> bool:
    payloads = [event.payload for event in connection.events(MESSAGE) if isinstance(event.payload, dict)]
    counted = Counter(str(one.get("id")) for one in payloads if one.get("sender") != SUPPORT)
    return any(times > 1 for times in counted.values())


def forgets_sessions(records: Iterable[Record]) -> bool:
    """CONN-POLLING does not hold: a polling session of a good token is not known where that judges nothing else."""
    own = (record for record in records if record.transcript.scenario in POLLED)
    return any(connection.good and connection.forgotten for record in own for connection in record.connections)


def not_greeted_again(connection: Connection) -> str:
    """What a deviation says ``unless``, of a later connection of a user that was not greeted."""
    return "TOKEN-REFRESHED" if connection.events(ERROR) else "RECONNECT-GREETED"


def greets_once(records: Iterable[Record]) -> bool:
    """RECONNECT-GREETED does not hold: no one comes back to a greeting, and is not refused either."""
    return any(not connection.events(ERROR) for connection in _never_greeted(records, "comes_back"))


def greets_nobody_new(records: Iterable[Record]) -> bool:
    """CONNECTED-SENT does not hold: someone who comes first is neither greeted nor refused."""
    every = (connection for _, connection in _simple(records) if connection.handshake_completed)
    silent = (connection for connection in every if not (connection.greeted or connection.events(ERROR)))
    return any(one.ended_by_target is not None or given_up(one, GREETING) is not None for one in silent)


def refuses_fresh_tokens(records: Iterable[Record]) -> bool:
    """TOKEN-REFRESHED does not hold: a user who comes back is refused."""
    return any(connection.events(ERROR) for connection in _never_greeted(records, "refreshed"))


def _never_greeted(records: Iterable[Record], scenario: str) -> Iterator[Connection]:
    """The connections of a scenario that were not greeted, though their user had been."""
    for record in records:
        if record.transcript.scenario == scenario and any(one.greeted for one in record.connections):
            yield from (one for one in record.connections if one.good and one.handshake_completed and not one.greeted)


CONTROLS: Mapping[str, Control] = {
    "CONNECTED-SENT": greets_nobody_new,
    "SEND-PLAIN": refuses_plain_texts,
    "ACK-CALLED": loses_acks,
    "CONN-STAYS": ends_connections,
    "MESSAGE-ECHO": loses_messages,
    "SEND-KEPT": forgets_messages,
    "MESSAGE-ONCE": emits_twice,
    "MESSAGE-DEVICES": _where_nothing_moves(missed_by_listeners, without_gaps),
    "MESSAGE-STORED": _where_nothing_moves(repeated, there),
    "RECONNECT-RESYNC": _where_nothing_moves(windows, listed_once),
    "CONN-POLLING": forgets_sessions,
    "RECONNECT-GREETED": greets_once,
    "TOKEN-REFRESHED": refuses_fresh_tokens,
}
