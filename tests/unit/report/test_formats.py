"""What other programs read of a run: CTRF, a badge, GitHub's summary and annotations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from markdown_it import MarkdownIt

from conformance.report import github
from conformance.report.badge import badge
from conformance.report.ctrf import document
from conformance.report.markdown import block, cell, code
from conformance.report.verdict import write_json
from conformance.requirements import Level, Profile
from tests.unit.report.accounts import HOSTILE, account

CTRF = Path(__file__).parents[2] / "support" / "ctrf-schema-0.0.json"
"""As the npm package ctrf 0.3.0 has it (MIT licence)."""
SHOWN = ("text", "code_inline", "fence", "softbreak")


# -- CTRF ------------------------------------------------------------------------------------------------------------


def test_it_fits_the_published_schema(tmp_path: Path) -> None:
    write_json(tmp_path / "ctrf.json", document(account()))
    written = json.loads((tmp_path / "ctrf.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(json.loads(CTRF.read_text(encoding="utf-8"))).validate(written)


def statuses(ctrf: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {test["testId"]: (test["status"], test["rawStatus"]) for test in ctrf["results"]["tests"]}


def test_what_did_not_run_is_neither_passed_nor_skipped() -> None:
    assert statuses(document(account())) == {
        "SEND-TRIM": ("failed", "failed"),
        "SEND-MAX": ("passed", "passed"),
        "AUTH-EXPIRED": ("other", "unverified"),
        "SEND-BLANK": ("other", "waived"),
        "DEVICE-COEXIST": ("other", "advice"),
        "SEND-MIN": ("failed", "error"),
    }


def test_advice_fails_where_it_fails_the_run() -> None:
    assert statuses(document(account(level=Level.SHOULD)))["DEVICE-COEXIST"] == ("failed", "failed")


def test_the_counts_are_those_of_the_tests() -> None:
    results = document(account())["results"]
    summary = results["summary"]
    assert summary["tests"] == len(results["tests"]) == 6
    kinds = ("passed", "failed", "skipped", "pending", "other")
    assert [summary[kind] for kind in kinds] == [1, 2, 0, 0, 3]
    assert summary["stop"] - summary["start"] == summary["duration"] == 2500


def test_a_failure_has_its_text_and_its_transcript() -> None:
    failed = document(account())["results"]["tests"][0]
    assert (failed["trace"], failed["duration"]) == (HOSTILE, 250)
    assert failed["attachments"][0]["path"].startswith("transcripts/chat_a_b")


# -- the badge -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "state", "says", "colour"),
    [
        (["SEND-MAX"], {}, "conformant", "brightgreen"),
        (["SEND-MAX", "SEND-BLANK"], {}, "conformant, but for 1 waived", "green"),
        (["SEND-MAX", "SEND-TRIM"], {}, "non-conformant", "red"),
        (["SEND-MAX", "AUTH-EXPIRED"], {}, "incomplete", "yellow"),
        (["SEND-MAX"], {"complete": False}, "partial", "lightgrey"),
        (["SEND-MAX"], {"profile": Profile.QUICK}, "partial (quick profile)", "lightgrey"),
        (["SEND-MAX", "SEND-TRIM"], {"profile": Profile.QUICK}, "partial (quick profile)", "lightgrey"),
        (["SEND-MAX"], {"interrupted": True}, "interrupted", "lightgrey"),
    ],
)
def test_the_badge_says_verdict_document_and_day(
    names: list[str], state: dict[str, Any], says: str, colour: str
) -> None:
    shown = badge(account(*names, **state))
    assert shown["message"] == f"{says} | document 17a291af of 2026-01-01 | 2026-01-31"
    assert shown["color"] == colour
    assert "%" not in json.dumps(shown)


# -- a profile that gives no verdict ---------------------------------------------------------------------------------


def test_every_format_names_the_quick_profile() -> None:
    quick = account("SEND-MAX", profile=Profile.QUICK, exit_code=0)
    notice = next(github.commands(quick))
    assert next(github.summary(quick)).startswith("## Help Center conformance: partial (quick profile): ")
    assert "partial (quick profile)" in notice
    extra = document(quick)["results"]["summary"]["extra"]["help-center-conformance"]
    assert (extra["verdict"], extra["profile"]) == ("partial", "quick")
    shown = [*github.summary(quick), notice, json.dumps(badge(quick)), json.dumps(document(quick))]
    assert not [text for text in shown if "conformant" in text]


# -- GitHub ----------------------------------------------------------------------------------------------------------


def kinds(markdown: str) -> set[str]:
    """What a text becomes inside."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown)
    return {child.type for token in tokens for child in token.children or [token] if child.type not in SHOWN}


