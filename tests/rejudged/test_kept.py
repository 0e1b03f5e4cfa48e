"""Every judge, without a server: what was kept of broken servers is judged as it was, word for word, and nothing is
held against the correct ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.fault import load_all as load_faults
from tests.net.keeping import CORRECT, expected, shows
from tests.net.kept import load_all
from tests.net.session import Run, judged

KEPT = load_all()
FAULTS = load_faults()


@pytest.fixture(scope="session")
def said(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What is said of all that is kept."""
    runs, output = tmp_path_factory.mktemp("kept"), tmp_path_factory.mktemp("said")
    return judged([Run(name, kept.unpack(runs), kept.requirements) for name, kept in KEPT.items()], output)


@pytest.mark.parametrize("name", KEPT)
def test_what_was_kept_is_judged_as_before(name: str, said: Mapping[str, Any]) -> None:
    assert expected(KEPT[name], said[name]) == KEPT[name].expected


@pytest.mark.parametrize("name", sorted(set(KEPT) - set(CORRECT)))
def test_a_broken_server_fails_what_it_breaks(name: str, said: Mapping[str, Any]) -> None:
    kept = KEPT[name]
    assert set(kept.requirements) == FAULTS[name].breaks
    assert shows(replace(kept, expected=expected(kept, said[name])))


@pytest.mark.parametrize("name", CORRECT)
def test_nothing_is_held_against_a_correct_server(name: str, said: Mapping[str, Any]) -> None:
    assert said[name] == {}


def test_most_faults_are_kept() -> None:
    assert KEPT.keys() - set(CORRECT) <= FAULTS.keys()
    assert len(KEPT) > 0.8 * len(FAULTS)
