"""Valid texts that are refused at first, and taken when they are sent again."""

from __future__ import annotations

import pytest

from conformance.checks import retried
from conformance.errors import Deviation, Unverified
from conformance.observations import run
from conformance.record.views import Everything
from tests.support.handmade import Handmade, message

BUSY = {"code": "SERVER_ERROR", "message": "Something went wrong."}
LATER = {"code": "BUSY", "message": "Try again later."}


def chat() -> Handmade:
    made = Handmade()
    made.transcript.wave = retried.STIMULI
    made.opens()
    made.greeted()
    return made


def says(made: Handmade, number: int, *, first: object = None) -> None:
    """A valid text; ``first``: the error of an attempt before the one that is taken."""
    if first is not None:
        made.emits({"text": "hello"}, send=number)
        made.ack({"error": first})
    made.emits({"text": "hello"}, send=number, attempt=1 if first is None else 2)
    made.ack({"message": message("hello", id=f"m{number}")})


def is_refused(made: Handmade, number: int) -> None:
    made.emits({"text": ""}, send=number, valid=False)
    made.ack({"error": {"code": "VALIDATION_ERROR", "message": "empty"}})


def alternating(refusals: int, *, broken: int, others: int = 0, busy: int = 0) -> Everything:
    """Refused texts with a valid one behind each, so many of which fail at first, and other valid ones before that."""
    made = chat()
    for number in range(1, others + 1):
        says(made, number, first=BUSY if number <= busy else None)
    for turn in range(refusals):
        is_refused(made, 100 + 2 * turn)
        says(made, 101 + 2 * turn, first=BUSY if turn < broken else None)
    return Everything([made.record])


@pytest.mark.parametrize(
    ("everything", "holds"),
    [
        (alternating(6, broken=0), True),
        (alternating(6, broken=6, others=10), False),
        (alternating(6, broken=4, others=10), True),
        (alternating(12, broken=5, others=10), True),
        (alternating(6, broken=6, others=10, busy=2), True),
    ],
    ids=["taken", "broken", "few", "mostly taken", "busy anyway"],
)
def test_a_refusal_that_has_the_next_text_fail_once(everything: Everything, holds: bool) -> None:
    if holds:
        retried.survives_refusals(everything)
        return
    with pytest.raises(Deviation, match="6 of 6 were refused with SERVER_ERROR at first") as found:
        retried.survives_refusals(everything)
    assert found.value.transcript == "chat"


def test_what_is_observed() -> None:
    made = chat()
    with pytest.raises(Unverified):
        run.refused_at_first(Everything([made.record]))
    says(made, 1)
    says(made, 2, first=LATER)
    assert run.refused_at_first(Everything([made.record])).value == "none"
    says(made, 3, first=BUSY)
    made.emits({"text": "never taken"}, send=4)
    made.ack({"error": {"code": "OTHER", "message": "no"}})
    reported = 'refused 1 of 4 valid texts and took them when they were sent again: 1 with "SERVER_ERROR"'
    assert run.refused_at_first(Everything([made.record])) == ("SERVER_ERROR", reported)
