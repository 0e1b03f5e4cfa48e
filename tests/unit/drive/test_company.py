"""Who was recorded beside whom."""

from __future__ import annotations

from conformance.drive.company import Company
from conformance.record.transcript import Transcript


def test_those_that_were_recorded_together_were_not_alone_however_they_end() -> None:
    company, one, two, three = Company(), *(Transcript(key, key) for key in ("one", "two", "three"))
    with company.joined(one), company.joined(two):
        assert company.running == {"one": one, "two": two}
    with company.joined(three):
        pass
    assert [company.was_alone(each) for each in (one, two, three)] == [False, False, True]


def test_one_that_is_recorded_anew_may_be_alone_then() -> None:
    company, one, two = Company(), Transcript("one", "one"), Transcript("two", "two")
    with company.joined(one), company.joined(two):
        pass
    with company.joined(one):
        pass
    assert company.was_alone(one)
    assert not company.was_alone(two)
