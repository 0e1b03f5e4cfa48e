"""What it means that something did not come that a device waited for.

Only what never came is a failure. What was given up while it may still have been under way leaves the question open:
the requirement is unverified, and says with which option the run would have waited for longer.
"""

from __future__ import annotations

from conformance.errors import Unverified
from conformance.record.transcript import Doubt, Entry
from conformance.record.views import Connection, Send
from conformance.record.waits import GREETING, HANDSHAKE, Awaited, ack_of, described, given_up

LONGER = "pass a larger --deadline"


def not_in_doubt(connection: Connection, waiting: Awaited, *, because: str | None = None) -> None:
    """Raise Unverified where this was given up, and may still have been under way. ``because``: the requirement that
    judges those that never come at all; None where that is the requirement at hand."""
    entry = given_up(connection, waiting)
    if entry is not None:
        no_doubt(entry, f"{described(waiting)} on {connection.title}", because=because)


def no_doubt(entry: Entry, what: str, *, because: str | None = None) -> None:
    """The same of an entry with a doubt."""
    reason = f"{what} did not come within {entry.get('seconds')} s"
    if entry.get("doubt") == Doubt.SLOW:
        raise Unverified(f"{reason}, and others took nearly as long: {LONGER}")
    if entry.get("doubt") == Doubt.UNPRECEDENTED and because is not None:
        raise Unverified(f"{reason}, as none had before: {LONGER}", because=because)


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
