"""Verdicts side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance import compare
from conformance.requirements import catalogue

KNOWN = ["SEND-TRIM", "SEND-MAX", "MESSAGE-ONCE"]


def verdict(says: str = "acks before it emits", **statuses: str) -> dict[str, Any]:
    requirements = []
    for name in KNOWN:
        one = catalogue()[name]
        line = {"id": name, "section": one.section, "level": str(one.level), "title": one.title}
        line |= {"status": statuses.get(name.replace("-", "_"), "passed"), "tests": [f"suites/test_x.py::test_{name}"]}
        requirements.append(line if line["status"] == "passed" else line | {"reason": "it did <not>"})
    counts = dict.fromkeys(("passed", "failed", "unverified", "waived", "error"), 0)
    return {
        "verdict": "conformant",
        "target": "http://127.0.0.1:3000",
        "harness": "0.1.0",
        "document": "0" * 64,
        "started": "2026-01-02T03:04:05+00:00",
        "seconds": 1.0,
        "seed": 1,
        "summary": {"must": counts, "should": counts},
        "requirements": requirements,
        "observations": [{"id": "OBS-ACK-ORDER", "section": "4.6", "value": "ack", "says": says}],
    }


def saved(folder: Path, name: str, content: dict[str, Any]) -> str:
    (folder / name).mkdir()
    (folder / name / "verdict.json").write_text(json.dumps(content), encoding="utf-8")
    return str(folder / name)


def test_equal_verdicts_are_no_loss(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = saved(tmp_path, "old", verdict()), saved(tmp_path, "new", verdict())
    assert compare.main([one, two]) == 0
    reported = capsys.readouterr().out.splitlines()
    assert (reported[0], reported[-1]) == ("nothing is worse than in A old", "3 of 3 requirements are equal")


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("passed", "failed", 1),
        ("passed", "unverified", 1),
        ("waived", "failed", 1),
        ("unverified", "error", 1),
        ("failed", "passed", 0),
        ("unverified", "passed", 0),
        ("failed", "error", 0),
    ],
)
def test_the_exit_code_says_whether_something_got_worse(tmp_path: Path, before: str, after: str, code: int) -> None:
    old, new = verdict(SEND_MAX=before), verdict(SEND_MAX=after)
    assert compare.main([saved(tmp_path, "old", old), saved(tmp_path, "new", new)]) == code


def test_differences_come_first_and_losses_before_gains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = saved(tmp_path, "old", verdict(MESSAGE_ONCE="failed"))
    new = saved(tmp_path, "new", verdict("acks after it emits", SEND_MAX="failed"))
    page = tmp_path / "compared.html"
    assert compare.main([old, new, "--html", str(page)]) == 1
    reported = capsys.readouterr().out.splitlines()
    assert reported == [
        "WORSE than A old: B new (1 requirement)",
        "A old  conformant      2026-01-02T03:04:05+00:00  http://127.0.0.1:3000",
        "B new  conformant      2026-01-02T03:04:05+00:00  http://127.0.0.1:3000",
        "",
        "requirement               level   A           B",
        "SEND-MAX                  must    passed      failed      WORSE",
        "  B: it did <not>",
        "MESSAGE-ONCE              should  failed      passed",
        "",
        "1 of 3 requirements are equal",
        "OBS-ACK-ORDER differs:",
        "  A: acks before it emits",
        "  B: acks after it emits",
    ]
    text = page.read_text(encoding="utf-8")
    assert text.index("SEND-MAX") < text.index("MESSAGE-ONCE") < text.index("SEND-TRIM")
    assert "http://127.0.0.1:3000" in text
    assert "it did &lt;not&gt;" in text
    assert "WORSE than A old: B new (1 requirement)" in text
    assert "<script" not in text


def test_the_same_observation_of_several_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [saved(tmp_path, name, verdict(says)) for name, says in (("x", "this"), ("y", "that"), ("z", "this"))]
    compare.main(runs)
    assert capsys.readouterr().out.splitlines()[-2:] == ["  A, C: this", "  B: that"]


def part(**statuses: str) -> dict[str, Any]:
    """The verdict of a run in which one requirement was selected."""
    whole = verdict(**statuses)
    judged = [one for one in whole["requirements"] if one["id"] == "SEND-TRIM"]
    options = {"selection": ["-k SEND-TRIM"]}
    return {**whole, "verdict": "partial", "requirements": judged, "observations": [], "options": options}


def test_over_what_a_partial_run_was_compared_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main([saved(tmp_path, "old", verdict()), saved(tmp_path, "new", part())]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "nothing is worse than in A old, over the 1 of 3 requirements that every run judged"
    assert printed[3:] == [
        "note: B is partial (-k SEND-TRIM): it claims no verdict, and is compared over what it judged",
        "",
        "1 of 1 requirements are equal",
        "not compared, as B did not judge them (2): SEND-MAX, MESSAGE-ONCE",
    ]


def test_what_a_partial_run_lost_is_a_loss(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main([saved(tmp_path, "old", verdict()), saved(tmp_path, "new", part(SEND_TRIM="failed"))]) == 1
    assert capsys.readouterr().out.startswith("WORSE than A old: B new (1 requirement)\n")


def test_what_failed_and_was_not_judged_again_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main([saved(tmp_path, "old", verdict(SEND_MAX="failed")), saved(tmp_path, "new", part())]) == 0
    assert "SEND-MAX                  must    failed      -" in capsys.readouterr().out.splitlines()


def test_verdicts_without_a_requirement_in_common_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = {**part(), "requirements": []}
    with pytest.raises(SystemExit) as ended:
        compare.main([saved(tmp_path, "old", verdict()), saved(tmp_path, "new", nothing)])
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines() == [
        "help-center-conformance compare: these verdicts have no requirement in common: nothing can be compared"
    ]


SCOPE = {"requirements": "1" * 64, "schemas": "2" * 64, "transcripts": "3" * 64}


@pytest.mark.parametrize(
    ("old", "new", "versions"),
    [
        ({}, {}, []),
        ({"scope": SCOPE}, {"scope": {**SCOPE, "transcripts": "4" * 64}}, []),
        ({"scope": SCOPE}, {}, []),
        ({"scope": SCOPE}, {"scope": {**SCOPE, "schemas": "4" * 64}}, ["the schemas"]),
        ({"harness": "0.2.0"}, {"document": "1" * 64, "scope": SCOPE}, ["the document", "the harness"]),
    ],
    ids=["without", "same", "an-older-one", "other-schemas", "other-document-and-harness"],
)
def test_verdicts_that_speak_of_different_things_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: Any, new: Any, versions: list[str]
) -> None:
    assert compare.main([saved(tmp_path, "old", verdict() | old), saved(tmp_path, "new", verdict() | new)]) == 0
    reported = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note: ")]
    assert reported == [f"note: the verdicts speak of different versions of {what}" for what in versions]


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"verdict": "conformant"}'])
def test_what_is_no_verdict_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    path = tmp_path / "verdict.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        compare.main([str(path), str(path)])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"help-center-conformance compare: {path} is not a verdict: ")
