"""Verdicts and exit codes: the table of the contract with scripts and CI (design), and the file that is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.report.outcome import Outcome, OutcomeKind, Status
from conformance.report.verdict import (
    Contradiction,
    Finding,
    Observation,
    Result,
    Verdict,
    contradictions,
    erred,
    findings,
)
from conformance.requirements import Level, Profile, Requirement, catalogue
from conformance.schema import validator
from tests.support.handmade import FACTS

PASSED, FAILED, UNVERIFIED, WAIVED, ERROR = Status


def finding(level: Level, status: Status, name: str = "SEND-TRIM", reason: str = "why") -> Finding:
    return Finding(
        Requirement(name, "4.5", level, "title", "statement"), status, ["suites/test_send.py::test_a"], reason
    )


def result(*statuses: Status, should: Status = PASSED, **state: Any) -> Result:
    """MUSTs of these statuses and one SHOULD."""
    musts = [finding(Level.MUST, status, f"MUST-{number}") for number, status in enumerate(statuses)]
    return Result([*musts, finding(Level.SHOULD, should, "SHOULD-0")], facts=FACTS, **state)


PYTESTS_OWN = None
TABLE = [
    # what happened                                      verdict           must  --level=should  --allow-incomplete
    ("all passed", result(PASSED, PASSED), "conformant", 0, 0, 0),
    ("waived", result(PASSED, WAIVED), "conformant", 0, 0, 0),
    ("nothing judged", Result([], facts=FACTS), "partial", PYTESTS_OWN, PYTESTS_OWN, PYTESTS_OWN),
    ("a MUST failed", result(PASSED, FAILED), "non-conformant", 1, 1, 1),
    ("a MUST failed, others unverified", result(UNVERIFIED, FAILED), "non-conformant", 1, 1, 1),
    ("a SHOULD failed", result(PASSED, should=FAILED), "conformant", 0, 1, 0),
    ("a SHOULD failed, MUSTs unverified", result(UNVERIFIED, should=FAILED), "incomplete", 10, 1, 0),
    ("a SHOULD waived", result(PASSED, should=WAIVED), "conformant", 0, 0, 0),
    ("a MUST unverified", result(PASSED, UNVERIFIED), "incomplete", 10, 10, 0),
    ("a SHOULD unverified", result(PASSED, should=UNVERIFIED), "conformant", 0, 0, 0),
    ("a judgement erred", result(PASSED, ERROR), "error", 3, 3, 3),
    ("a judgement of a SHOULD erred", result(PASSED, should=ERROR), "error", 3, 3, 3),
    ("erred and failed", result(FAILED, ERROR), "error", 3, 3, 3),
    ("erred elsewhere", result(PASSED, broken=True), "error", 3, 3, 3),
    ("erred in a selection", result(ERROR, complete=False), "error", 3, 3, 3),
    ("gone, nothing failed", result(UNVERIFIED, gone="stopped"), "incomplete", 4, 4, 4),
    ("gone, a MUST failed before", result(FAILED, UNVERIFIED, gone="stopped"), "non-conformant", 1, 1, 1),
    ("gone, a SHOULD failed before", result(UNVERIFIED, should=FAILED, gone="stopped"), "incomplete", 4, 1, 4),
    ("a selection", result(PASSED, complete=False), "partial", PYTESTS_OWN, PYTESTS_OWN, PYTESTS_OWN),
    ("a selection with failures", result(FAILED, complete=False), "partial", PYTESTS_OWN, PYTESTS_OWN, PYTESTS_OWN),
    ("quick, all passed", result(PASSED, profile=Profile.QUICK), "partial", 0, 0, 0),
    ("quick, a MUST failed", result(PASSED, FAILED, profile=Profile.QUICK), "partial", 1, 1, 1),
    ("quick, a MUST unverified", result(UNVERIFIED, profile=Profile.QUICK), "partial", 10, 10, 0),
    ("quick, gone", result(UNVERIFIED, profile=Profile.QUICK, gone="stopped"), "partial", 4, 4, 4),
    ("quick, ended early", result(UNVERIFIED, profile=Profile.QUICK, ended="late"), "partial", 10, 10, 10),
    ("quick, a judgement erred", result(ERROR, profile=Profile.QUICK), "error", 3, 3, 3),
    (
        "a selection of quick",
        result(FAILED, profile=Profile.QUICK, complete=False),
        "partial",
        PYTESTS_OWN,
        PYTESTS_OWN,
        PYTESTS_OWN,
    ),
    ("interrupted", result(FAILED, interrupted=True), "interrupted", PYTESTS_OWN, PYTESTS_OWN, PYTESTS_OWN),
    ("interrupted and erred", result(ERROR, interrupted=True), "interrupted", PYTESTS_OWN, PYTESTS_OWN, PYTESTS_OWN),
]


@pytest.mark.parametrize(
    ("judged", "verdict", "must", "should", "allowed"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_verdict_and_exit_codes(
    judged: Result, verdict: str, must: int | None, should: int | None, allowed: int | None
) -> None:
    assert judged.verdict == verdict
    assert judged.exit_code(level=Level.MUST, allow_incomplete=False) == must
    assert judged.exit_code(level=Level.SHOULD, allow_incomplete=False) == should
    assert judged.exit_code(level=Level.MUST, allow_incomplete=True) == allowed


def test_the_table_has_every_verdict_and_every_exit_code_of_ours() -> None:
    assert {row[2] for row in TABLE} == set(Verdict)
    assert {code for row in TABLE for code in row[3:]} == {0, 1, 3, 4, 10, PYTESTS_OWN}


# -- from judgements to requirements ---------------------------------------------------------------------------------


def outcome(status: Status, reason: str = "why", *, test: str = "t", ids: tuple[str, ...] = ("SEND-TRIM",)) -> Outcome:
    return Outcome(test, ids, OutcomeKind(status), "" if status is PASSED else reason)


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        ([PASSED, PASSED], PASSED),
        ([PASSED, UNVERIFIED], UNVERIFIED),
        ([UNVERIFIED, WAIVED, PASSED], WAIVED),
        ([FAILED, WAIVED], FAILED),
        ([FAILED, UNVERIFIED, PASSED], FAILED),
        ([PASSED, FAILED, ERROR], ERROR),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else str(value),
)
def test_a_requirement_is_what_its_worst_judgement_is(statuses: list[Status], worst: Status) -> None:
    for order in (statuses, statuses[::-1]):
        (found,) = findings(catalogue(), [outcome(status, test=f"t{n}") for n, status in enumerate(order)])
        assert found.status is worst
        assert len(found.tests) == len(statuses)


def test_the_reason_is_that_of_the_worst_judgements_one_of_each_kind() -> None:
    reported = [
        outcome(UNVERIFIED, "no user"),
        outcome(FAILED, 'expected 10 ack; got {id: "B"}'),
        outcome(FAILED, 'expected 1 ack; got {id: "A"}'),
        outcome(FAILED, "expected an event; got nothing"),
    ]
    reason = 'expected 1 ack; got {id: "A"} (and 1 more like it); besides: expected an event; got nothing'
    assert findings(catalogue(), reported)[0].reason == reason


def test_what_a_waiver_says_is_said_once() -> None:
    why = ("expected an ack; got nothing", "expected an event; got an error")
    waived = [
        Outcome("t", ["SEND-TRIM"], OutcomeKind.WAIVED, one, excuse="fixed soon (until 2030-01-31)") for one in why
    ]
    assert findings(catalogue(), waived)[0].reason == (
        "fixed soon (until 2030-01-31); expected an ack; got nothing; besides: expected an event; got an error"
    )


def test_reasons_of_many_kinds_are_counted_in_the_end() -> None:
    reported = [outcome(FAILED, f"expected {word}") for word in "abcdefg"]
    assert findings(catalogue(), reported)[0].reason.endswith("besides: expected e; besides: 2 more of other kinds")


def test_the_file_names_contradictions_where_there_are_any() -> None:
    contradiction = Contradiction("SEND-MAX", "SEND-TRIM", "it was let in (see SEND-TRIM)")
    reported = result(UNVERIFIED, contradictions=[contradiction]).to_json()
    assert reported["contradictions"] == [
        {"id": "SEND-MAX", "because": "SEND-TRIM", "reason": "it was let in (see SEND-TRIM)"}
    ]
    assert validator.fits("verdict", reported)
    assert "contradictions" not in result(UNVERIFIED).to_json()
    assert contradiction.says.startswith("SEND-MAX is unverified for a failure of SEND-TRIM, which passed")


def test_who_is_unverified_for_a_failure_of_what_passed_contradicts_it() -> None:
    reported = [
        outcome(PASSED, test="one"),
        Outcome("two", ["SEND-MAX"], OutcomeKind.UNVERIFIED, "it was let in (see SEND-TRIM)", "SEND-TRIM"),
        Outcome("three", ["SEND-MIN"], OutcomeKind.UNVERIFIED, "it was late (see SEND-MAX)", "SEND-MAX"),
    ]
    found = findings(catalogue(), reported)
    assert [f"{one.id} {one.because}" for one in contradictions(found, reported)] == ["SEND-MAX SEND-TRIM"]
    reported[0] = outcome(FAILED, "expected", test="one")
    assert not contradictions(findings(catalogue(), reported), reported)


@pytest.mark.parametrize(
    ("reason", "line"),
    [("", "no reason given"), ("two\nlines\r\nand a\ttab", "two lines and a tab"), ("\ud800\x1b", "\\ud800\\u001b")],
)
def test_a_reason_is_one_printable_line(reason: str, line: str) -> None:
    assert findings(catalogue(), [outcome(FAILED, reason)])[0].reason == line


def test_a_judgement_of_two_requirements_counts_for_both_and_once_for_one() -> None:
    found = findings(catalogue(), [outcome(FAILED, ids=("SEND-TRIM", "SEND-MAX", "SEND-TRIM"))])
    assert [(f.requirement.id, list(f.tests)) for f in found] == [("SEND-MAX", ["t"]), ("SEND-TRIM", ["t"])]


def test_findings_stand_in_the_order_of_the_catalogue() -> None:
    order = [name for name in catalogue() if catalogue()[name].level in (Level.MUST, Level.SHOULD)]
    found = findings(catalogue(), [outcome(PASSED, ids=(name,)) for name in reversed(order)])
    assert [f.requirement.id for f in found] == order


def test_observations_are_no_findings_but_errors_all_the_same() -> None:
    assert not findings(catalogue(), [outcome(ERROR, ids=("OBS-TRIM",))])
    assert erred([outcome(PASSED), outcome(ERROR, ids=("OBS-TRIM",))])
    assert not erred([outcome(FAILED), outcome(UNVERIFIED)])


def test_the_summary_counts_each_level_apart() -> None:
    summary = result(PASSED, FAILED, FAILED, WAIVED, should=UNVERIFIED).summary()
    assert summary == {
        "must": {"passed": 1, "failed": 2, "unverified": 0, "waived": 1, "error": 0},
        "should": {"passed": 0, "failed": 0, "unverified": 1, "waived": 0, "error": 0},
    }


# -- verdict.json ----------------------------------------------------------------------------------------------------


def written(judged: Result, folder: Path) -> Any:
    def no_constant(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(judged.write(folder).read_text("utf-8"), parse_constant=no_constant)


@pytest.mark.parametrize("judged", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
def test_verdict_json_fits_its_schema(judged: Result, tmp_path: Path) -> None:
    assert validator.mismatches("verdict", written(judged, tmp_path)) == []


def test_verdict_json_fits_its_schema_whatever_the_judgements_said(tmp_path: Path) -> None:
    reasons = ["", "\n", "NaN", "\ud800\udc00\ud800", 'quoted " and \\', "\x00\x1b", "‹redacted› ß \U0001f600"]
    reported = [
        outcome(status, reason, ids=(name,), test=f"{name}-{status}")
        for name, reason in zip(catalogue(), reasons, strict=False)
        for status in (FAILED, UNVERIFIED)
    ]
    observed = [Observation("OBS-TRIM", "4.5", "\ud800", "two\nlines"), Observation("OBS-NUL", "4.5", "", "")]
    file = written(Result(findings(catalogue(), reported), observed, facts=FACTS), tmp_path)
    assert validator.mismatches("verdict", file) == []
    assert [one["says"] for one in file["observations"]] == ["two lines", "no reason given"]
    assert file["observations"][0]["value"] == "\ud800"


def test_only_what_did_not_pass_has_a_reason(tmp_path: Path) -> None:
    file = written(result(PASSED, FAILED), tmp_path)
    assert ["reason" in one for one in file["requirements"]] == [False, True, False]


def test_no_number_that_is_no_json_is_ever_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        Result([], facts={**FACTS, "seconds": float("nan")}).write(tmp_path)
    assert not list(tmp_path.iterdir())
