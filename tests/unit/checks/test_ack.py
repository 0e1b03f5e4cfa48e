"""Errors that come for nothing: which devices are judged. Acks of what is in flight."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.checks.ack import acked_in_flight, did_nothing_wrong
from conformance.checks.laws import ACK_MATCH as LAW
from conformance.errors import Deviation, Unverified
from conformance.protocol import TYPING
from conformance.record.transcript import Kind
from conformance.record.views import Record
from tests.support.handmade import Handmade, message


def _two_devices(**wrong: Any) -> Handmade:
    """A tablet that does nothing; and a phone that does something wrong."""
    made = Handmade()
    made.transcript.wave = 2
    made.opens("tablet")
    made.greeted()
    made.opens("phone")
    made.greeted()
    made.emits({"text": ""}, valid=False, **wrong)
    return made


@pytest.mark.parametrize("ack", [True, False])
def test_a_device_is_judged_while_another_does_something_wrong(ack: bool) -> None:
    made = _two_devices(ack=ack)
    assert [connection.device for connection in did_nothing_wrong(made.record)] == ["tablet"]


def test_a_device_that_emits_anything_else_than_a_text_is_not() -> None:
    made = _two_devices()
    made.packet(Kind.SENT, "EVENT", connection=1, event=TYPING, args=[{"isTyping": True}])
    assert not list(did_nothing_wrong(made.record))


# -- in flight ---------------------------------------------------------------------------------------------------

REFUSED = {"error": {"code": "SLOW_MODE", "message": "Not so fast."}}


def _in_flight(*answers: Any) -> Record:
    """One text for each answer; all are sent before the first one is acked."""
    made = Handmade()
    made.opens()
    made.greeted()
    for number in range(1, len(answers) + 1):
        made.emits({"text": f"text {number}"}, plain=True)
    for number, answer in enumerate(answers, 1):
        made.ack(answer, id=number)
    return made.record


def _saved(number: int) -> dict[str, Any]:
    return {"message": message(f"text {number}", id=f"m{number}")}


def test_a_text_is_in_flight_beside_one_that_is_refused() -> None:
    record = _in_flight(REFUSED, _saved(2), REFUSED)
    assert [send.number for send in acked_in_flight(record)] == [2]
    LAW.check([record])


def test_an_ack_that_went_to_another_send_than_the_one_that_was_accepted() -> None:
    with pytest.raises(Deviation, match="the ack of send #2"):
        LAW.check([_in_flight(REFUSED, _saved(1))])


def test_a_text_that_follows_the_ack_of_a_refused_one_is_not_in_flight() -> None:
    made = Handmade()
    made.opens()
    made.greeted()
    made.emits({"text": "text 1"}, plain=True)
    made.ack(REFUSED)
    made.says("text 2", plain=True)
    assert not list(acked_in_flight(made.record))


def test_what_was_refused_in_flight_is_said() -> None:
    expected = r'2 of 2 were refused with "SLOW_MODE", "Not so fast."'
    with pytest.raises(Unverified, match=expected):
        LAW.check([_in_flight(REFUSED, REFUSED)])


def test_texts_one_after_the_other_show_nothing() -> None:
    made = Handmade()
    made.opens()
    made.greeted()
    made.says(plain=True)
    with pytest.raises(Unverified, match="no two were ever in flight together"):
        LAW.check([made.record])
