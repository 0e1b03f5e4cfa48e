"""How sends are judged that ask for no ack: by events and by what is shown (sections 3.2 and 4.4)."""

from __future__ import annotations

from conformance.checks.assertions import expect
from conformance.checks.doubts import not_in_doubt
from conformance.checks.history_window import HistoryWindow
from conformance.checks.sending import spelled
from conformance.errors import Unverified
from conformance.protocol import ERROR, MESSAGE, SUPPORT, USER
from conformance.record.views import Connection, Event, Record, Send
from conformance.record.waits import errors_of


def events_with(record: Record, text: str) -> list[Event]:
    """The message events that tell of a message with this text, and not in support's name."""
    return [e for e in record.events(MESSAGE) if e.message.text == text and e.message.sender != SUPPORT]


def by_chance(send: Send) -> str | None:
    """What a deviation about a send without an ack says ``unless``: an error event may be its refusal."""
    events = [event for event in send.connection.events(ERROR) if event.entry.serial > send.entry.serial]
    return "SEND-PLAIN" if events else None


def lists(window: HistoryWindow, send: Send) -> None:
    """Deviate unless a conversation shows a message with the text of a send, and not in support's name; or newer
    messages only, the last ones."""
    history = window.history
    _ = history.all("text")
    text, actual = str(send.text), f"{len(history.messages)} others"
    found = [message for message in history.where_is("text", text) if message.sender != SUPPORT]
    shown = found or (window.length and not window.reaches_before(send.entry))
    expect(shown, lambda: f"{history.where} to show {spelled(text)}", actual, at=[history.at], unless=by_chance(send))


def errors_after(connection: Connection, serial: int) -> list[Event]:
    """The error events of a connection from some entry on, but for those that a refusing ack has as well."""
    codes = {send.problem.code for send in connection.record.acked() if send.refused}
    later = [event for event in connection.events(ERROR) if event.entry.serial > serial]
    return [event for event in later if not codes or event.problem.code not in codes]


def each_answered_by_event(record: Record, tag: str) -> None:
    """Deviate unless each send with this tag, which asked for no ack, led to an error event, or to a message: that it
    was accepted is judged elsewhere."""
    record.send("fence")
    own = record.tagged(tag)
    connection = own[0].connection
    if connection.ended_by_target is not None:
        raise Unverified("the connection was ended", because="REJECT-SURVIVED")
    texts = {send.text for send in record.sends if send.valid}
    events = [event for event in connection.events(MESSAGE) if event.message.sender == USER]
    taken = sum(event.message.text not in texts for event in events)
    errors = len(connection.events(ERROR))
    if errors + taken < len(own):
        not_in_doubt(connection, errors_of(len(own)))
    expect(
        errors + taken >= len(own),
        lambda: f"{len(own) - taken} help_center:error, one for each refused text",
        lambda: str(errors),
        at=[send.entry.serial for send in own],
    )
