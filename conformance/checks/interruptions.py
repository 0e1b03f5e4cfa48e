"""A chat that is interrupted: its line is cut again and again, its user is away while support answers, or its token
expires while it goes on (section 6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.checks.assertions import expect
from conformance.checks.blame import of_greeting, unauthorized
from conformance.checks.doubts import is_acked, not_in_doubt
from conformance.checks.history_window import greeting_of
from conformance.checks.lifecycle import greeted_again, shows
from conformance.checks.selectors import saved
from conformance.errors import Deviation, Unverified
from conformance.formatting import preview
from conformance.protocol import ERROR, MESSAGE, SUPPORT
from conformance.record.descriptions import said
from conformance.record.payloads import Message
from conformance.record.rate_limits import speaks_of_pace
from conformance.record.views import Connection, Fetch, Record, Send
from conformance.record.waits import ack_of, given_up, message_named

# -- a device that is cut off again and again -----------------------------------------------------------------------


def comebacks(record: Record) -> Sequence[Connection]:
    """The connections of the phone after its first one. Raises Missing where that was its last."""
    found = [one for one in record.connections if one.device == "phone"]
    if len(found) == 1:
        raise record.cut_short("second connection of phone")
    return found[1:]


def greeted_each_time(connection: Connection) -> None:
    """RECONNECT-GREETED. A target may ask for patience where connections follow each other fast, if it says so."""
    if unauthorized(connection):
        reason = f"{connection.title}: {said(connection.entries)}"
        raise Unverified(reason, because=of_greeting(connection))
    if connection.events(ERROR) or any(map(speaks_of_pace, _refusals(connection))):
        raise Unverified(f"so many connections were not let in ({said(connection.entries)}): pass more --users")
    greeted_again(connection)


def _refusals(connection: Connection) -> Iterator[object]:
    return (entry.get("data") for entry in connection.received("CONNECT_ERROR"))


def greeted_comebacks(record: Record) -> Sequence[Connection]:
    """Those that were greeted."""
    came = comebacks(record)
    found = [one for one in came if one.greeted]
    if came and not found:
        raise Unverified("the device was not greeted when it came back", because="RECONNECT-GREETED")
    return found


def shows_what_was_said(connection: Connection) -> None:
    """RECONNECT-RESYNC: all that the user's device had sent before it was cut off."""
    before = [send for send in saved(connection.record) if send.acks[0].serial < connection.opened.serial]
    shows(connection, before)


# -- answers that come while the user is away ------------------------------------------------------------------------


def emitted_on_return(record: Record, times: int) -> None:
    """SUPPORT-EMITTED. What is written in between the reading of a greeting and the moment from which its device hears
    what is emitted may be missed by chance; not each time, however long the user was away."""
    returns = [one for one in record.all_connections if one.device == "phone"][1:]
    asked = ([fetch for fetch in record.fetches if fetch.tag == tag] for tag in ("before", "back"))
    missed = [_missed_on_return(*one) for one in zip(returns, *asked, strict=False)]
    if len(missed) == times and all(missed):
        first = missed[0][0]
        for connection, messages in zip(returns, missed, strict=False):
            for message in messages:
                not_in_doubt(connection, message_named(message.id))
        raise Deviation(
            "a message of support to be in the greeting of a user who returns, or to be emitted then",
            f"neither, {times} times of {times}: {preview(first.text)}",
            at=[returns[0].opened.serial, first.at],
        )


def _missed_on_return(connection: Connection, before: Fetch, back: Fetch) -> list[Message]:
    """The messages of support that REST shows only after a device has returned, and that it waited for in vain. Nothing
    is known where greeting and REST do not both show what the device had said before, under the id of its ack."""
    said = [send for send in connection.record.trials if send.entry.serial < connection.opened.serial]
    greeting, last = greeting_of(connection).history, said[-1].message.id
    if not (greeting.where_is("id", last) and back.history.where_is("id", last)):
        return []
    heard = {e.message.id for c in connection.record.all_connections for e in c.events(MESSAGE)}
    known = {*before.history.ids, *greeting.ids, *heard}
    new = [message for message in back.history.messages if message.sender == SUPPORT and message.id not in known]
    return [message for message in new if given_up(connection, message_named(message.id)) is not None]


# -- a token that expires while its device is connected --------------------------------------------------------------

AFTER = "after"
"""The tag of what is sent on a connection whose token has expired."""


def sent_after_expiry(record: Record) -> list[Send]:
    """What was sent on a connection whose token had expired, and asked for an ack."""
    return [send for send in record.trials if send.tag == AFTER and send.asked]


def saved_after_expiry(record: Record) -> list[Send]:
    """Those that were acked as saved."""
    return [s for s in sent_after_expiry(record) if s.acks and s.accepted and isinstance(s.answer["message"], dict)]


def answered_somehow(send: Send) -> None:
    """ACK-CALLED: with a message or an error; or the connection ends, or the error comes as an event."""
    connection = send.connection
    told = [event for event in connection.events(ERROR) if event.entry.serial > send.entry.serial]
    if told or connection.ended_by_target is not None or is_acked(send):
        return
    silent = given_up(connection, ack_of(send.number))
    expect(
        silent is None,
        lambda: f"an ack of send #{send.number} {preview(send.args[0])}, on a connection whose token has expired",
        f"none, nor {ERROR}, nor the end of the connection",
        at=[send.entry.serial],
    )
