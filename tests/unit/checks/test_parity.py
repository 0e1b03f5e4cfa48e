"""What a user's other devices hear: of a text whose sender was cut off before its ack, and of any other."""

from __future__ import annotations

import pytest

from conformance.checks.law import check_records
from conformance.checks.parity import beside, heard_as_listed, listed_unacked, without_gaps
from conformance.errors import Deviation, Unverified
from conformance.protocol import MESSAGE
from conformance.record.views import Record
from tests.support.handmade import Handmade, message

LOST = message("lost", id="m1")


def cut_off(*, heard: bool = False, listed: bool = True, ended: bool = False) -> Record:
    """A phone is cut off as it sends, while a tablet stays; then a guest is shown the conversation."""
    made = Handmade()
    tablet = made.opens("tablet")
    made.greeted()
    made.opens("phone")
    made.greeted()
    made.emits({"text": "lost"})
    made.closed(reason="dropped")
    if heard:
        made.event(MESSAGE, LOST, connection=tablet)
    if ended:
        made.closed(by="target", connection=tablet)
    made.opens("guest")
    made.greeted([LOST, message("lost", id="m2", sender="support")] if listed else [])
    made.closed()
    made.closed(connection=tablet)
    return made.record


def judge(record: Record) -> None:
    check_records([record], listed_unacked, heard_as_listed)


@pytest.mark.parametrize("record", [cut_off(heard=True), cut_off(listed=False)], ids=["heard", "lost for good"])
def test_a_text_that_was_heard_or_lost_for_good_is_right(record: Record) -> None:
    judge(record)


def test_a_text_that_is_listed_and_was_not_heard_is_missed() -> None:
    with pytest.raises(Deviation, match="none, while help_center:connected"):
        judge(cut_off())


def test_nothing_is_missed_on_a_device_whose_connection_was_ended() -> None:
    with pytest.raises(Unverified) as caught:
        judge(cut_off(ended=True))
    assert caught.value.because == "DEVICE-COEXIST"


def two_devices(*, heard: bool = False, ended: bool = False) -> Record:
    """A tablet is there as a phone sends a text."""
    made = Handmade()
    tablet = made.opens("tablet")
    made.greeted()
    if ended:
        made.closed(by="target")
    made.opens("phone")
    made.greeted()
    said = made.says("hello", tag="renewed")
    if heard:
        made.event(MESSAGE, said, connection=tablet)
    made.closed()
    made.closed(connection=tablet)
    return made.record


@pytest.mark.parametrize("record", [two_devices(heard=True), two_devices(ended=True)], ids=["heard", "was not there"])
def test_a_device_hears_what_is_sent_beside_it(record: Record) -> None:
    check_records([record], lambda record: beside(record, "renewed"), without_gaps)


def test_a_device_misses_what_is_sent_beside_it() -> None:
    with pytest.raises(Deviation, match="none"):
        check_records([two_devices()], lambda record: beside(record, "renewed"), without_gaps)
