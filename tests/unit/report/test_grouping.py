"""Deviations on the terminal: one block for each requirement."""

from __future__ import annotations

import pytest

from conformance.report.grouping import one_each
from conformance.report.naming import full_name
from conformance.report.outcome import Outcome, OutcomeKind, put
from conformance.requirements import catalogue


def report(name: str, requirement: str | None, reason: str = "expected a; got b") -> pytest.TestReport:
    made = pytest.TestReport(f"suites/test_x.py::{name}", ("x", 1, name), {}, "failed", f"block of {name}", "call")
    if requirement is not None:
        put(made, Outcome(made.nodeid, [requirement], OutcomeKind.FAILED, reason))
    return made


def test_one_block_for_each_requirement_names_the_others() -> None:
    reports = [report("test_a", "SEND-TRIM"), report("test_b", "SEND-MAX"), report("test_c_d[tab]", "SEND-TRIM")]
    first, second = one_each(reports)
    assert first.longreprtext == "block of test_a\n\n  Also      c d (tab): expected a; got b"
    assert second is reports[1]


def test_the_simplest_stands_for_all() -> None:
    (shown,) = one_each([report("test_a_long_name", "SEND-TRIM"), report("test_b", "SEND-TRIM")])
    assert shown.longreprtext == "block of test_b\n\n  Also      a long name: expected a; got b"


def test_many_others_are_counted() -> None:
    (shown,) = one_each([report(f"test_{number}", "SEND-TRIM") for number in range(9)])
    assert shown.longreprtext.count("expected a; got b") == 5
    assert shown.longreprtext.endswith("and 3 more: -vv shows each as a whole")


def test_what_is_no_deviation_stands_alone() -> None:
    reports = [report("test_a", None), report("test_b", None)]
    assert one_each(reports) == reports


@pytest.mark.parametrize(
    ("test", "name"),
    [
        ("test_a[tab]", "SEND-TRIM MUST 4.5: white space around a text is trimmed | a (tab)"),
        ("test_white_space_around_a_text_is_trimmed", "SEND-TRIM MUST 4.5: white space around a text is trimmed"),
    ],
)
def test_a_name_has_id_level_section_and_title(test: str, name: str) -> None:
    assert full_name(f"suites/test_x.py::{test}", [catalogue()["SEND-TRIM"]]) == name
