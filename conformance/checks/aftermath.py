"""What texts leave behind of which the document does not say whether they are valid: those with half of a surrogate
pair, say. A target may accept or refuse them; but their user comes back and chats on, and what was refused is not
stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.checks.assertions import expect
from conformance.checks.controls import not_greeted_again
from conformance.checks.doubts import was_greeted
from conformance.checks.limits import not_limited
from conformance.checks.selectors import good_connections
from conformance.checks.sending import is_taken
from conformance.checks.unique_words import words_in
from conformance.formatting import preview
from conformance.protocol import CONNECTED
from conformance.record.descriptions import said
from conformance.record.views import Connection, Record, Send


@dataclass(frozen=True)
class Aftermath:
    """Such a text, as an unjudged device sent it, and a connection of its user that came later."""

    text: Send
    connection: Connection

    @property
    def at(self) -> list[int]:
        return [*self.text.at, self.connection.opened.serial, self.connection.entries[-1].serial]


def after(*, accepted: bool) -> Callable[[Record], Iterator[Aftermath]]:
    """What followed the texts that were acked as saved, or all others, of devices that were greeted."""

    def found(record: Record) -> Iterator[Aftermath]:
        trials = [send for send in record.trials if send.connection.good and send.connection.greeted]
        for connection in good_connections(record):
            own = (send for send in trials if send.connection.user == connection.user)
            before = (send for send in own if send.entry.serial < connection.opened.serial)
            texts = [send for send in before if bool(send.acks and send.accepted) is accepted]
            if texts and connection.handshake_completed:
                yield Aftermath(texts[-1], connection)

    return found


def greeted(aftermath: Aftermath) -> None:
    """CONNECTED-SENT, and REJECT-SURVIVED of texts that were not accepted."""
    connection = aftermath.connection
    if not was_greeted(connection):
        not_limited(connection)
    what = f"{CONNECTED} after {_what(aftermath.text)}"
    actual = lambda: said(connection.entries) or "nothing"  # noqa: E731
    expect(connection.greeted, what, actual, at=aftermath.at, unless=not_greeted_again(connection))


def chats_on(aftermath: Aftermath) -> None:
    """REJECT-SURVIVED."""
    greeted(aftermath)
    for send in aftermath.connection.record.acked():
        if send.connection is aftermath.connection and send.plain:
            is_taken(send, _what(aftermath.text))


def refused(record: Record) -> Iterator[Aftermath]:
    """What followed each text that was acked with an error, and not sent again."""
    refusals = [
        send for send in record.trials if send.connection.good and not send.valid and send.acks and send.refused
    ]
    for connection in good_connections(record):
        for send in refusals:
            earlier = send.connection.user == connection.user and send.entry.serial < connection.opened.serial
            if earlier and connection.greeted:
                yield Aftermath(send, connection)


def not_stored(aftermath: Aftermath) -> None:
    """REJECT-STORED, by the words of the text: what cannot be stored is replaced or removed."""
    words, history = words_in(aftermath.text.text), aftermath.connection.history
    stored = [message for message in history.messages if words & words_in(message.text)]
    actual = lambda: f"{preview(aftermath.text.answer)}, and {history.where} shows {preview(stored[0].text)}"  # noqa: E731
    expect(not stored, f"nothing of {_what(aftermath.text)} to be stored", actual, at=aftermath.at)


def _what(send: Send) -> str:
    end = "was accepted" if send.acks and send.accepted else "was not accepted"
    return f"the text {preview(send.text)}, which {end}"
