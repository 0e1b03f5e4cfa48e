"""What goes wrong in a run whatever is sent: then what was just sent, or how, is not to blame for it.

A deviation may say ``unless``: the requirement that judges the same thing without the stimulus at hand. Where the
control for that shows that it does not hold in scenarios that lack the stimulus, the deviation is collateral.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from conformance.health import FORGOTTEN
from conformance.protocol import MESSAGE, TYPING
from conformance.record import Connection, Record, Send
from conformance.transcript import Kind

SUPPORT = "support"
Control = Callable[[Iterable[Record]], bool]


def forgotten(connection: Connection) -> bool:
    """Whether the target did not know the polling session of a connection any more."""
    end = connection.broken_off
    return connection.transport == "polling" and end is not None and end.get("status") in FORGOTTEN


def session_lost(connection: Connection) -> str | None:
    """What a deviation says ``unless``, that may come of a forgotten session."""
    return "CONN-POLLING" if forgotten(connection) else None


def _simple(records: Iterable[Record]) -> Iterator[tuple[Record, Connection]]:
    """The first connections of scenarios with documented input, by the usual road, of devices that do not type."""
    for record in records:
        typed = any(entry.get("event") == TYPING for entry in record.transcript.of(Kind.SENT))
        if record.transcript.wave == 1 and not typed:
            yield from ((record, c) for c in record.connections[:1] if c.good and c.usual and c.transport != "upgrade")


def _plain(records: Iterable[Record]) -> Iterator[Send]:
    for record, connection in _simple(records):
        yield from (send for send in record.sends if send.plain and send.acks and send.connection is connection)


def refuses_plain_texts(records: Iterable[Record]) -> bool:
    """SEND-PLAIN does not hold."""
    return any(send.refused and not send.connection.conversation_closed for send in _plain(records))


def loses_acks(records: Iterable[Record]) -> bool:
    """ACK-CALLED does not hold."""
    return any(
        send.plain and send.asked and not send.acks and connection.ended_by_target is None
        for record, connection in _simple(records)
        for send in record.sends
        if send.connection is connection
    )


def emits_twice(records: Iterable[Record]) -> bool:
    """MESSAGE-ONCE does not hold."""
    return any(_twice(connection) for _, connection in _simple(records))


def _twice(connection: Connection) -> bool:
    payloads = [event.payload for event in connection.events(MESSAGE) if isinstance(event.payload, dict)]
    told = Counter(str(one.get("id")) for one in payloads if one.get("sender") != SUPPORT)
    return any(times > 1 for times in told.values())


def forgets_sessions(records: Iterable[Record]) -> bool:
    """CONN-POLLING does not hold: polling sessions of good tokens are not known in several scenarios."""
    good = [r for r in records if r.transcript.wave == 1 and any(c.good and forgotten(c) for c in r.connections)]
    return len(good) > 1


CONTROLS: Mapping[str, Control] = {
    "SEND-PLAIN": refuses_plain_texts,
    "ACK-CALLED": loses_acks,
    "MESSAGE-ONCE": emits_twice,
    "CONN-POLLING": forgets_sessions,
}
