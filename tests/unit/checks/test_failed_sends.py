"""Good texts that were answered with an error: what came of the attempt that failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from conformance.checks import failed_sends
from conformance.checks.law import check_records
from conformance.errors import Deviation, Unverified
from conformance.protocol import MESSAGE
from tests.support.handmade import CONVERSATION, Handmade, message

WORDS = "conformance check 0a1b2c3d number 1"
ERROR = {"code": "SERVER_ERROR", "message": "no"}


def refused(text: str = WORDS, *, listed: Sequence[object] = ()) -> Handmade:
    """A device's text is answered with an error."""
    made = Handmade()
    made.opens("phone")
    made.greeted(listed)
    made.emits({"text": text}, send=1)
    made.ack({"error": ERROR})
    return made


def again(made: Handmade, text: str = WORDS, *, id: str = "m2") -> None:
    """The text is sent again and accepted."""
    made.emits({"text": text}, send=1, attempt=2)
    reported = message(text, id=id)
    made.event(MESSAGE, reported)
    made.ack({"message": reported})


def listing(made: Handmade, *messages: object, route: str = "REST") -> None:
    if route == "REST":
        made.fetches({"conversation": CONVERSATION, "messages": list(messages)}, began=made.transcript.entries[-1].at)
    else:
        made.opens("tablet")
        made.greeted(messages)


def judged(made: Handmade, law: Callable[[failed_sends.Failed], None]) -> str | None:
    try:
        check_records([made.record], failed_sends.sends, law, nothing="nothing failed")
    except Deviation as deviation:
        return deviation.actual
    return None


def test_what_failed_and_was_accepted_then_is_there_once() -> None:
    made = refused()
    again(made)
    listing(made, message(WORDS, id="m2"), message(WORDS, id="s1", sender="support"))
    assert judged(made, failed_sends.not_stored) is None
    assert judged(made, failed_sends.not_emitted) is None


def test_what_failed_is_emitted_before_it_is_sent_again() -> None:
    made = refused()
    made.event(MESSAGE, message(WORDS, id="m1"))
    again(made)
    assert "is in help_center:message" in (judged(made, failed_sends.not_emitted) or "")


def test_what_failed_is_emitted_later() -> None:
    made = refused()
    again(made)
    made.event(MESSAGE, message(WORDS, id="m1"))
    assert (judged(made, failed_sends.not_emitted) or "").endswith("twice")


@pytest.mark.parametrize("route", ["REST", "greeting"])
def test_what_failed_is_stored(route: str) -> None:
    made = refused()
    listing(made, message(WORDS, id="m1"), route=route)
    assert "SERVER_ERROR" in (judged(made, failed_sends.not_stored) or "")


@pytest.mark.parametrize("route", ["REST", "greeting"])
def test_what_failed_and_what_was_accepted_are_both_stored(route: str) -> None:
    made = refused()
    again(made)
    listing(made, message(WORDS, id="m1"), message(WORDS, id="m2"), route=route)
    assert (judged(made, failed_sends.not_stored) or "").endswith("twice")


def test_a_text_that_every_run_sends_may_be_there_from_earlier_ones() -> None:
    old = message("constructor", id="m0")
    made = refused("constructor", listed=[old])
    listing(made, old, message("constructor", id="m1"), route="REST")
    assert judged(made, failed_sends.not_stored) is None  # REST may show more than the greeting
    listing(made, old, route="greeting")
    assert judged(made, failed_sends.not_stored) is None
    listing(made, old, message("constructor", id="m1"), route="greeting")
    assert judged(made, failed_sends.not_stored) is not None


def test_where_acks_are_mixed_up_nothing_is_said_of_errors() -> None:
    made = refused()
    listing(made, message(WORDS, id="m1"), route="REST")
    made.says("another text", saved=message(WORDS, id="m1"))
    assert not list(failed_sends.sends(made.record))


@pytest.mark.parametrize(
    ("answers", "holds"),
    [([ERROR], True), ([], True), ([{**ERROR, "code": "VALIDATION_ERROR"}], False)],
    ids=["the same error", "no answer", "an error of its own"],
)
def test_an_error_that_may_be_of_another_text_is_held_against_none(answers: Sequence[object], holds: bool) -> None:
    made = Handmade()
    tablet = made.opens("tablet")
    made.greeted()
    phone = made.opens("phone")
    made.greeted()
    made.emits({"text": WORDS}, send=1)
    made.connection = tablet
    made.emits({"text": ""}, send=2, valid=False)
    made.connection = phone
    made.ack({"error": ERROR}, id=1)
    made.connection = tablet
    for error in answers:
        made.ack({"error": error}, id=2)
    listing(made, message(WORDS, id="m1"))
    assert (judged_alone(made) is None) is holds


def judged_alone(made: Handmade) -> str | None:
    try:
        check_records([made.record], failed_sends.sends, failed_sends.not_stored)
    except Deviation as deviation:
        return deviation.actual
    return None


def doubled(*, stored: Sequence[str], acked: bool = True) -> Handmade:
    """The same text twice, the second time answered with an error; then REST lists it under these ids."""
    made = Handmade()
    made.opens("phone")
    made.greeted([])
    made.emits({"text": WORDS}, send=1)
    if acked:
        made.ack({"message": message(WORDS, id="m1")})
    made.emits({"text": WORDS}, send=2)
    made.ack({"error": ERROR})
    listing(made, *(message(WORDS, id=one) for one in stored))
    return made


def test_the_same_text_again_may_be_refused() -> None:
    assert judged(doubled(stored=["m1"]), failed_sends.not_stored) is None


def test_the_same_text_again_failed_and_is_stored() -> None:
    assert (judged(doubled(stored=["m1", "m2"]), failed_sends.not_stored) or "").endswith("twice")


def test_what_was_not_acked_may_be_the_one_that_is_stored() -> None:
    with pytest.raises(Unverified):
        judged(doubled(stored=["m1"], acked=False), failed_sends.not_stored)


# -- in flight -----------------------------------------------------------------------------------------------------


def in_flight(*answers: object) -> Handmade:
    """Texts that were sent at once, and how each of them was answered: by the message of the text with that number, by
    an error, or not at all."""
    made = Handmade()
    made.opens("phone")
    made.greeted()
    for number in range(len(answers)):
        made.emits({"text": f"text {number}"}, tag="before", plain=True)
    for place, answer in enumerate(answers, 1):
        if isinstance(answer, int):
            made.ack({"message": message(f"text {answer}", id=f"m{answer}")}, id=place)
        elif answer is not None:
            made.ack({"error": answer}, id=place)
    return made


def test_texts_in_flight_are_taken() -> None:
    failed_sends.taken_in_flight(in_flight(0, 1).record, "before")


@pytest.mark.parametrize(
    ("answers", "judge"),
    [((1, 0), "ACK-MATCH"), ((0, 0), "ACK-MATCH"), ((0, None), "ACK-CALLED"), ((0, ERROR), "SEND-PLAIN")],
)
def test_texts_in_flight_that_are_not_taken_have_nothing_to_do_with_refusals(
    answers: Sequence[object], judge: str
) -> None:
    with pytest.raises(Unverified) as reason:
        failed_sends.taken_in_flight(in_flight(*answers).record, "before")
    assert reason.value.because == judge
