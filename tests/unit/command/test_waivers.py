"""The command that drafts waivers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.command.main import main
from conformance.paths import SCHEMAS
from conformance.requirements import catalogue
from conformance.run.waivers import load

EXAMPLE = json.loads((SCHEMAS / "verdict.json").read_text(encoding="utf-8"))["examples"][0]


def test_a_draft_waives_what_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "verdict.json").write_text(json.dumps(EXAMPLE), encoding="utf-8")
    assert main(["waivers", "draft", str(tmp_path), "--reason=known", "--owner=chat team"]) == 0
    drafted = tmp_path / "waivers.toml"
    drafted.write_text(capsys.readouterr().out, encoding="utf-8")
    assert {name: one.owner for name, one in load(drafted, catalogue()).items()} == {"SEND-TRIM": "chat team"}


def test_a_folder_without_a_verdict_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["waivers", "draft", str(tmp_path)])
    assert caught.value.code == 4
    reported = capsys.readouterr().err
    assert reported == (
        f"help-center-conformance waivers: {tmp_path} has no verdict.json: pass the --reports folder of a run\n"
    )
