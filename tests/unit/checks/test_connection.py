"""A text beyond ASCII comes back over either transport as it was sent; where over neither, that is another's affair."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.checks.connection import carries
from conformance.errors import Deviation, Unverified
from conformance.record.transcript import Kind
from conformance.record.views import Record
from conformance.record.waits import ack_of
from tests.support.handmade import Handmade, message

WORDS = "Zoë 好 😀"
MOJIBAKE = WORDS.encode().decode("latin-1")
REFUSED = {"error": {"code": "SERVER_ERROR", "message": "no"}}

Answer = Callable[[Handmade], object]


def chat(transport: str, answer: Answer) -> Record:
    """A device over a transport sends the text, and what then comes of it."""
    made = Handmade()
    made.opens("phone", transport=transport)
    made.greeted()
    answer(made)
    return made.record


def saved(acked: str, emitted: str) -> Answer:
    def answer(made: Handmade) -> None:
        made.emits({"text": WORDS}, tag="foreign")
        made.event("help_center:message", message(emitted, id="m1"))
        made.ack({"message": message(acked, id="m1")})

    return answer


def lost(made: Handmade) -> None:
    made.emits({"text": WORDS}, tag="foreign")
    made.add(Kind.EXPIRED, waiting=ack_of(1), seconds=15.0)


def refused(made: Handmade) -> None:
    made.emits({"text": WORDS}, tag="foreign")
    made.ack(REFUSED)


def nothing(made: Handmade) -> None:
    """As in transcripts of old, in which no such text was sent."""
    made.says("hello")


def answered_under_its_id(made: Handmade) -> None:
    GOOD(made)
    made.event("help_center:message", message("Thank you.", id="m1", sender="support"))


GOOD = saved(WORDS, WORDS)


def carried(record: Record, other: Record) -> None:
    carries(record.sends, other.sends)


@pytest.mark.parametrize("answer", [GOOD, nothing, answered_under_its_id])
def test_a_text_that_comes_back_as_it_was_sent_is_carried(answer: Answer) -> None:
    carried(chat("polling", answer), chat("websocket", GOOD))


@pytest.mark.parametrize(
    ("answer", "actual"),
    [
        (saved(MOJIBAKE, MOJIBAKE), "ack.message.text"),
        (saved(WORDS, "Zo? ? ?"), "help_center:message.text"),
        (lost, "no ack"),
        (refused, "SERVER_ERROR"),
    ],
)
def test_a_text_that_only_one_transport_alters_is_that_transports_fault(answer: Answer, actual: str) -> None:
    with pytest.raises(Deviation) as found:
        carried(chat("polling", answer), chat("websocket", GOOD))
    assert "over polling" in str(found.value.expected)
    assert actual in str(found.value.actual)


@pytest.mark.parametrize(("answer", "because"), [(saved(MOJIBAKE, MOJIBAKE), "SEND-VERBATIM"), (lost, "ACK-CALLED")])
def test_a_text_that_no_transport_carries_is_not_the_transports_fault(answer: Answer, because: str) -> None:
    with pytest.raises(Unverified) as reason:
        carried(chat("polling", answer), chat("websocket", answer))
    assert reason.value.because == because


def test_an_ack_of_the_message_of_another_send_is_held_against_the_transport_only_where_acks_match() -> None:
    mixed_up = "conformance check 0123abcd number 2"
    with pytest.raises(Deviation) as found:
        carried(chat("polling", saved(mixed_up, WORDS)), chat("websocket", GOOD))
    assert found.value.unless == "ACK-MATCH"
