"""What holds for every event of a run, and for every message that is emitted (sections 3.1 and 4.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conformance.checks.assertions import expect, expect_schema
from conformance.checks.selectors import good_connections, object_of, saved
from conformance.formatting import preview
from conformance.protocol import EMITTED, MESSAGE
from conformance.record.payloads import Message
from conformance.record.views import Connection, Event, Record


def help_center_events(record: Record) -> Iterator[Event]:
    """What the document names (section 3.1), on every connection; of other events it says nothing."""
    return (event for event in record.events() if event.name in EMITTED)


def one_object(event: Event) -> None:
    """EVENT-ARGUMENT. The offset that Socket.IO itself adds where it recovers connections is not an argument."""
    holds = len(event.args) == 1 and isinstance(event.payload, dict)
    what = f"{event.name} with one argument, an object"
    expect(holds, what, lambda: f"the arguments {preview(list(event.args))}", at=[event.entry.serial])


def messages(record: Record) -> Iterator[Event]:
    return (event for connection in good_connections(record) for event in connection.events(MESSAGE))


def message_fits(event: Event) -> None:
    """MESSAGE-SHAPE."""
    expect_schema("message", object_of(event), MESSAGE, at=[event.entry.serial])


def emitted_once(connection: Connection) -> None:
    """MESSAGE-ONCE."""
    events = connection.heard(MESSAGE)
    times = Counter((event.message.id, event.message.text) for event in events)
    twice = [event for event in events if times[event.message.id, event.message.text] > 1]
    actual = ", ".join(f"{preview(event.message.id)}" for event in twice[:4])
    at = [event.entry.serial for event in twice]
    expect(not twice, f"each message once on {connection.title}", f"again: {actual}", at=at)


class OneMessageForEachId:
    """MESSAGE-ID, over the message events of a whole run. Ids that are unique within each conversation will do: clients
    use them nowhere else."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], str] = {}

    def __call__(self, event: Event) -> None:
        message = event.message
        seen = self._seen.setdefault((message.conversation_id, message.id), message.text)
        expect(
            seen == message.text,
            f"one message with the id {message.id}",
            lambda: f"{preview(seen)} and {preview(message.text)}",
            at=[event.entry.serial],
        )


def said(record: Record) -> Iterator[tuple[Connection, Message]]:
    """Every message in an event or ack, with the connection it came on."""
    for connection in good_connections(record):
        if connection.greeted:
            yield from ((connection, event.message) for event in connection.events(MESSAGE))
    yield from ((send.connection, send.message) for send in saved(record) if send.connection.greeted)


def in_its_conversation(pair: tuple[Connection, Message]) -> None:
    """MESSAGE-CONVERSATION."""
    connection, message = pair
    own = connection.history.conversation.id
    expect(
        message.conversation_id == own,
        lambda: f"{message.where}.conversationId to be the conversation of the greeting, {preview(own)}",
        lambda: preview(message.conversation_id),
        at=[message.at],
    )
