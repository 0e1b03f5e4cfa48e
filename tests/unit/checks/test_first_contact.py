"""First contacts: a device that is not let in, beside what the run knows of several devices."""

from __future__ import annotations

import pytest

from conformance.checks.first_contact import Contact, let_in_with_others
from conformance.errors import Deviation
from conformance.record.views import Record
from tests.support.handmade import Handmade


def _devices(*greeted: bool, ended: bool = True) -> Record:
    """As many devices of a user, one beside the other; the first one is ended in the end, greeted or not."""
    made = Handmade()
    for name, one in zip(("phone", "tablet", "laptop"), greeted, strict=False):
        made.opens(name)
        if one:
            made.greeted()
    if ended:
        made.connection = 1
        made.closed("target", reason="Engine.IO close packet")
    return made.record


TWO_STAY = _devices(True, True, ended=False)
THIRD_ENDS_ONE = _devices(True, True, True)
NOT_LET_IN = Contact(_devices(False, True, True), "user 1")


def test_one_of_three_is_ended_where_the_run_shows_that_two_are_kept() -> None:
    let_in_with_others(NOT_LET_IN, "phone", TWO_STAY, [TWO_STAY, THIRD_ENDS_ONE])


def test_one_of_three_is_not_ended_where_all_are_kept_otherwise() -> None:
    three_stay = _devices(True, True, True, ended=False)
    with pytest.raises(Deviation, match="every device of a brand-new user to be greeted"):
        let_in_with_others(NOT_LET_IN, "phone", TWO_STAY, [TWO_STAY, three_stay])


def test_those_that_were_never_greeted_show_nothing_of_a_limit() -> None:
    with pytest.raises(Deviation):
        let_in_with_others(NOT_LET_IN, "phone", TWO_STAY, [TWO_STAY, NOT_LET_IN.record])


def test_one_of_them_has_to_get_in() -> None:
    nobody = Contact(_devices(False, False, False), "user 1")
    with pytest.raises(Deviation):
        let_in_with_others(nobody, "phone", TWO_STAY, [THIRD_ENDS_ONE])
