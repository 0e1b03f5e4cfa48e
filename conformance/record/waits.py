"""What devices waited for, by the words that the record has for it, and what it means that it did not come.

Only what never came is a failure. What was given up while it may still have been under way leaves the question open:
the requirement is unverified, and says with which option the run would have waited for longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.errors import Unverified
from conformance.protocol import CONNECTED, ERROR, MESSAGE
from conformance.record.transcript import Doubt, Entry, Kind

if TYPE_CHECKING:
    from conformance.record.exchanges import Send
    from conformance.record.views import Connection

GREETING = CONNECTED
HANDSHAKE = "the Engine.IO handshake"
REFUSED_END = "the end of a refused connection"
LONGER = "pass a larger --deadline"


def ack_of(number: int) -> str:
    """The ack of a send, by the send's number."""
    return f"the ack of send #{number}"


def message_of(number: int) -> str:
    """The event that tells the sender of its message."""
    return f"{MESSAGE} of send #{number}"


def message_named(message_id: str) -> str:
    """The event that tells a device of a message that was sent elsewhere."""
    return f"{MESSAGE} {message_id}"


def errors_of(count: int) -> str:
    """The error events that tell of so many refused sends without acks."""
    return f"{ERROR} of {count} texts"


def given_up(connection: Connection, waiting: str) -> Entry | None:
    """The entry that says that this was waited for in vain, on a connection that was still there."""
    ended = connection.ended_by_target
    for entry in connection.entries:
        if entry.kind is Kind.EXPIRED and entry.get("waiting") == waiting:
            return entry if ended is None or ended.serial > entry.serial else None
    return None


def waited_out(connection: Connection, waiting: str) -> bool:
    """Whether this was waited for in vain, and beyond doubt."""
    entry = given_up(connection, waiting)
    return entry is not None and not entry.get("doubt")


def not_in_doubt(connection: Connection, waiting: str, *, because: str | None = None) -> None:
    """Raise Unverified where this was given up, and may still have been under way. ``because``: the requirement that
    judges those that never come at all; None where that is the requirement at hand."""
    entry = given_up(connection, waiting)
    if entry is not None:
        no_doubt(entry, f"{waiting} on {connection.title}", because=because)


def no_doubt(entry: Entry, what: str, *, because: str | None = None) -> None:
    """The same of an entry with a doubt."""
    told = f"{what} did not come within {entry.get('seconds')} s"
    if entry.get("doubt") == Doubt.SLOW:
        raise Unverified(f"{told}, and others took nearly as long: {LONGER}")
    if entry.get("doubt") == Doubt.UNPRECEDENTED and because is not None:
        raise Unverified(f"{told}, as none had before: {LONGER}", because=because)


def was_greeted(connection: Connection) -> bool:
    """Whether a connection was greeted. Raises Unverified where the greeting may still have been under way."""
    if not connection.greeted:
        not_in_doubt(connection, HANDSHAKE)
        not_in_doubt(connection, GREETING, because="CONNECTED-SENT")
    return connection.greeted


def is_acked(send: Send) -> bool:
    """Whether a send was acked. Raises Unverified where its ack may still have been under way."""
    if not send.acks:
        not_in_doubt(send.connection, ack_of(send.number), because="ACK-CALLED")
        in_time(send)
    return bool(send.acks)


def in_time(send: Send) -> None:
    """Raise Unverified where the scenario was ended by its own limit while the answer to a send was waited for."""
    record, connection = send.record, send.connection
    waited = given_up(connection, ack_of(send.number))
    if record.transcript.limit is not None and waited is None and connection.ended_by_target is None:
        raise Unverified(f"{record.transcript.cut}: {LONGER}")
