"""Saved runs, judged again: whether the verdict of then holds, and that what is judged is left as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.report.outcome import Status
from conformance.report.rejudge import Agreement, agreement, earlier
from conformance.report.verdict import Finding, Result
from conformance.requirements import Level, Requirement
from conformance.schema import validator
from tests.faults.battery import QUICK, SECRET, VERDICT_ONLY, Certified, certify, certify_app
from tests.faults.fault import load_all
from tests.support.checkout import CHAT, TOKENS, Checkout, Run
from tests.support.handmade import FACTS

SCOPE = {"requirements": "1" * 64, "schemas": "2" * 64, "transcripts": "3" * 64}
SCOPED = {**FACTS, "scope": SCOPE}


def finding(name: str, status: str, tests: int = 1) -> Finding:
    one = Requirement(name, "4.5", Level.MUST, "title", "statement")
    return Finding(one, Status(status), [f"suites/test_x.py::test_{name}_{n}" for n in range(tests)], "why")


def result(complete: bool = True, **statuses: str) -> Result:
    return Result([finding(name, status) for name, status in statuses.items()], complete=complete, facts=SCOPED)


def reported(was: Result | dict[str, Any], now: Result) -> Agreement:
    return agreement(was if isinstance(was, dict) else was.to_json(), now)


# -- what agrees ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("was", "now", "agrees", "differences"),
    [
        (result(A="passed", B="failed"), result(A="passed", B="failed"), True, []),
        (result(A="passed"), result(A="failed"), False, [("A", "passed", "failed")]),
        (result(A="failed", B="failed"), result(A="failed", B="waived"), False, [("B", "failed", "waived")]),
        (result(A="passed", B="passed"), result(A="passed"), False, [("B", "passed", "not judged")]),
        (result(A="passed"), result(A="passed", B="passed"), False, [("B", "not judged", "passed")]),
        (result(A="passed", B="passed"), result(False, A="passed"), None, []),
        (result(A="passed", B="passed"), result(False, A="failed"), False, [("A", "passed", "failed")]),
        (result(False, A="passed"), result(A="passed", B="unverified"), None, []),
        (result(False, A="passed"), result(False, A="passed"), True, []),
        (result(False, A="passed"), result(False, B="passed"), None, []),
    ],
    ids=[
        "same",
        "another-status",
        "now-waived",
        "one-less",
        "one-more",
        "a-selection",
        "a-selection-that-differs",
        "once-a-selection",
        "same-selection",
        "another-selection",
    ],
)
def test_the_same_verdict_and_statuses_agree(was: Result, now: Result, agrees: bool, differences: list[Any]) -> None:
    found = reported(was, now)
    assert found.agrees is agrees
    assert [(one.id, one.was, one.now) for one in found.differences] == differences


def test_a_requirement_of_which_not_all_was_judged_contradicts_nothing() -> None:
    was = Result([finding("A", "failed", tests=2)], facts=SCOPED)
    assert reported(was, result(False, A="passed")).agrees is None


def test_an_error_of_the_harness_contradicts_the_same_statuses() -> None:
    assert reported(result(A="passed"), replace(result(A="passed"), broken=True)).agrees is False


def test_what_changed_since_is_named() -> None:
    now = replace(result(A="passed"), facts={**SCOPED, "harness": "0.2.0", "scope": {**SCOPE, "transcripts": "4" * 64}})
    found = reported(result(A="passed"), now)
    assert (found.agrees, list(found.changed)) == (True, ["harness", "transcripts"])
    assert list(found.lines()) == [
        "same verdict and findings: conformant (of 2026-01-01T00:00:00+00:00, http://127.0.0.1:3000)",
        "the transcripts have changed since: altered, added or lost",
        "changed since that verdict: harness",
    ]


def test_a_verdict_without_a_scope_can_be_held_against() -> None:
    was = {name: value for name, value in result(A="passed").to_json().items() if name != "scope"}
    assert reported(was, result(A="passed")).changed == []


def test_what_the_terminal_says_of_differences() -> None:
    many = {f"A{n}": "passed" for n in range(30)}
    lines = list(reported(result(**many), result(**dict.fromkeys(many, "failed"))).lines())
    assert lines[0] == (
        "DIFFERENT: the verdict was conformant, is now non-conformant; 30 requirements have another status "
        "(of 2026-01-01T00:00:00+00:00, http://127.0.0.1:3000)"
    )
    assert (lines[1], lines[-1], len(lines)) == ("A0 was passed, is now failed", "and 10 more: see verdict.json", 22)


def test_an_older_verdict_that_is_the_same_but_for_its_findings_says_so() -> None:
    was = Result([finding("A", "passed"), finding("B", "passed")], facts=SCOPED).to_json()
    (line, *_) = agreement(was, result(A="passed")).lines()
    assert line.startswith(
        "DIFFERENT: the verdict is still conformant; 1 requirement has another status (of 2026-01-01T"
    )


def test_what_the_terminal_says_where_nothing_can_be_said() -> None:
    (line,) = agreement(None, result(A="passed")).lines()
    assert line == "nothing to compare with: there is no verdict.json beside the transcripts"
    (line,) = reported(result(A="passed"), result(False, A="passed")).lines()
    assert line.startswith(
        "no differences, but only part of the run was judged: the verdict was conformant, is now partial"
    )


@pytest.mark.parametrize("now", [result(A="failed"), result(False, A="passed")], ids=["differs", "part"])
def test_it_fits_the_schema(now: Result) -> None:
    for found in (reported(result(A="passed"), now), agreement(None, now)):
        verdict = replace(now, facts={**SCOPED, "rejudged": found.to_json()}).to_json()
        assert validator.mismatches("verdict", {**verdict, "requirements": []}) == []


@pytest.mark.parametrize("content", [None, "", "[]", "{}", "[" * 100_000])
def test_what_is_no_verdict_is_none(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "verdict.json").write_text(content, encoding="utf-8")
    assert earlier(tmp_path) is None


# -- by the command line -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("rejudge"), chat=CHAT, tokens=TOKENS)


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    return tmp_path / "reports"


def rejudged(run: Run) -> Any:
    assert run.verdict is not None, run.output
    return run.verdict["rejudged"]


def contents(folder: Path) -> dict[str, bytes]:
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return {name: content for name, content in found.items() if not name.startswith("rejudged/")}


def test_a_run_is_left_alone_by_what_judges_it_again(checkout: Checkout) -> None:
    first = checkout.run()
    before = contents(first.reports)
    again = checkout.run("--rejudge=reports")
    assert (first.code, again.code) == (0, 0)
    assert contents(first.reports) == before
    verdict = json.loads((first.reports / "rejudged" / "verdict.json").read_text(encoding="utf-8"))
    assert (verdict["rejudged"]["agrees"], verdict["rejudged"]["changed"]) == (True, [])
    assert first.verdict is not None
    assert verdict["scope"] == first.verdict["scope"]
    assert again.line("rejudged same").startswith("rejudged same verdict and findings: conformant (of ")
    assert again.line("reports ") == f"reports  {first.reports / 'rejudged'}"
    checkout.run()  # and the next run takes away what was said of the last
    assert not (first.reports / "rejudged" / "verdict.json").exists()


@pytest.mark.parametrize("reports", ["reports", "./reports/", "reports/transcripts"])
def test_reports_into_the_run_that_is_judged_are_refused(checkout: Checkout, reports: str) -> None:
    checkout.run()
    run = checkout.run("--rejudge=reports", f"--reports={reports}")
    assert run.code == 4
    assert run.line("ERROR: ").startswith(f"ERROR: --reports={reports} would overwrite the run that is judged again")
    assert (checkout.folder / "reports" / "verdict.json").exists()


def test_altered_transcripts_are_reported_of_and_judged(checkout: Checkout, tmp_path: Path) -> None:
    checkout.run(f"--reports={tmp_path}")
    chat = tmp_path / "transcripts" / "chat.jsonl"
    chat.write_text(chat.read_text(encoding="utf-8").replace('"text": "hello"', '"text": " hello"'), encoding="utf-8")
    again = checkout.run(f"--rejudge={tmp_path}", f"--reports={tmp_path}/again")
    assert again.code == 1  # the exit code is the verdict's, as ever
    assert rejudged(again)["agrees"] is False
    assert rejudged(again)["changed"] == ["transcripts"]
    assert rejudged(again)["differences"] == [{"id": "SEND-TRIM", "was": "passed", "now": "failed"}]
    assert again.line(
        "rejudged DIFFERENT: the verdict was conformant, is now non-conformant; 1 requirement has another status"
    )
    assert again.line("rejudged the transcripts have changed since")
    assert again.line("rejudged SEND-TRIM was passed, is now failed")


def test_a_selection_is_held_against_what_it_judges(checkout: Checkout, tmp_path: Path) -> None:
    checkout.run(f"--reports={tmp_path}")
    again = checkout.run("-k", "SEND-TRIM", f"--rejudge={tmp_path}", f"--reports={tmp_path}/again")
    assert (again.code, rejudged(again)["agrees"], rejudged(again)["differences"]) == (0, None, [])
    assert again.verdict is not None
    assert again.verdict["options"]["selection"] == ["-k SEND-TRIM"]


def test_transcripts_alone_are_judged_too(checkout: Checkout, tmp_path: Path) -> None:
    checkout.run(f"--reports={tmp_path}")
    (tmp_path / "verdict.json").unlink()
    again = checkout.run(f"--rejudge={tmp_path}", f"--reports={tmp_path}/again")
    assert (again.code, rejudged(again)["agrees"], rejudged(again)["earlier"]) == (0, None, None)
    assert again.line("rejudged nothing to compare with: there is no verdict.json")


# -- with the real suites ------------------------------------------------------------------------------------------


def agrees(live: Certified, folder: Path) -> None:
    """Judge a run again, with no server and no secret; its verdict holds."""
    again = certify(None, folder / "again", f"--rejudge={folder}", *VERDICT_ONLY, secret="")
    assert again.verdict, again.output
    assert again.verdict["rejudged"] == {
        "agrees": True,
        "earlier": {name: live.verdict[name] for name in ("verdict", "target", "started", "seed")},
        "changed": [],
        "differences": [],
    }
    assert again.exit_code == live.exit_code
    assert again.verdict["observations"] == live.verdict["observations"]


@pytest.mark.parametrize("name", ["RoomsByPrefix", "HangsUpOnNull"])
def test_it_agrees_on_a_broken_server(name: str, tmp_path: Path) -> None:
    fault = load_all()[name]
    live = certify_app(fault.build(SECRET), tmp_path, *QUICK)
    assert fault.breaks <= live.failed, live.output
    agrees(live, tmp_path)


def test_a_saved_run_is_judged_again_without_a_server(checkout: Checkout, reports: Path) -> None:
    first = checkout.run(f"--reports={reports}")
    stale = reports / "transcripts" / "stale.jsonl"
    stale.write_text("of another run", encoding="utf-8")
    again = checkout.run(f"--rejudge={reports / 'transcripts'}", f"--reports={reports}-again")
    assert (first.code, again.code) == (0, 0)
    assert first.verdict is not None
    assert again.verdict is not None
    assert again.verdict["requirements"] == first.verdict["requirements"]
    assert again.verdict["target"] == f"saved transcripts in {reports / 'transcripts'}"
    checkout.run("-k", "SEND-TRIM", f"--reports={reports}")
    assert {path.stem for path in (reports / "transcripts").iterdir()} == {"chat"}
    missing = checkout.run(f"--rejudge={reports}", f"--reports={reports}-missing")
    assert (missing.code, missing.reason("AUTH-EXPIRED")) == (10, "the saved run has no such transcript")
    assert missing.verdict is not None
    assert (missing.verdict["rejudged"]["agrees"], missing.verdict["rejudged"]["earlier"]["verdict"]) == (
        None,
        "partial",
    )


def test_a_record_that_was_cut_off(checkout: Checkout, reports: Path) -> None:
    folder = reports / "transcripts"
    folder.mkdir(parents=True)
    (folder / "chat.jsonl").write_text('{"transcript": {"key"', encoding="utf-8")
    run = checkout.run(f"--rejudge={reports}", f"--reports={reports}-again")
    assert (run.code, run.verdict) == (4, None)
    assert "chat.jsonl is not a transcript of this harness" in run.line("ERROR: --rejudge: ")
