"""Whether a message is lost or doubled while a connection moves to WebSocket, or where it gives that up (section 1)."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.checks.assertions import check_all
from conformance.checks.connection import acked, ended, heard
from conformance.checks.doubts import is_acked, not_in_doubt
from conformance.checks.failed_sends import not_mixed_up
from conformance.errors import Deviation, Unverified
from conformance.protocol import MESSAGE, SUPPORT
from conformance.record.descriptions import said
from conformance.record.payloads import Message
from conformance.record.views import Connection, Record, Send
from conformance.record.waits import message_named, message_of


def acked_once(send: Send) -> None:
    """Deviate when a send got no ack, or more than one."""
    if not is_acked(send) or len(send.acks) != 1:
        actual, unless = f"{len(send.acks)} for send #{send.number}", None if send.acks else "ACK-CALLED"
        raise Deviation("one ack for each send", actual, at=send.at, unless=unless)


def heard_once(record: Record, device: str) -> None:
    """Deviate when ``device`` did not hear each of the messages sent around its upgrade (tag "moving"), or heard one
    more often than the one before ("before"): what a server does anyway is not the upgrade's fault."""
    not_mixed_up(record)
    listener = record.connection(device)
    usual = len(_messages(listener, record.send("before")))
    if not usual and record.send("before").connection.device != device:
        return  # a server that tells only the sending device; whether it hears all, its own upgrade shows
    if not usual:
        _ = record.send("before").message  # where there is none, that is why no device received it
        raise Unverified(f"{device} did not hear the message before the upgrade either", because="MESSAGE-ECHO")

    def judge(send: Send) -> None:
        found = _messages(listener, send)
        times = len(found)
        if times == 0:
            not_in_doubt(listener, message_of(send.number))
            not_in_doubt(listener, message_named(send.message.id))
        if not 1 <= times <= usual * len(send.attempts):
            actual = f"that of send #{send.number} was heard {times} times ({_state(listener)})"
            raise Deviation(
                "each message to be heard once around the upgrade",
                actual,
                at=send.at,
                unless=_luck(found, listener, send),
            )

    check_all(
        [send for send in record.tagged("moving") if send.acks and send.accepted], judge, nothing="nothing was saved"
    )


def stayed(record: Record) -> list[Send]:
    """What was sent over long-polling once an upgrade had been given up (tag "stayed"), where the target has kept the
    connection: a client begins anew where it has not."""
    return [send for send in record.sends if send.tag == "stayed" and send.connection.ended_by_target is None]


def heard_over_polling(send: Send) -> None:
    """Deviate when the sender does not hear the message of a send that was accepted; its ack is ``acked_once``'s."""
    if send.acks and acked(send) and not heard(send):
        what = "the message to be heard over long-polling once an upgrade has been given up"
        raise Deviation(what, "no message event", at=send.at, unless="MESSAGE-ECHO")


def _messages(listener: Connection, send: Send) -> list[Message]:
    """By the text: a send that was processed twice gave two messages. (Support may repeat what the user says.) By the
    id where no event has the text: that it was changed is PARITY-EVENT's."""
    received = [event.message for event in listener.events(MESSAGE)]
    own = [message for message in received if message.sender != SUPPORT or message.id == send.message.id]
    with_text = [message for message in own if message.text == send.message.text]
    return with_text or [message for message in own if message.id == send.message.id]


def _luck(found: Sequence[Message], listener: Connection, send: Send) -> str:
    """What judges a message that was heard so often where no upgrade was."""
    if found:
        return "MESSAGE-ONCE" if len({message.id for message in found}) == 1 else "MESSAGE-STORED"
    return "MESSAGE-DEVICES" if send.connection is not listener and send.heard_on(send.connection) else "MESSAGE-ECHO"


def _state(listener: Connection) -> str:
    end = ended(listener)
    return "the connection stayed" if end is None else f"the connection ended: {said([end])}"
