"""What devices waited for, and what it means that it did not come.

What was waited for is an object of one field: ``{"ack": 3}`` is the ack of send #3; ``described`` puts it in words.
Only what never came is a failure. What was given up while it may still have been under way leaves the question open:
the requirement is unverified, and says with which option the run would have waited for longer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from conformance.errors import Unverified
from conformance.protocol import CONNECTED, ERROR, MESSAGE, Json
from conformance.record.transcript import Doubt, Entry, Kind

if TYPE_CHECKING:
    from conformance.record.exchanges import Send
    from conformance.record.views import Connection

Awaited = Mapping[str, Json]

GREETING: Awaited = {"greeting": True}
HANDSHAKE: Awaited = {"handshake": True}
NAMESPACE_ANSWER: Awaited = {"namespace": True}
REFUSED_END: Awaited = {"refusal": True}
LONGER = "pass a larger --deadline"

_WORDS = {
    "greeting": CONNECTED,
    "handshake": "the Engine.IO handshake",
    "namespace": "the CONNECT answer",
    "refusal": "the end of a refused connection",
    "ack": "the ack of send #{}",
    "control": "the ack of a control of send #{}",
    "message_of": f"{MESSAGE} of send #{{}}",
    "message": f"{MESSAGE} {{}}",
    "errors": f"{ERROR} of {{}} texts",
}


def ack_of(number: int) -> Awaited:
    """The ack of a send, by the send's number."""
    return {"ack": number}


def ack_of_control(number: int) -> Awaited:
    """The ack of the plain text that is sent to see whether others are taken while this send is refused."""
    return {"control": number}


def message_of(number: int) -> Awaited:
    """The event that tells the sender of its message."""
    return {"message_of": number}


def message_named(message_id: str) -> Awaited:
    """The event that tells a device of a message that was sent elsewhere."""
    return {"message": message_id}


def errors_of(count: int) -> Awaited:
    """The error events that tell of so many refused sends without acks."""
    return {"errors": count}


def awaited_message(entry: Entry) -> str | None:
    """The id of the message that was waited for; None where it was something else."""
    waiting = entry.get("waiting")
    return waiting.get("message") if isinstance(waiting, dict) else None


def described(waiting: Json) -> str:
    """For a person: what was waited for."""
    if not isinstance(waiting, dict):
        return str(waiting)
    return ", ".join(_WORDS.get(what, f"{what} {{}}").format(which) for what, which in waiting.items())


def given_up(connection: Connection, waiting: Awaited) -> Entry | None:
    """The entry that says that this was waited for in vain, on a connection that was still there."""
    ended = connection.ended_by_target
    for entry in connection.entries:
        if entry.kind is Kind.EXPIRED and entry.get("waiting") == waiting:
            return entry if ended is None or ended.serial > entry.serial else None
    return None


def waited_out(connection: Connection, waiting: Awaited) -> bool:
    """Whether this was waited for in vain, and beyond doubt."""
    entry = given_up(connection, waiting)
    return entry is not None and not entry.get("doubt")


def not_in_doubt(connection: Connection, waiting: Awaited, *, because: str | None = None) -> None:
    """Raise Unverified where this was given up, and may still have been under way. ``because``: the requirement that
    judges those that never come at all; None where that is the requirement at hand."""
    entry = given_up(connection, waiting)
    if entry is not None:
        no_doubt(entry, f"{described(waiting)} on {connection.title}", because=because)


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
