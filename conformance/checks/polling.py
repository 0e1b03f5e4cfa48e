"""How requests of long-polling are answered (section 1): official clients differ in what they take besides HTTP 200.

The JavaScript client by default ends the connection ("xhr post error") at any other status; its variant for ``fetch``,
and the client for Python, take whatever begins with 2. The harness goes on then, to see what else there is.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.errors import Deviation
from conformance.record.transcript import Kind
from conformance.record.views import Connection, Record


def posting(record: Record) -> Iterator[Connection]:
    """Connections that began over long-polling."""
    over = ("polling", "upgrade")
    return (one for one in record.connections if one.transport in over and one.handshake_completed)


def answered_in_full(connection: Connection) -> None:
    """CONN-POLLING. Deviate where a POST was answered with another status that means success."""
    noted = (entry for entry in connection.entries if entry.kind is Kind.ENGINE and entry.get("status"))
    for entry in noted:
        actual = f"{connection.title}: HTTP {entry.get('status')}, at which the JavaScript client gives the session up"
        raise Deviation("HTTP 200 in answer to each POST over long-polling", actual, at=[entry.serial])
