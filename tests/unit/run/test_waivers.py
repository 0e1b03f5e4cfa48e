"""Waivers: what a file of them may say, whom they cover, and how a draft of one is made."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest

from conformance.errors import UsageError
from conformance.report.outcome import Status
from conformance.report.verdict import Finding
from conformance.requirements import catalogue
from conformance.run.waiver_draft import draft
from conformance.run.waivers import EXAMPLE, Accepts, Waiver, Waivers, load

TODAY = datetime.date(2026, 3, 1)
LATER = datetime.date(2030, 1, 31)
REQUIRED = f'[[waiver]]\nrequirement = "SEND-TRIM"\nreason = "fixed soon"\nexpires = {LATER}\n'


def read(folder: Path, text: str, target: str = "") -> dict[str, Waiver]:
    path = folder / "waivers.toml"
    path.write_text(text, encoding="utf-8")
    return dict(load(path, catalogue(), target))


def problem(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        read(folder, text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def found(name: str, status: Status) -> Finding:
    return Finding(catalogue()[name], status, [])


# -- the file --------------------------------------------------------------------------------------------------------


def test_three_fields_are_enough(tmp_path: Path) -> None:
    assert read(tmp_path, REQUIRED) == {"SEND-TRIM": Waiver("SEND-TRIM", "fixed soon", LATER)}


def test_all_fields_are_read(tmp_path: Path) -> None:
    more = 'owner = "chat team"\ntarget = "http://a:1"\naccepts = "either"\nflaky = true\nissue = "https://b/7"\n'
    waiver = read(tmp_path, REQUIRED + more, "http://a:1")["SEND-TRIM"]
    assert waiver == Waiver(
        "SEND-TRIM", "fixed soon", LATER, "chat team", "http://a:1", Accepts.EITHER, True, "https://b/7"
    )
    assert waiver.says == "fixed soon (until 2030-01-31, owner chat team, https://b/7)"


@pytest.mark.parametrize("text", ["", "# none any more\n", "waiver = []\n"])
def test_an_empty_file_waives_nothing(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == {}


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("[waiver]\n", " is not a list of waivers"),
        ("waivers = []\n", " is not a list of waivers"),
        ("more = 1\n" + REQUIRED, " is not a list of waivers"),
        ("waiver = [1]\n", ": waiver 1 is not a table"),
        (REQUIRED.replace("reason", "reasons"), ": SEND-TRIM has an unknown field reasons (there are requirement, "),
        (REQUIRED.replace('reason = "fixed soon"\n', ""), ": SEND-TRIM lacks reason"),
        (REQUIRED.replace('requirement = "SEND-TRIM"\n', ""), ": waiver 1 lacks requirement"),
        (REQUIRED.replace("SEND-TRIM", "SEND-TRIMM"), ": SEND-TRIMM is not a requirement: did you mean SEND-TRIM?"),
        (REQUIRED.replace("SEND-TRIM", "OBS-TRIM"), ": OBS-TRIM cannot fail (its level is observation)"),
        (REQUIRED.replace("fixed soon", " "), ": SEND-TRIM lacks a text for reason"),
        (REQUIRED.replace(str(LATER), f'"{LATER}"'), ": SEND-TRIM lacks a date without quotes"),
        (REQUIRED.replace(str(LATER), f"{LATER}T10:00:00Z"), ": SEND-TRIM lacks a date without quotes"),
        (REQUIRED + 'owner = ""\n', ": SEND-TRIM lacks a text for owner"),
        (REQUIRED + "target = 3\n", ": SEND-TRIM lacks a text for target"),
        (REQUIRED + 'accepts = "all"\n', ": SEND-TRIM accepts failure, unverified, either, and not all"),
        (REQUIRED + 'flaky = "yes"\n', ": SEND-TRIM is flaky = true or false"),
        (REQUIRED + 'issue = "#7"\n', ": SEND-TRIM has an issue that is not a link"),
        (REQUIRED + REQUIRED, ": SEND-TRIM is waived twice"),
        ("[[waiver", ": "),
    ],
)
def test_anything_else_is_refused_in_one_line(tmp_path: Path, text: str, reported: str) -> None:
    said = problem(tmp_path, text)
    assert said.startswith(f"--waivers={tmp_path / 'waivers.toml'}{reported}")
    assert said.endswith(EXAMPLE)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_bytes(b"\xff[[")
    with pytest.raises(UsageError, match="can't decode byte 0xff"):
        load(path, catalogue())


# -- whom it covers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "target", "meant"),
    [
        ("", "http://a:1", True),
        ("http://a:1/", "http://a:1", True),
        ("http://a:1", "http://a:12", False),
        ("http://[::1]:*", "http://[::1]:3000", True),
        ("https://*.example.com", "https://staging.example.com", True),
        ("https://*.example.com", "https://example.com", False),
    ],
)
def test_a_waiver_is_for_the_target_that_it_names(pattern: str, target: str, meant: bool) -> None:
    assert Waiver("SEND-TRIM", "known", LATER, target=pattern).is_for(target) is meant


def test_the_waiver_of_a_target_goes_before_one_for_any(tmp_path: Path) -> None:
    text = REQUIRED.replace("soon", "there") + 'target = "http://a:1"\n' + REQUIRED
    assert read(tmp_path, text, "http://a:1")["SEND-TRIM"].reason == "fixed there"
    assert read(tmp_path, text, "http://b:1")["SEND-TRIM"].reason == "fixed soon"


@pytest.mark.parametrize(
    ("accepts", "status", "covered"),
    [
        (Accepts.FAILURE, Status.FAILED, True),
        (Accepts.FAILURE, Status.UNVERIFIED, False),
        (Accepts.UNVERIFIED, Status.FAILED, False),
        (Accepts.UNVERIFIED, Status.UNVERIFIED, True),
        (Accepts.EITHER, Status.FAILED, True),
        (Accepts.EITHER, Status.UNVERIFIED, True),
        (Accepts.EITHER, Status.ERROR, False),
    ],
)
def test_a_waiver_covers_what_it_accepts(accepts: Accepts, status: Status, covered: bool) -> None:
    waivers = Waivers({"SEND-TRIM": Waiver("SEND-TRIM", "known", LATER, accepts=accepts)}, TODAY)
    assert (waivers.accepting(["SEND-TRIM"], status) is not None) is covered
    assert waivers.accepting(["SEND-TRIM", "SEND-MAX"], status) is None


def test_a_waiver_holds_until_its_last_day() -> None:
    waiver = Waiver("SEND-TRIM", "known", TODAY)
    assert Waivers({"SEND-TRIM": waiver}, TODAY).accepting(["SEND-TRIM"], Status.FAILED) is waiver
    late = Waivers({"SEND-TRIM": waiver}, TODAY + datetime.timedelta(days=1))
    assert late.accepting(["SEND-TRIM"], Status.FAILED) is None
    assert list(late.notes([found("SEND-TRIM", Status.FAILED)])) == [
        "the waiver of SEND-TRIM has expired on 2026-03-01"
    ]


def test_what_passes_makes_its_waiver_stale_unless_it_is_flaky() -> None:
    entries = {
        "SEND-TRIM": Waiver("SEND-TRIM", "known", LATER),
        "SEND-MAX": Waiver("SEND-MAX", "a race", LATER, flaky=True),
        "SEND-BLANK": Waiver("SEND-BLANK", "known", LATER),
    }
    waivers = Waivers(entries, TODAY)
    statuses = {"SEND-TRIM": Status.PASSED, "SEND-MAX": Status.PASSED, "SEND-BLANK": Status.WAIVED}
    findings = [found(name, status) for name, status in statuses.items()]
    assert waivers.stale(findings) == ["SEND-TRIM"]
    assert list(waivers.notes(findings)) == ["SEND-MAX passes this time; its waiver stays, for it is marked as flaky"]


# -- a draft ---------------------------------------------------------------------------------------------------------

VERDICT = {
    "target": "http://a:1",
    "started": "2026-03-01T09:30:00+00:00",
    "requirements": [
        {
            "id": "SEND-TRIM",
            "level": "must",
            "section": "4.5",
            "title": "t",
            "status": "failed",
            "reason": 'a "b" \x00',
        },
        {"id": "SEND-MAX", "level": "must", "section": "4.5", "title": "t", "status": "unverified", "reason": "c"},
        {"id": "SEND-BLANK", "level": "must", "section": "4.5", "title": "t", "status": "passed"},
        {"id": "DEVICE-COEXIST", "level": "should", "section": "9", "title": "t", "status": "failed", "reason": "d"},
    ],
}


def test_a_draft_is_refused_until_its_reasons_are_filled_in(tmp_path: Path) -> None:
    text = draft(VERDICT, TODAY)
    assert "SEND-TRIM lacks a text for reason" in problem(tmp_path, text)
    filled = re.sub('(owner|reason) = ""', r'\1 = "known"', text)
    waivers = read(tmp_path, filled)
    expires = datetime.date(2026, 3, 31)
    assert waivers == {
        "SEND-TRIM": Waiver("SEND-TRIM", "known", expires, "known"),
        "SEND-MAX": Waiver("SEND-MAX", "known", expires, "known", accepts=Accepts.UNVERIFIED),
    }


def test_a_draft_with_a_reason_and_an_owner_is_ready(tmp_path: Path) -> None:
    text = draft(VERDICT, TODAY, owner='the "chat" team\n', reason="läuft aus")
    assert read(tmp_path, text)["SEND-TRIM"].says == 'läuft aus (until 2026-03-31, owner the "chat" team\n)'
