"""Which laws are judged of each visit. Most are those of ``checks.laws`` as they stand, over a record of one visit.

Left out are those that need more than one user (``crowd`` judges them), those that load may break legally (that a
connection stays, that no error comes, that gateways answer), and those that load does not touch (depths and clocks).
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks import failed_sends, laws, parity, sending, typing
from conformance.checks.assertions import expect
from conformance.checks.doubts import not_in_doubt
from conformance.checks.law import Law
from conformance.checks.limits import not_limited
from conformance.checks.selectors import good_connections
from conformance.checks.unique_words import words_in
from conformance.formatting import preview
from conformance.load.memory import doubled, shown_once
from conformance.protocol import CONNECTED, ERROR, UNAUTHORIZED
from conformance.record.views import Connection, Record, Send
from conformance.record.waits import GREETING, given_up, message_named


def let_in(record: Record) -> Iterator[Connection]:
    """Connections that were greeted, or refused for their token."""
    return (c for c in good_connections(record) if c.greeted or _unauthorized(c))


def _unauthorized(connection: Connection) -> bool:
    errors = [event.payload for event in connection.heard(ERROR)]
    return any(isinstance(one, dict) and one.get("code") == UNAUTHORIZED for one in errors)


def not_turned_away(connection: Connection) -> None:
    """AUTH-BARE and AUTH-HEADER: a client that gets UNAUTHORIZED has its user log in again (section 5)."""
    at = [event.entry.serial for event in connection.events(ERROR)]
    expect(connection.greeted, f"{connection.title} to be let in", f"{ERROR} {UNAUTHORIZED}", at=at)


def _by(option: str) -> Law[Connection]:
    requirement = {"auth": "AUTH-BARE", "header": "AUTH-HEADER"}[option]

    def items(record: Record) -> Iterator[Connection]:
        return (c for c in let_in(record) if c.option == option)

    return Law(requirement, f"a_good_token_by_{option}_is_let_in", items, not_turned_away)


def comebacks(record: Record) -> Iterator[Connection]:
    """The second and further connections of each device, greeted or waited for in vain."""
    devices: set[str] = set()
    for connection in good_connections(record):
        if connection.device in devices and (connection.greeted or given_up(connection, GREETING)):
            yield connection
        devices.add(connection.device)


def greeted_again(connection: Connection) -> None:
    """RECONNECT-GREETED."""
    if not connection.greeted:
        not_in_doubt(connection, GREETING)
        not_limited(connection)
    expect(connection.greeted, f"{CONNECTED} on {connection.title}", "none", at=[connection.opened.serial])


def acked_texts(record: Record) -> Iterator[Send]:
    return record.acked()


def elsewhere(record: Record) -> Iterator[tuple[Connection, Send]]:
    """Accepted messages that another device of the user heard, or waited for in vain."""
    for send in record.accepted():
        if isinstance(send.answer["message"], dict) and send.message.text == str(send.text):
            for listener in good_connections(record):
                if listener.device != send.connection.device and (
                    given_up(listener, message_named(send.message.id)) or parity.heard_on(listener, send) is not None
                ):
                    yield listener, send


def heard_elsewhere(pair: tuple[Connection, Send]) -> None:
    """MESSAGE-DEVICES."""
    parity.heard_by(*pair)


def accepted(record: Record) -> Iterator[Send]:
    return (send for send in record.accepted() if isinstance(send.answer["message"], dict))


def not_of_another_send(send: Send) -> None:
    """ACK-MATCH, beyond what is in flight on one connection: the ack tells of no other text of anybody."""
    text = send.message.text
    others = words_in(text) - words_in(send.text)
    expect(not others, f"the ack of {preview(send.text)}", lambda: f"an ack of {preview(text)}", at=send.at)


OWN = (
    _by("auth"),
    _by("header"),
    Law("RECONNECT-GREETED", "whoever_comes_back_is_greeted", comebacks, greeted_again),
    Law("RECONNECT-RESYNC", "what_was_sent_once_is_shown_once", doubled, shown_once),
    Law("SEND-PLAIN", "a_plain_text_is_accepted", acked_texts, sending.is_accepted),
    Law("ACK-MATCH", "an_ack_tells_of_no_other_text", accepted, not_of_another_send),
    Law("TYPING-SHAPE", "every_typing_event_fits", typing.typing_events, typing.typing_fits),
    Law("MESSAGE-DEVICES", "the_other_device_hears_the_message", elsewhere, heard_elsewhere),
    Law("REJECT-EMITTED", "what_was_refused_is_not_emitted", failed_sends.sends, failed_sends.not_emitted),
    Law("REJECT-STORED", "what_was_refused_is_not_stored", failed_sends.sends, failed_sends.not_stored),
)

_SHARED = (
    laws.CONNECTED_SENT,
    laws.CONNECTED_FIRST,
    laws.CONNECTED_ONCE,
    laws.CONNECTED_SHAPE,
    laws.CONNECTED_OWN,
    laws.CONNECTED_USER,
    laws.CONNECTED_CONVERSATION,
    laws.CONN_NAMESPACE,
    laws.CONN_PACKETS,
    laws.ACK_CALLED,
    laws.ACK_ONCE,
    laws.ACK_ARGUMENT,
    laws.ACK_SHAPE,
    laws.ACK_MATCH,
    laws.PIPELINE_ORDER,
    laws.PARITY_EVENT,
    laws.PARITY_EVENT_ELSEWHERE,
    laws.PARITY_GREETING,
    laws.PARITY_REST,
    laws.PARITY_TIME,
    laws.EVENT_ARGUMENT,
    laws.MESSAGE_SHAPE,
    laws.MESSAGE_ECHO,
    laws.MESSAGE_ONCE,
    laws.MESSAGE_CONVERSATION,
    laws.MESSAGE_DEVICES,
    laws.MESSAGE_ID,
    laws.MESSAGE_ID_LISTED,
    laws.MESSAGE_SENDER,
    laws.MESSAGE_SENDER_ELSEWHERE,
    laws.MESSAGE_STORED,
    laws.SUPPORT_STORED,
    laws.SEND_KEPT,
    laws.HISTORY_ORDER,
    laws.ERROR_SHAPE,
    laws.REST_OPEN,
    laws.REST_SHAPE,
    laws.REST_MEDIA,
)

LAWS: tuple[Law[object], ...] = (*_SHARED, *OWN)  # type: ignore[assignment]  # laws of different items
