"""Connections on a transport that another connection to the namespace was on before: what was emitted to whom."""

from __future__ import annotations

import math
from collections.abc import Sequence

from conformance.protocol import CONNECTED
from conformance.record.views import Connection, Event, Record


def meant_for(connection: Connection, name: str | None = None) -> Sequence[Event]:
    """The events, all or those of one name, that were surely emitted to a connection. What comes before the answer to
    CONNECT may have been on its way to who was on the transport before; but not a greeting, for that one had its own,
    unless the target greets twice elsewhere, too: only the last one is surely the connection's own then."""
    events = connection.events(name)
    if not connection.entered_again:
        return events
    let_in = min((float(entry.serial) for entry in connection.received("CONNECT")), default=math.inf)
    own = connection.events(CONNECTED)[-1:] if connection.record.once(_greets_twice) else connection.events(CONNECTED)
    return [event for event in events if event.entry.serial > let_in or event in own]


def _greets_twice(record: Record) -> bool:
    return any(len(one.events(CONNECTED)) > 1 for one in record.all_connections if not one.entered_again)