@pytest.mark.parametrize("text", [HOSTILE, "`", "``` `` `", "</details>", "", "a | b", "\n\n# title"])
def test_nothing_is_live_in_code(text: str) -> None:
    assert kinds(code(text)) == kinds(cell(text)) == {"paragraph_open", "paragraph_close"}
    assert "\n" not in code(text)
    assert kinds(block(text)) == set()


def test_the_summary_has_the_verdict_the_counts_and_what_failed() -> None:
    parts = list(github.summary(account(stale=["SEND-MAX"])))
    assert parts[0].startswith("## Help Center conformance: error: ")
    assert "| MUST | 1 passed, 1 failed, 1 unverified, 1 waived, 1 error |" in parts[1]
    headings = [part.splitlines()[0] for part in parts if part.startswith("###")]
    assert headings == [
        "### Errors of the harness: 1",
        "### Failed: 1",
        "### Could not be checked: 1",
        "### Waived: 1",
        "### Advice: 1",
    ]
    live = kinds("\n\n".join(parts))
    assert not live & {"link_open", "image", "html_inline"}


def test_a_cell_of_the_table_stays_one() -> None:
    table = next(part for part in github.summary(account()) if part.startswith("### Failed"))
    tokens = MarkdownIt("commonmark").enable("table").parse(table)
    assert [token.type for token in tokens].count("td_open") == 5


def test_a_summary_stays_below_the_limit_of_the_step(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_bytes(b"of another program\n" * 52_000)
    github.write_summary(account(text="long " * 10**6), {"GITHUB_STEP_SUMMARY": str(path)})
    assert path.stat().st_size < 2**20
    assert "## Help Center conformance" in path.read_text(encoding="utf-8")


def test_without_github_no_summary_is_written(tmp_path: Path) -> None:
    github.write_summary(account(), {"GITHUB_STEP_SUMMARY": ""})
    assert list(tmp_path.iterdir()) == []


def test_the_first_annotation_has_the_counts_and_none_is_dropped() -> None:
    lines = list(github.commands(account(*["SEND-TRIM"] * 30)))
    assert len(lines) == 10
    assert lines[0].startswith("::error title=Help Center conformance::non-conformant: ")
    assert "30 failed" in lines[0]


def test_an_annotation_is_one_command() -> None:
    line = list(github.commands(account("SEND-TRIM")))[1]
    assert "\n" not in line
    assert "%0A::error::owned%0A[x]" in line
    assert "%250A" in line


def test_a_good_run_is_a_notice() -> None:
    assert list(github.commands(account("SEND-MAX", exit_code=0))) == [
        "::notice title=Help Center conformance::conformant: every MUST holds; MUST: 1 passed; SHOULD: none judged"
    ]


def test_commands_of_a_target_are_not_obeyed() -> None:
    guard = github.Guard({"GITHUB_ACTIONS": "true"})
    (stop,), (resume,) = guard.stop(), guard.resume()
    token = stop.removeprefix("::stop-commands::")
    assert (resume, len(token)) == (f"::{token}::", 32)
    assert github.Guard({"GITHUB_ACTIONS": "true"}).stop() != [stop]
    elsewhere = github.Guard({})
    assert (elsewhere.active, elsewhere.stop(), elsewhere.resume()) == (False, [], [])
