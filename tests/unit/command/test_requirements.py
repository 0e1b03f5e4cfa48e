"""``help-center-conformance requirements``."""

from __future__ import annotations

import pytest

from conformance.command.requirements import main, reading
from conformance.requirements import catalogue


def test_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(catalogue())


@pytest.mark.parametrize("word", ["SEND-FULL", "send-full"])
def test_one_is_shown_with_all_that_is_known_of_it(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word]) == 0
    shown, one = " ".join(capsys.readouterr().out.split()), catalogue()["SEND-FULL"]
    assert shown.startswith(f"SEND-FULL MUST section 4.5 {one.title} clause {one.statement} reading {one.reading}")
    assert shown.endswith("judge it help-center-conformance certify URL -k SEND-FULL")


def test_the_reading_of_another_that_holds_here_stands_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["SEND-MAX"]) == 0
    shown, other = " ".join(capsys.readouterr().out.split()), catalogue()["SEND-FULL"].reading
    assert f"reading As SEND-FULL (j{other[1:-1]}). How emoji" in shown


def test_every_reading_that_refers_to_another_finds_one() -> None:
    known = catalogue()
    referring = [one for one in known.values() if one.reading.startswith("As ")]
    assert referring
    assert all(reading(one, known) != one.reading for one in referring)


def test_a_word_is_searched_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trimmed"]) == 0
    ids = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert "SEND-TRIM" in ids
    assert len(ids) < len(catalogue()) / 2


def test_what_is_not_found_has_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["SEND-MAXX"]) == 1
    assert capsys.readouterr().out == "no requirement speaks of SEND-MAXX: did you mean SEND-MAX?\n"
