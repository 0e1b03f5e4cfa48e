"""Which file ``help-center-conformance verify`` takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.command import verify


def test_a_folder_stands_for_the_statement_in_it_and_the_signed_one_goes_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "statement.json").write_text("{}", encoding="utf-8")
    assert verify.main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == "does not hold: it is not an in-toto statement of a test result\n"
    (tmp_path / "statement.dsse.json").write_text("[]", encoding="utf-8")
    assert verify.main([str(tmp_path)]) == verify.main([str(tmp_path / "statement.dsse.json")]) == 1
    one, other = capsys.readouterr().out.splitlines()
    assert one == other


def test_a_folder_without_a_statement_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        verify.main([str(tmp_path)])
    assert ended.value.code == 4
    printed = capsys.readouterr().err
    assert printed == (
        f"help-center-conformance verify: {tmp_path} has no statement: pass the --reports folder of a full run\n"
    )
