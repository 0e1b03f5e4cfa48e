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
    assert "3 of 3 requirements are equal" in capsys.readouterr().out


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
    told = capsys.readouterr().out.splitlines()
    assert told[3:8] == [
        "requirement               level   A old           B new           ",
        "SEND-MAX                  must    passed          failed          WORSE",
        "MESSAGE-ONCE              should  failed          passed",
        "1 of 3 requirements are equal",
        "OBS-ACK-ORDER differs:",
    ]
    text = page.read_text(encoding="utf-8")
    assert text.index("SEND-MAX") < text.index("MESSAGE-ONCE") < text.index("SEND-TRIM")
    assert "http://127.0.0.1:3000" in text
    assert "<script" not in text


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"verdict": "conformant"}'])
def test_what_is_no_verdict_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    path = tmp_path / "verdict.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        compare.main([str(path), str(path)])
    assert ended.value.code == 2
    assert "is no verdict" in capsys.readouterr().err.splitlines()[-1]
