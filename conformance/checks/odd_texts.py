"""Texts that a target may accept or refuse: one that it acked is the same wherever it is shown under the id of its ack,
and comes back whole (sections 4.5, 4.6 and 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.checks.assertions import expect
from conformance.checks.history_window import Channel, only_one, windows
from conformance.checks.parity import Copy
from conformance.checks.selectors import saved_oddities
from conformance.checks.sending import spelled
from conformance.inputs.odd_texts import WHITE_SPACE
from conformance.inputs.texts import WHITE
from conformance.record.payloads import Message
from conformance.record.views import Record, Send
from conformance.schema import validator

_ENDS = WHITE + WHITE_SPACE


def event(send: Send) -> Message | None:
    """The event that the sending connection received under the id of the ack."""
    alike = send.connection.messages_with("id", send.message.id)
    return only_one([event.message for event in alike if validator.fits("message", event.payload)])


def in_events(record: Record) -> Iterator[Copy]:
    """Each such text that was accepted, with the event that its sender received."""
    return (Copy(send, event) for send in saved_oddities(record))


def in_histories(channel: Channel) -> Callable[[Record], Iterator[Copy]]:
    """Each such text that was accepted, with every greeting or REST body that was asked for after its ack."""

    def found(record: Record) -> Iterator[Copy]:
        for window in (window for window in windows(record) if window.channel == channel):
            for send in saved_oddities(record):
                if send.connection.user == window.user and send.acks[0].at <= window.began:
                    yield Copy(send, window.under_its_id)

    return found


def everywhere(record: Record) -> Iterator[Copy]:
    """Ack, event, greetings and REST bodies of each such text that was accepted. What becomes of U+0000 is observed
    (OBS-NUL)."""
    acks = (Copy(send, lambda send: send.message) for send in saved_oddities(record))
    copies = (*acks, *in_events(record), *in_histories("greeting")(record), *in_histories("REST")(record))
    return (copy for copy in copies if isinstance(copy.send.text, str) and "\0" not in copy.send.text)


def whole(copy: Copy) -> None:
    """SEND-VERBATIM. Whatever any language trims may be missing at the ends."""
    shown = copy.twin
    if shown is not None:
        text = str(copy.send.text).strip(_ENDS)
        expected = f"the text to be {spelled(text)} everywhere, however its characters are counted"
        actual = lambda: f"{shown.where}.text: {spelled(shown.text)}"  # noqa: E731
        expect(shown.text.strip(_ENDS) == text, expected, actual, at=[*copy.send.at, shown.at])
