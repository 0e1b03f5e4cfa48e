"""The copies of one message: ack, event, greeting and REST show the same of it (sections 4.2, 4.6 and 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product

from conformance.checks.assertions import expect
from conformance.checks.blame import SHAPES
from conformance.checks.doubts import not_in_doubt
from conformance.checks.history_window import windows
from conformance.checks.selectors import good_connections, object_of, saved
from conformance.errors import Deviation, Unverified
from conformance.formatting import preview
from conformance.protocol import CONNECTED, MESSAGE, SUPPORT, TYPING, USER
from conformance.record.payloads import Message
from conformance.record.transcript import Kind
from conformance.record.views import Connection, Event, Record, Send
from conformance.record.waits import given_up, message_named, message_of
from conformance.schema import timestamps

CLOSE = 1.0
"""Seconds that two writings of one instant may differ by: a database may keep fewer digits than the clock gives."""


@dataclass(frozen=True)
class Copy:
    """How a message is found again after its ack: by an event, or in one history."""

    send: Send
    find: Callable[[Send], Message | None]

    @property
    def twin(self) -> Message | None:
        """The same message. Of a text that was refused at first, another message is of an attempt that failed, which
        REJECT-STORED and REJECT-EMITTED judge."""
        found = self.find(self.send)
        again = found is not None and len(self.send.attempts) > 1 and found.id != self.send.message.id
        return None if again else found


def to_the_sender(record: Record) -> list[Copy]:
    """Each accepted message with the event that its sender received."""
    return [Copy(send, echo) for send in saved(record)]


def to_greetings(record: Record) -> list[Copy]:
    """Each accepted message with every greeting that was asked for after its ack."""
    return list(_later(record, "greeting"))


def to_rest(record: Record) -> list[Copy]:
    """Each accepted message with every REST body that was asked for after its ack."""
    return list(_later(record, "REST"))


def _later(record: Record, channel: str) -> Iterator[Copy]:
    for window in (window for window in windows(record) if window.channel == channel):
        for send in saved(record):
            if send.connection.user == window.user and send.acks[0].at <= window.began:
                yield Copy(send, window.find)


def all_copies(record: Record) -> list[Copy]:
    """All of these."""
    return [*to_the_sender(record), *to_other_devices(record), *to_greetings(record), *to_rest(record)]


def echo(send: Send) -> Message | None:
    """The event by which the sending connection received its message."""
    return heard_on(send.connection, send)


def heard_on(connection: Connection, send: Send) -> Message | None:
    """The event by which a connection received this message."""
    event = send.event_on(connection)
    return None if event is None else event.message


def to_other_devices(record: Record) -> list[Copy]:
    """Each accepted message with the event that another device of the user received, where one did."""
    good = list(good_connections(record))
    return [
        Copy(send, partial(heard_on, connection))
        for send in saved(record)
        for connection in good
        if connection is not send.connection and connection.user == send.connection.user
    ]


def heard(send: Send) -> None:
    """MESSAGE-ECHO: nothing is said of a message that was not waited for, nor of one that was emitted under another id
    (which is PARITY-EVENT's)."""
    waiting = message_of(send.number)
    if given_up(send.connection, waiting) and send.heard_on(send.connection) is None:
        not_in_doubt(send.connection, waiting)
        readable(send.connection)
        raise Deviation(f"{MESSAGE} for the sender of send #{send.number}", "none", at=send.at)


def heard_by(listener: Connection, send: Send) -> None:
    """MESSAGE-DEVICES. Whether a server keeps several devices of a user at all is DEVICE-COEXIST's."""
    if heard_on(listener, send) is None:
        if listener.ended_by_target is not None or not listener.greeted:
            raise Unverified(f"{listener.title} was not connected", because="DEVICE-COEXIST")
        not_in_doubt(listener, message_named(send.message.id))
        readable(listener)
        raise Deviation(f"{MESSAGE} of send #{send.number} on {listener.title}", "none", at=send.at)


def beside(record: Record, tag: str) -> Iterator[tuple[Connection, Send]]:
    """Accepted sends with this tag, each with every other connection that its user had before and after it."""
    listeners = [c for c in good_connections(record) if c.greeted and c.ended_by_target is None]
    for send in (send for send in saved(record) if send.tag == tag and _matched(send)):
        others = (c for c in listeners if c is not send.connection and c.user == send.connection.user)
        yield from ((c, send) for c in others if c.opened.serial < send.entry.serial and c.left > send.acks[0].serial)


def listed_unacked(record: Record) -> Iterator[tuple[Connection, Message]]:
    """Messages that a greeting lists though their sender was cut off before the ack, with each connection that the user
    had before and after that."""
    for send in (send for send in record.sends if send.asked and send.valid and not send.acks):
        cut = send.connection.left
        for shown in (c for c in good_connections(record) if c.greeted and c.opened.serial > cut):
            listed = [one for one in shown.history.where_is("text", str(send.text)) if one.sender != SUPPORT]
            stayed = [c for c in good_connections(record) if c.opened.serial < cut and c.left > shown.history.at]
            yield from product(stayed, listed)


def heard_as_listed(pair: tuple[Connection, Message]) -> None:
    """MESSAGE-DEVICES, of ``listed_unacked``."""
    heard_as_told(*pair)


def heard_as_told(listener: Connection, message: Message) -> None:
    """MESSAGE-DEVICES, of a message without an ack, as another device or a history tells of it."""
    if listener.ended_by_target is not None or not listener.greeted:
        raise Unverified(f"{listener.title} was not connected", because="DEVICE-COEXIST")
    if not (listener.messages_with("id", message.id) or listener.messages_with("text", message.text)):
        not_in_doubt(listener, message_named(message.id))
        readable(listener)
        expected = f"{MESSAGE} of {preview(message.text)} on {listener.title}"
        raise Deviation(expected, f"none, while {message.where} tells of it", at=[message.at])


def missed_by_listeners(record: Record) -> Iterator[tuple[Connection, Send]]:
    """Gaps in what a device hears of another one: a message that its sender heard, and not this device, which was there
    before and heard a later one, sent when the first one had been acked. Not on connections that move to another
    transport (CONN-UPGRADE)."""
    good = [c for c in good_connections(record) if c.greeted and c.transport != "upgrade"]
    for listener in (c for c in good if c.ended_by_target is None):
        since = listener.events(CONNECTED)[0].entry.serial
        payloads = [event.payload for event in listener.events(MESSAGE) if isinstance(event.payload, dict)]
        ids = [payload.get("id") for payload in payloads]
        others = [s for s in saved(record) if s.connection in good and s.connection is not listener]
        own = [s for s in others if s.connection.user == listener.user and s.entry.serial > since and _matched(s)]
        last = max((send.entry.serial for send in own if send.message.id in ids), default=0)
        missed = (send for send in own if send.acks[0].serial < last and send.message.id not in ids)
        yield from ((listener, send) for send in missed if echo(send) is not None)


def _matched(send: Send) -> bool:
    """Whether an ack tells of its own send, and not of another message (ACK-MATCH and SEND-VERBATIM judge that)."""
    return send.message.text == str(send.text).strip()


def without_gaps(pair: tuple[Connection, Send]) -> None:
    """MESSAGE-DEVICES, of ``missed_by_listeners``."""
    heard_by(*pair)


def readable(connection: Connection) -> None:
    """Raises Unverified where message events came whose id cannot be read: one of them may be the one."""
    for event in connection.events(MESSAGE):
        object_of(event)
        _ = event.message.id


def agree(copy: Copy) -> None:
    """PARITY-EVENT, PARITY-GREETING and PARITY-REST. The whole difference is shown."""
    twin = copy.twin
    if twin is not None:
        mine = copy.send.message
        expect(not (actual := differences(mine, twin)), f"{twin.where} as {mine.where}", actual, at=[mine.at, twin.at])


def differences(one: Message, other: Message) -> str:
    """In which fields two writings of one message differ; instants within a second count as equal."""
    id_and_conversation = {"id": (one.id, other.id), "conversationId": (one.conversation_id, other.conversation_id)}
    found = [f"{name} {preview(a)} and {preview(b)}" for name, (a, b) in id_and_conversation.items() if a != b]
    return ", ".join([*found, *filter(None, [different_content(one, other)])])


def different_content(one: Message, other: Message) -> str:
    """As ``differences``, of sender, text and time."""
    fields = {"sender": (sender(one), sender(other)), "text": (one.text, other.text)}
    found = [f"{name} {preview(a)} and {preview(b)}" for name, (a, b) in fields.items() if a != b]
    if apart(one, other) > CLOSE:
        found.append(f"createdAt {one.created_at} and {other.created_at}")
    return ", ".join(found)


def apart(one: Message, other: Message) -> float:
    """Seconds between two writings of one instant. Raises Unverified where one is not an instant."""
    seconds = timestamps.seconds_apart(one.created_at, other.created_at)
    if seconds is None:
        worse = one if timestamps.parse(one.created_at) is None else other
        raise Unverified(f"{worse.where}.createdAt is not an instant", because=SHAPES[worse.shape])
    return seconds


def same_instant(copy: Copy) -> None:
    """PARITY-TIME; what is more than a second apart is judged by the other three."""
    twin = copy.twin
    if twin is not None:
        mine = copy.send.message
        seconds = apart(mine, twin)
        actual = f"{mine.created_at} and {twin.created_at}"
        same = seconds == 0 or seconds > CLOSE
        expect(same, f"one createdAt in {mine.where} and {twin.where}", actual, at=[mine.at, twin.at])


# -- who says what (section 4.2) ---------------------------------------------------------------------------------


def acked(record: Record) -> list[Copy]:
    """Each accepted message as its ack has it."""
    return [Copy(send, lambda send: send.message) for send in saved(record)]


def from_the_user(copy: Copy) -> None:
    """MESSAGE-SENDER."""
    twin = copy.twin
    if twin is None:
        return
    said = sender(twin)
    expect(said == "user", f"{twin.where}.sender to be user", lambda: preview(said), at=[*copy.send.at, twin.at])


def sender(message: Message) -> str:
    """Who sent it. Raises Unverified for a sender that the document does not know: that is a matter of shape."""
    if message.sender not in (USER, SUPPORT):
        because = SHAPES[message.shape]
        raise Unverified(f"{message.where}.sender is {preview(message.sender)}", because=because)
    return message.sender


def in_the_users_name(record: Record) -> list[tuple[Record, Event]]:
    """Message events of the sender user, in scenarios that did nothing but send documented texts with a callback."""
    emitted = {e.get("event") for c in record.connections for e in c.entries if e.kind is Kind.SENT}
    if record.transcript.wave != 1 or TYPING in emitted or not all(send.acks for send in record.sends):
        return []
    events = (event for connection in good_connections(record) for event in connection.events(MESSAGE))
    own = [event for event in events if isinstance(event.payload, dict) and event.payload.get("sender") == "user"]
    known = list(record.conversation_ids)  # what is looked for may be anything, hashable or not
    return [(record, e) for e in own if e.payload.get("conversationId") in known]


def sent_by_the_user(pair: tuple[Record, Event]) -> None:
    """MESSAGE-SENDER, the other way round: a message of the sender user was sent in this scenario."""
    record, event = pair
    message = event.message
    if message.text.strip() in record.senders:
        return
    ids = {send.message.id for send in saved(record)}
    expect(
        message.id in ids,
        "the sender user only for what the user sent",
        lambda: f"{preview(message.text)}, which was never sent",
        at=[message.at],
    )
