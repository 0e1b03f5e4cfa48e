"""How sends are judged that ask for no ack: by events and by what is shown (sections 3.2 and 4.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from conformance.checks.assertions import check_all, expect
from conformance.checks.controls import session_lost
from conformance.checks.doubts import not_in_doubt
from conformance.checks.history_window import HistoryWindow
from conformance.checks.limits import errors_behind
from conformance.checks.parity import heard_as_told
from conformance.checks.sending import spelled
from conformance.errors import Unverified
from conformance.inputs.texts import WHITE
from conformance.protocol import ERROR, MESSAGE, SUPPORT, USER
from conformance.record.payloads import Message
from conformance.record.views import Connection, Event, Record, Send
from conformance.record.waits import errors_of, message_of

_START = 40
"""Characters by which a text is recognized that may have been changed behind them: its own words."""


def events_of(send: Send) -> list[Event]:
    """The message events that tell of the message of a send, with white space around it or without."""
    return [event for event in send.record.events(MESSAGE) if _says(event.message, send)]


def _says(message: Message, send: Send) -> bool:
    same = message.text.strip(WHITE) == str(send.text).strip(WHITE)
    return same and message.sender != SUPPORT


def trimmed(send: Send, windows: Iterable[HistoryWindow]) -> None:
    """Deviate where a message shows white space around the text of a send, in an event or in one of these windows."""
    told = [event.message for event in events_of(send)]
    listed = [one for window in windows for one in window.history.messages if _says(one, send)]
    if not told and not listed:
        raise Unverified(f"the message of send #{send.number} is shown nowhere", because="SEND-UNACKED")
    _say([*told, *listed], str(send.text).strip(WHITE))


def _say(messages: Sequence[Message], text: str) -> None:
    """Deviate for each message that shows another text."""

    def judge(message: Message) -> None:
        expect(
            message.text == text,
            lambda: f"{message.where}.text: {spelled(text)}",
            lambda: spelled(message.text),
            at=[message.at],
        )

    check_all(messages, judge)


def emitted(send: Send) -> None:
    """Deviate where no event tells of the message of a send."""
    not_in_doubt(send.connection, message_of(send.number))
    expect(events_of(send), "a help_center:message of the text", "none", at=send.at, unless=by_chance(send))


def heard_beside(listener: Connection, send: Send) -> None:
    """Deviate where a device does not hear a message of which an event tells another one (MESSAGE-DEVICES)."""
    told = [event for event in events_of(send) if event.entry.serial < listener.left]
    if not told:
        not_in_doubt(send.connection, message_of(send.number))
        reason = f"no event told of the message of send #{send.number}"
        raise Unverified(reason, because=by_chance(send) or (None if events_of(send) else "SEND-UNACKED"))
    heard_as_told(listener, told[0].message)


def surely_taken(sends: Sequence[Send]) -> Sequence[Send]:
    """Sends that asked for no ack and went out at once; none where error events followed: nobody knows which of them
    these refuse. A limit of rate may, and texts that are sent one by one show what is accepted."""
    return [] if any(errors_behind(send) for send in sends) else sends


def verbatim(send: Send, windows: Iterable[HistoryWindow]) -> None:
    """Deviate where a message that begins as the text of a send does shows another text. Raises Unverified where there
    is none."""
    start, own = str(send.text)[:_START], str(send.text)
    told = [event.message for event in send.record.events(MESSAGE)]
    listed = [message for window in windows for message in window.history.messages]
    alike = [one for one in (*told, *listed) if one.sender != SUPPORT and one.text.startswith(start)]
    if not alike:
        raise Unverified(f"the message of send #{send.number} is shown nowhere", because="SEND-UNACKED")
    _say(alike, own)


def same_id(send: Send, windows: Iterable[HistoryWindow]) -> None:
    """Deviate where a history lists the message of a send under another id than its event had. A history may show so
    few messages that it is none of them; whether it is shown at all, SEND-UNACKED judges, and whether twice,
    RECONNECT-RESYNC."""
    told = {event.message.id for event in events_of(send)}
    if not told:
        raise Unverified(f"no event told of the message of send #{send.number}", because="SEND-UNACKED")
    shown = [[one for one in window.history.messages if _says(one, send)] for window in windows]
    listed = [one for own in shown if not any(one.id in told for one in own) for one in own]

    def judge(message: Message) -> None:
        expect(
            message.id in told,
            lambda: f"{message.where}.id: {', '.join(sorted(told))}, as in the event",
            lambda: message.id,
            at=[message.at],
        )

    check_all(listed, judge)


def by_chance(send: Send) -> str | None:
    """What a deviation about a send without an ack says ``unless``: an error event may be its refusal, and it may have
    been sent to a target that had ended the connection."""
    if errors_behind(send):
        return "SEND-PLAIN"
    return None if send.connection.ended_by_target is None else session_lost(send.connection) or "CONN-STAYS"


def lists(window: HistoryWindow, send: Send) -> None:
    """Deviate unless a conversation shows a message with the text of a send, and not in support's name; or newer
    messages only, the last ones."""
    history = window.history
    _ = history.all("text")
    actual = f"{len(history.messages)} others"
    found = any(_says(message, send) for message in history.messages)
    shown = found or (window.length and not window.reaches_before(send.entry))
    expect(
        shown,
        lambda: f"{history.where} to show {spelled(str(send.text))}",
        actual,
        at=[history.at],
        unless=by_chance(send),
    )


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
