"""What devices waited for, an object of one field: ``{"ack": 3}`` is the ack of send #3."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.protocol import CONNECTED, ERROR, MESSAGE, Json
from conformance.record.packets import Packets
from conformance.record.transcript import Entry

Awaited = Mapping[str, Json]

GREETING: Awaited = {"greeting": True}
HANDSHAKE: Awaited = {"handshake": True}
NAMESPACE_ANSWER: Awaited = {"namespace": True}
REFUSED_END: Awaited = {"refusal": True}

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


def given_up(connection: Packets, waiting: Awaited) -> Entry | None:
    """The entry that says that this was waited for in vain, on a connection that was still there."""
    ended = connection.ended_by_target
    for entry in connection.expired:
        if entry.get("waiting") == waiting:
            return entry if ended is None or ended.serial > entry.serial else None
    return None


def waited_out(connection: Packets, waiting: Awaited) -> bool:
    """Whether this was waited for in vain, and beyond doubt."""
    entry = given_up(connection, waiting)
    return entry is not None and not entry.get("doubt")
