"""The table of laws: each is what the test of its name judges, under the same requirement."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest

from conformance.checks.law import Law
from conformance.checks.laws import LAWS
from conformance.errors import Deviation, Unverified
from conformance.record.views import Record, Send
from tests.support.handmade import Handmade

SUITES = Path(__file__).parents[3] / "suites"


def _tests() -> dict[str, object]:
    chapters = [importlib.import_module(f"suites.{path.stem}") for path in SUITES.glob("test_*.py")]
    return {name: test for chapter in chapters for name, test in vars(chapter).items() if name.startswith("test_")}


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.says)
def test_a_law_is_what_the_test_of_its_name_judges(law: Law[object]) -> None:
    test = _tests().get(f"test_{law.says}")
    assert test is not None, f"no test_{law.says} in suites/"
    assert [mark.args for mark in test.pytestmark] == [(law.requirement,)]
    name = next(name for name, one in vars(importlib.import_module("conformance.checks.laws")).items() if one is law)
    assert f"laws.{name}.check(" in inspect.getsource(test)


def test_names_are_unique() -> None:
    names = [law.says for law in LAWS]
    assert len(names) == len(set(names)) > 40


# -- judging -------------------------------------------------------------------------------------------------------


def sends(record: Record) -> list[Send]:
    return record.sends


def plain(send: Send) -> None:
    if not send.plain:
        raise Deviation("a plain text", "another", at=[send.entry.serial])


def chat(key: str, *, plainly: bool) -> Record:
    made = Handmade(key)
    made.opens()
    made.greeted()
    made.says("hello", plain=plainly)
    return made.record


def test_a_deviation_names_the_transcript_it_stands_in() -> None:
    law = Law("SEND-PLAIN", "texts_are_plain", sends, plain)
    law.check([chat("one", plainly=True)])
    with pytest.raises(Deviation) as caught:
        law.check([chat("one", plainly=True), chat("two", plainly=False)])
    assert caught.value.transcript == "two"


def test_a_law_that_finds_nothing_is_unverified_where_it_says_so() -> None:
    silent = Handmade().record
    Law("SEND-PLAIN", "texts_are_plain", sends, plain).check([silent])
    with pytest.raises(Unverified, match="no text was sent"):
        Law("SEND-PLAIN", "texts_are_plain", sends, plain, nothing="no text was sent").check([silent])


def test_a_judge_can_learn_from_all_records_first() -> None:
    def as_in_the_first(records: object) -> object:
        first = next(iter(records)).sends[0].plain

        def judge(send: Send) -> None:
            if send.plain is not first:
                raise Deviation("as in the first", "otherwise")

        return judge

    law: Law[Send] = Law("SEND-PLAIN", "as_in_the_first", sends, learns=as_in_the_first)
    law.check([chat("one", plainly=False), chat("two", plainly=False)])
    with pytest.raises(Deviation):
        law.check([chat("one", plainly=True), chat("two", plainly=False)])
