"""The catalogue: unknown keys, ids and levels stop a run before it begins."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.requirements import Catalogue, Level, catalogue, ids_of, requirement

GOOD = {"section": '"4.5"', "level": '"must"', "title": '"a title"', "statement": '"A statement."'}


def table(name: str = "SEND-TRIM", **fields: str) -> str:
    lines = [f"{key} = {value}" for key, value in {**GOOD, **fields}.items() if value]
    return "\n".join([f"[{name}]", *lines, ""])


def load(folder: Path, *tables: str, document: str = 'document = "abc"\n') -> Catalogue:
    path = folder / "requirements.toml"
    path.write_text(document + "\n".join(tables), encoding="utf-8")
    return Catalogue(path)


def test_a_catalogue_is_read_in_its_order(tmp_path: Path) -> None:
    known = load(tmp_path, table("B-TWO", reading='"Two."'), table("A-ONE", untestable='"No."', level='"client"'))
    assert (list(known), len(known), known.document) == (["B-TWO", "A-ONE"], 2, "abc")
    assert (known["B-TWO"].reading, known["B-TWO"].testable, known["B-TWO"].level) == ("Two.", True, Level.MUST)
    assert (known["A-ONE"].testable, known["A-ONE"].level) == (False, Level.CLIENT)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (table(invented='"x"'), "SEND-TRIM.*invented"),
        (table(level='"may"'), "SEND-TRIM.*may"),
        (table(level=""), "SEND-TRIM.*level"),
        (table(statement=""), "SEND-TRIM.*statement"),
        (table(section="4.5"), "SEND-TRIM.*section is not a string"),
        (table(id='"OTHER"'), "SEND-TRIM.*id"),
        ('stray = "text"\n', "stray"),
        (table() + table(), "SEND-TRIM"),
        ("[SEND-TRIM\n", "line 2"),
    ],
    ids=["unknown-key", "level", "no-level", "no-statement", "number", "id", "stray", "twice", "no-toml"],
)
def test_anything_unknown_is_refused(tmp_path: Path, content: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        load(tmp_path, content)


@pytest.mark.parametrize("document", ["", "document = 5\n"])
def test_a_catalogue_names_its_document(tmp_path: Path, document: str) -> None:
    with pytest.raises(ValueError, match="document"):
        load(tmp_path, table(), document=document)


@pytest.mark.parametrize(("one", "other"), [("SEND", "SEND-TRIM"), ("SEND-TRIM", "SEND"), ("TRIM", "SEND-TRIMMED")])
def test_an_id_may_not_be_part_of_another(tmp_path: Path, one: str, other: str) -> None:
    with pytest.raises(ValueError, match="-k could not select it"):
        load(tmp_path, table(one), table(other))


# -- the one that comes with the harness -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", catalogue())
def test_every_requirement_is_well_written(name: str) -> None:
    one = catalogue()[name]
    assert re.fullmatch(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+", name)
    assert re.fullmatch(r"[1-9](\.[1-9])?", one.section)
    for text in filter(None, (one.title, one.statement, one.reading, one.untestable)):
        assert text.isprintable()
        assert text == text.strip()
    assert not one.title.endswith(".")
    assert one.statement.endswith(".")
    assert name.startswith("OBS-") == (one.level is Level.OBSERVATION)
    assert (one.level is Level.CLIENT) <= (not one.testable)


def test_ids_are_unique_for_minus_k_which_ignores_case() -> None:
    ids = [name.lower() for name in catalogue()]
    assert not [(one, other) for one in ids for other in ids if one != other and one in other]


# -- marks -----------------------------------------------------------------------------------------------------------


def test_a_judgement_carries_its_requirements(request: pytest.FixtureRequest) -> None:
    mark = requirement("SEND-TRIM", "SEND-MAX")
    item = request.node
    item.add_marker(mark)
    assert ids_of(item) == ["SEND-TRIM", "SEND-MAX"]
    item.own_markers.remove(mark.mark)


@pytest.mark.parametrize("ids", [(), ("SEND-TIRM",), ("SEND-TRIM", "send-trim"), ("",)], ids=repr)
def test_unknown_ids_stop_the_run(ids: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="unknown requirement"):
        requirement(*ids)
