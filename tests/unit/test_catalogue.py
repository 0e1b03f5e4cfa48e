"""The catalogue, the judgements that cite it, the faults that prove them, and the page made from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import docs
from conformance.maintenance import kill_matrix, requirement_map
from conformance.requirements import Catalogue, Level, catalogue, requirement
from conformance.run.selection import left_out
from tests.faults.fault import load_all

CITATIONS = docs.citations()
JUDGED = [r.id for r in catalogue().values() if r.level in (Level.MUST, Level.SHOULD) and r.testable]
TESTABLE = [r.id for r in catalogue().values() if r.testable]

ENTRY = """
[{name}]
section = "1"
level = "{level}"
title = "a title"
statement = "A statement."
"""


def made(folder: Path, *entries: str) -> Catalogue:
    """A catalogue with these entries."""
    path = folder / "requirements.toml"
    path.write_text("\n".join(['document = "sha256"', *entries]), encoding="utf-8")
    return Catalogue(path)


def entry(name: str = "SEND-THIS", *, level: str = "must", more: str = "") -> str:
    return ENTRY.format(name=name, level=level) + more


# -- judgements --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", TESTABLE)
def test_a_testable_requirement_is_judged(one: str) -> None:
    assert [citation for citation in CITATIONS if one in citation.ids]


@pytest.mark.parametrize("one", [r.id for r in catalogue().values() if not r.testable])
def test_an_untestable_requirement_says_why_and_is_not_judged(one: str) -> None:
    assert catalogue()[one].untestable
    assert not [citation for citation in CITATIONS if one in citation.ids]


@pytest.mark.parametrize("citation", CITATIONS, ids=lambda c: f"{c.file}:{c.line}")
def test_a_judgement_cites_known_requirements_of_one_level(citation: docs.Citation) -> None:
    assert set(citation.ids) <= set(catalogue())
    assert len({catalogue()[one].level for one in citation.ids}) == 1


def test_every_test_of_the_suites_judges_something() -> None:
    undecorated = [
        f"{path.name}: {name}"
        for path in sorted(docs.SUITES.glob("test_*.py"))
        for name, ids in docs.judgements(path)
        if not ids
    ]
    # its parameters are the laws of other chapters, and bring their marks along
    assert undecorated == ["test_conversations.py: test_it_holds_in_every_conversation"]


@pytest.mark.parametrize("one", JUDGED)
def test_a_requirement_has_a_server_that_breaks_it(one: str) -> None:
    assert [fault.name for fault in load_all().values() if one in fault.breaks]


# -- the catalogue itself ----------------------------------------------------------------------------------------


def test_a_catalogue_is_read(tmp_path: Path) -> None:
    known = made(tmp_path, entry(more='reading = "Two readings."'))
    assert list(known) == ["SEND-THIS"]
    assert known["SEND-THIS"].level is Level.MUST
    assert known["SEND-THIS"].reading == "Two readings."
    assert known.document == "sha256"


def test_an_earlier_release_judges_by_fewer_requirements(tmp_path: Path) -> None:
    known = made(tmp_path, entry("SEND-OLD"), entry("SEND-NEW", more='since = "0.10.0"'))
    assert list(known.as_of("0.2.0")) == ["SEND-OLD"]
    assert list(known.as_of("0.10.0")) == list(known.as_of(None)) == ["SEND-OLD", "SEND-NEW"]
    reported = "judged as of 0.2.0: left out, for they are newer, are SEND-NEW"
    assert (left_out(known, "0.2.0"), left_out(known, None)) == ([reported], [])


def test_a_release_that_is_none_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="SEND-THIS"):
        made(tmp_path, entry(more='since = "soon"'))


def test_an_unknown_key_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="SEND-THIS"):
        made(tmp_path, entry(more='untestible = "A slip of the pen."'))


def test_an_unknown_level_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="SEND-THIS"):
        made(tmp_path, entry(level="may"))


@pytest.mark.parametrize("key", ["section", "level", "title", "statement"])
def test_a_missing_key_stops_the_run(tmp_path: Path, key: str) -> None:
    lines = [line for line in entry().splitlines() if not line.startswith(key)]
    with pytest.raises(ValueError, match="SEND-THIS"):
        made(tmp_path, "\n".join(lines))


def test_an_id_inside_another_one_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="part of SEND-THIS-TOO"):
        made(tmp_path, entry("SEND-THIS"), entry("SEND-THIS-TOO"))


def test_an_id_that_no_one_knows_cannot_be_cited() -> None:
    with pytest.raises(ValueError, match="SEND-WHAT"):
        requirement("SEND-WHAT")


def test_no_id_cannot_be_cited() -> None:
    with pytest.raises(ValueError, match="none"):
        requirement()


@pytest.mark.parametrize("one", list(catalogue()))
def test_a_requirement_is_written_like_the_others(one: str) -> None:
    found = catalogue()[one]
    assert found.statement.endswith((".", "?"))
    assert not found.title.endswith(".")
    assert (found.level is Level.CLIENT) == (not found.testable)
    assert one.startswith("OBS-") == (found.level is Level.OBSERVATION)


# -- the page ----------------------------------------------------------------------------------------------------


def test_the_page_is_in_step_with_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert docs.main(["--check"]) == 0, capsys.readouterr().err


def test_a_stale_page_is_reported_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    monkeypatch.setattr(docs, "PAGE", tmp_path / "requirements.md")
    assert docs.main(["--check"]) == 1
    assert capsys.readouterr().err == "requirements.md is stale: run python -m conformance.docs\n"
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0


def test_every_requirement_has_one_row_in_one_chapter() -> None:
    listed = [one.id for _, chapter in docs.chapters(catalogue()) for one in chapter]
    assert listed == list(catalogue())


def test_the_page_says_who_judges_and_who_cannot(tmp_path: Path) -> None:
    known = catalogue()
    text = docs.page(known, [docs.Citation("test_it.py", 1, ("SEND-TRIM",))])
    rows = {line.split("`")[1]: line for line in text.splitlines() if line.startswith("| `")}
    assert "[test_it.py](../suites/test_it.py)" in rows["SEND-TRIM"]
    assert known["CLIENT-FLOW"].untestable in rows["CLIENT-FLOW"]
    assert "nothing yet" in rows["SEND-MAX"]


def test_ids_that_are_no_literals_stop_the_page(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("@requirement(*IDS)\ndef test_it(): ...\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"test_it\.py:1"):
        docs.citations(tmp_path)


# -- the map, and the kill matrix ----------------------------------------------------------------------------------


def test_the_map_names_all_that_has_to_do_with_a_requirement(capsys: pytest.CaptureFixture[str]) -> None:
    assert docs.main(["SEND-TRIM"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("SEND-TRIM   MUST   section 4.5   ")
    headings = [line for line in text.splitlines()[1:] if not line.startswith(" ")]
    assert headings[:3] == ["tests", "scenarios", "judge functions"]
    assert "suites/test_sending.py:" in text
    assert "KeepsWhiteSpace" in text


@pytest.mark.parametrize("one", JUDGED)
def test_the_map_finds_test_and_fault_of_each_requirement(one: str) -> None:
    text = "\n".join(requirement_map.lines(catalogue()[one]))
    assert "\ntests\n" in text
    assert "\nfaults\n" in text


def test_an_unknown_id_is_answered_with_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        docs.main(["SEND-TRIN"])
    assert "no requirement has the id SEND-TRIN: did you mean SEND-TRIM?" in capsys.readouterr().err


MATRIX = """## By requirement

