"""The schema of verdict.json."""

import re
from copy import deepcopy

import pytest

from conformance.schema.mismatch import shortened
from conformance.schema.validator import fits, mismatches
from tests.unit.schema.examples import VERDICT, found

# The harness's own file


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (lambda verdict: verdict, "extra"),
        (lambda verdict: verdict["summary"], "summary.extra"),
        (lambda verdict: verdict["summary"]["must"], "summary.must.extra"),
        (lambda verdict: verdict["requirements"][0], "requirements[0].extra"),
        (lambda verdict: verdict["observations"][0], "observations[0].extra"),
    ],
    ids=["root", "summary", "counts", "requirement", "observation"],
)
def test_a_verdict_has_no_unknown_fields(place, expected):
    verdict = deepcopy(VERDICT)
    place(verdict)["extra"] = 1
    assert not fits("verdict", verdict)
    assert found("verdict", verdict) == [(expected, "no such field", "1")]


@pytest.mark.parametrize(
    "path",
    ["summary.must", "summary.should", "summary.must.passed", "summary.should.error", "requirements[0].id",
     "requirements[0].section", "requirements[0].level", "requirements[0].title", "requirements[0].status",
     "requirements[0].tests", "observations[0].id", "observations[0].section", "observations[0].value",
     "observations[0].says"],
)  # fmt: skip
def test_a_verdict_is_complete(path):
    verdict = deepcopy(VERDICT)
    *way, field = re.findall(r"[a-z]+|[0-9]+", path)
    parent = verdict
    for step in way:
        parent = parent[int(step) if step.isdigit() else step]
    del parent[field]
    assert found("verdict", verdict) == [(path, "present", "missing")]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"status": "skipped"}, "requirements[0].status"),
        ({"level": "MUST"}, "requirements[0].level"),
        ({"id": "send trim"}, "requirements[0].id"),
        ({"tests": ["a", "a"]}, "requirements[0].tests"),
        ({"reason": "two\nlines"}, "requirements[0].reason"),
    ],
    ids=shortened,
)
def test_a_requirement_is_held_to_the_contract(change, path):
    verdict = deepcopy(VERDICT)
    verdict["requirements"][0] = {**verdict["requirements"][0], "reason": "a line", **change}
    assert [mismatch.path for mismatch in mismatches("verdict", verdict)] == [path]


@pytest.mark.parametrize("status", ["failed", "unverified", "waived", "error"])
def test_a_requirement_that_did_not_pass_has_a_reason(status):
    verdict = deepcopy(VERDICT)
    verdict["requirements"][0]["status"] = status
    [mismatch] = mismatches("verdict", verdict)
    assert (mismatch.path, mismatch.expected) == (
        "requirements[0]",
        "a reason beside every status but passed",
    )


@pytest.mark.parametrize("count", [-1, 1.5, "1", True], ids=shortened)
def test_counts_are_whole_numbers(count):
    verdict = deepcopy(VERDICT)
    verdict["summary"]["should"]["waived"] = count
    assert [mismatch.path for mismatch in mismatches("verdict", verdict)] == ["summary.should.waived"]


def test_what_older_verdicts_lack_is_optional():
    later = ("scope", "options", "rejudged")
    assert fits("verdict", {key: VERDICT[key] for key in VERDICT if key not in later})
