"""What CI systems read of a run by the command line, wherever it was started."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.reference.serve import Served
from tests.support.checkout import CHAT, SHOULD, TOKENS, Checkout, Run
from tests.support.hostile import SECRET, Untrimming, help_center


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    advised = SHOULD.partition('@requirement("OBS-TRIM")')[0].replace("plain_chat", "chat")
    return Checkout(tmp_path_factory.mktemp("formats"), chat=f"{CHAT}\n\n{advised}", tokens=TOKENS)


@pytest.fixture(scope="module")
def failed(checkout: Checkout) -> Run:
    with Served(help_center(Untrimming).app) as server:
        return checkout.run(f"--target={server.url}", f"--jwt-secret={SECRET}")


def parsed(reports: Path) -> ElementTree.Element:
    return ElementTree.parse(reports / "junit.xml").getroot()  # noqa: S314  written by pytest a moment ago


def cases(reports: Path) -> dict[str, ElementTree.Element]:
    root = parsed(reports)
    found = {f"{case.get('classname')} {case.get('name')}": case for case in root.iter("testcase")}
    assert len(found) == len(list(root.iter("testcase")))
    return found


TRIM = "help-center.SEND-TRIM SEND-TRIM MUST 4.5: white space around a text is trimmed | trim"


def test_junit_names_the_requirement_where_it_is_shown(failed: Run) -> None:
    case = cases(failed.reports)[TRIM]
    (failure,) = case.findall("failure")
    assert str(failure.get("message")).startswith("SEND-TRIM: expected ack.message.text to be ")
    assert failure.get("type") == "AssertionError"
    assert str(failure.text).startswith("SEND-TRIM   MUST   section 4.5")
    assert case.find("error") is None
    assert case.findtext("system-out") == "[[ATTACHMENT|reports/transcripts/chat.jsonl]]"
    properties = {one.get("name"): one.get("value") for one in case.iter("property")}
    assert properties == {
        "requirement": "SEND-TRIM",
        "level": "must",
        "section": "4.5",
        "title": "white space around a text is trimmed",
        "test": "suites/test_chat.py::test_trim",
        "outcome": "failed",
    }


def test_the_suite_has_target_and_verdict(failed: Run) -> None:
    (suite,) = parsed(failed.reports)
    properties = {one.get("name"): one.get("value") for one in suite.findall("properties/property")}
    assert failed.verdict is not None
    assert (properties["verdict"], properties["target"]) == ("non-conformant", failed.verdict["target"])
    assert suite.get("name") == "Help Center conformance"


def test_names_do_not_depend_on_where_pytest_was_started(checkout: Checkout, failed: Run, tmp_path: Path) -> None:
    suites = str(checkout.folder / "suites")
    run = checkout.run(suites, f"--rejudge={failed.reports}", f"--reports={tmp_path / 'out'}", cwd=tmp_path)
    assert run.code == 1, run.output
    assert cases(run.reports).keys() == cases(failed.reports).keys()
    skipped = [case.findtext("skipped") for case in cases(run.reports).values() if case.find("skipped") is not None]
    assert [str(one).partition(":")[0] for one in skipped] == ["suites/test_chat.py"]


def test_the_verdict_comes_before_the_failures(failed: Run) -> None:
    lines = failed.output.splitlines()
    order = ["VERDICT ", "FAILED     SEND-TRIM", "SEND-TRIM   MUST", "reports "]
    found = [next(number for number, line in enumerate(lines) if line.startswith(one)) for one in order]
    assert found == sorted(found)


def test_without_a_page_the_terminal_says_so(checkout: Checkout, failed: Run, tmp_path: Path) -> None:
    run = checkout.run(f"--rejudge={failed.reports}", f"--reports={tmp_path / 'out'}", "-p", "no:html")
    assert run.line("reports ") == f"reports  {tmp_path / 'out'}   (without report.html: pytest-html is switched off)"
    assert not (tmp_path / "out" / "report.html").exists()


def test_github_is_given_a_summary_and_annotations(checkout: Checkout, failed: Run, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    run = checkout.run(f"--rejudge={failed.reports}", f"--reports={tmp_path / 'out'}", **environment)
    assert summary.read_text(encoding="utf-8").startswith("## Help Center conformance: non-conformant: ")
    lines = run.output.splitlines()
    stop = next(number for number, line in enumerate(lines) if line.startswith("::stop-commands::"))
    resume = lines.index(f"::{lines[stop].removeprefix('::stop-commands::')}::")
    reported = next(number for number, line in enumerate(lines) if line.startswith("SEND-TRIM   MUST"))
    assert stop < reported < resume
    annotations = [line for line in lines[resume + 1 :] if line.startswith("::")]
    assert [line.partition("::")[2].partition(" title=")[0] for line in annotations] == ["error", "error"]
    assert "MUST: 3 passed, 1 failed" in annotations[0]


def test_ctrf_and_badge_stand_beside_the_verdict(failed: Run) -> None:
    ctrf = json.loads((failed.reports / "ctrf.json").read_text(encoding="utf-8"))
    reported = ctrf["results"]["summary"]["extra"]["help-center-conformance"]
    assert (reported["verdict"], reported["exitCode"]) == ("non-conformant", 1)
    badge = json.loads((failed.reports / "badge.json").read_text(encoding="utf-8"))
    assert badge["message"].startswith("non-conformant | document 17a291af of ")
    assert SECRET not in json.dumps([ctrf, badge])


def test_what_is_newer_than_a_release_is_left_out_of_its_verdict(failed: Run, tmp_path: Path) -> None:
    newer = Checkout(tmp_path, chat=CHAT)
    catalogue = newer.folder / "conformance" / "requirements.toml"
    text = catalogue.read_text(encoding="utf-8").replace("[SEND-TRIM]\n", '[SEND-TRIM]\nsince = "0.2.0"\n')
    catalogue.write_text(text, encoding="utf-8")
    newer.write("conformance/__init__.py", '__version__ = "0.2.0"\n')
    now = newer.run(f"--rejudge={failed.reports}", f"--reports={tmp_path / 'now'}")
    assert (now.code, now.status("SEND-TRIM")) == (1, "failed")
    run = newer.run(f"--rejudge={failed.reports}", f"--reports={tmp_path / 'then'}", "--as-of=0.1.0")
    assert (run.code, run.verdict and run.verdict["verdict"]) == (0, "conformant"), run.output
    assert run.line("note ") == "note     judged as of 0.1.0: left out, for they are newer, are SEND-TRIM"
    assert not [name for name in cases(run.reports) if "SEND-TRIM" in name]