| requirement | level | killed by |
|---|---|---|
{requirements}

## By fault

| fault | what it does | failed |
|---|---|---|
{faults}
"""


def matrix(folder: Path, requirements: list[str], faults: list[str]) -> Path:
    path = folder / "kill-matrix.md"
    rows = ["\n".join(f"| {name} | x | y |" for name in names) for names in (requirements, faults)]
    path.write_text(MATRIX.format(requirements=rows[0], faults=rows[1]), encoding="utf-8")
    return path


def test_the_kill_matrix_has_every_row_in_its_place(tmp_path: Path) -> None:
    faults = sorted(load_all())
    assert not list(kill_matrix.mistakes(catalogue(), matrix(tmp_path, JUDGED, faults)))


@pytest.mark.parametrize(
    ("requirements", "mistake"),
    [
        (JUDGED[1:], f"the row of {JUDGED[0]} is missing"),
        ([JUDGED[1], JUDGED[0], *JUDGED[2:]], f"the row of {JUDGED[1]} is misplaced"),
        ([*JUDGED, "SEND-WHAT"], "SEND-WHAT has a row and does not exist"),
        ([*JUDGED, JUDGED[-1]], f"{JUDGED[-1]} has several rows"),
    ],
    ids=["missing", "misplaced", "unknown", "twice"],
)
def test_a_mistake_of_the_kill_matrix_is_noticed(tmp_path: Path, requirements: list[str], mistake: str) -> None:
    assert list(kill_matrix.mistakes(catalogue(), matrix(tmp_path, requirements, sorted(load_all())))) == [mistake]


def test_a_fault_without_a_row_is_noticed(tmp_path: Path) -> None:
    faults = [name for name in sorted(load_all()) if name != "NeverAcks"]
    found = list(kill_matrix.mistakes(catalogue(), matrix(tmp_path, JUDGED, faults)))
    assert found == ["the row of NeverAcks is missing"]
