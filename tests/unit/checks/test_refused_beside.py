"""A text that is refused ends no other device of its user, but for those of a target that allows one."""

from __future__ import annotations

import pytest

from conformance.checks.assertions import outcome_of
from conformance.checks.sending import survived_by
from conformance.errors import Deviation
from conformance.record.views import Record
from tests.support.handmade import Handmade


def ended_beside_a_refused_text() -> Record:
    made = Handmade("refused_beside_a_device")
    made.transcript.wave = 2
    for device in ("tablet", "phone"):
        made.opens(device)
        made.greeted()
    made.emits({"text": "x" * 2001}, tag="refused", valid=False)
    made.ack({"error": {"code": "VALIDATION_ERROR", "message": "too long"}})
    made.connection = 1
    made.closed("target")
    return made.record


def displaced(*others: str) -> Record:
    """The target ends a device while the user has these, too."""
    made = Handmade("devices")
    for device in ("phone", *others):
        made.opens(device)
        made.greeted()
    made.connection = 1
    made.closed("target")
    return made.record


@pytest.mark.parametrize(
    ("elsewhere", "found"), [((), True), (("tablet",), False), (("tablet", "laptop"), True)], ids=["none", "1", "2"]
)
def test_it_is_excused_only_where_two_devices_are_too_many(elsewhere: tuple[str, ...], found: bool) -> None:
    everything = [displaced(*elsewhere)] if elsewhere else []
    outcome = outcome_of(lambda record: survived_by(record, "tablet", everything), ended_beside_a_refused_text())
    assert isinstance(outcome, Deviation) is found
