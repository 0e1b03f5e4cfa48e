"""Whom an unverified requirement points at: the one that judges what went wrong, and saw it."""

from __future__ import annotations

import pytest

from conformance.checks.connection import acked, sound, works
from conformance.checks.history import deep, looks
from conformance.errors import Unverified
from tests.support.handmade import Handmade


def _chat(transport: str = "polling") -> Handmade:
    made = Handmade()
    made.opens(transport=transport)
    made.greeted()
    made.says("one", tag="chat")
    return made


def _unanswered(*, ended: bool) -> Handmade:
    """A chat whose second text has no ack; with ``ended``, because the target ended the connection."""
    made = _chat()
    made.emits({"text": "two"}, tag="chat")
    if ended:
        made.closed("target")
    return made


# -- connections that were not greeted ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "greeted", "judge"),
    [("auth", True, "DEVICE-COEXIST"), ("header", True, "AUTH-HEADER"), ("auth", False, "AUTH-BARE")],
)
def test_a_device_that_is_refused_beside_another_points_at_coexistence(option: str, greeted: bool, judge: str) -> None:
    made = Handmade()
    phone = made.opens("phone")
    if greeted:
        made.greeted()
    made.opens("tablet", option=option)
    made.event("help_center:error", {"code": "UNAUTHORIZED", "message": "Logged in elsewhere."})
    made.closed("target")
    made.connection = phone
    made.closed()
    assert made.record.connection("tablet").blame == judge


def test_a_device_that_is_refused_after_another_left_does_not() -> None:
    made = Handmade()
    made.opens("phone")
    made.greeted()
    made.closed()
    made.opens("tablet")
    made.closed("target")
    assert made.record.connection("tablet").blame == "CONNECTED-SENT"


# -- sends that were not acked -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("ended", "judge"), [(True, "CONN-STAYS"), (False, "ACK-CALLED")])
def test_a_missing_ack_points_at_the_end_of_the_connection_where_it_ended(ended: bool, judge: str) -> None:
    record = _unanswered(ended=ended).record
    with pytest.raises(Unverified) as transport:
        works(acked, record, record, because="ACK-CALLED")
    with pytest.raises(Unverified) as upgrade:
        sound(record, because="CONN-POLLING")
    with pytest.raises(Unverified) as depth:
        deep(next(iter(looks(record))), 20)
    assert [one.value.because for one in (transport, upgrade, depth)] == [judge] * 3


def test_a_doubled_ack_points_at_the_requirement_for_single_ones() -> None:
    made = _chat()
    made.ack({"message": {}})
    with pytest.raises(Unverified) as upgrade:
        sound(made.record, because="CONN-POLLING")
    assert upgrade.value.because == "ACK-ONCE"
