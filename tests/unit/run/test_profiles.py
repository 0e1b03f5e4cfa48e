"""The quick profile: every MUST is judged, once, and nothing of it searches or waits by design."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pytest

from conformance.drive.scenario import scenario_calls
from conformance.paths import SUITES
from conformance.requirements import Level, Profile, catalogue, ids_of
from conformance.run.profiles import of_profile

MUSTS = {one.id for one in catalogue().values() if one.level is Level.MUST and one.testable}


class Collector:
    """Keeps what pytest collects."""

    items: Sequence[pytest.Item] = ()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = session.items


@pytest.fixture(scope="module")
def judgements() -> Sequence[pytest.Item]:
    """All of them, as pytest collects them."""
    collector = Collector()
    assert pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", str(SUITES)], [collector]) == 0
    return collector.items


@pytest.fixture(scope="module")
def quick(judgements: Sequence[pytest.Item]) -> Sequence[pytest.Item]:
    return list(of_profile(judgements, Profile.QUICK, catalogue()))


def test_every_must_is_judged_and_nothing_else(quick: Sequence[pytest.Item]) -> None:
    assert {name for item in quick for name in ids_of(item)} == MUSTS


def test_nothing_searches_or_waits_by_design(quick: Sequence[pytest.Item]) -> None:
    driven = {call.scenario.name: call.scenario for item in quick for call in scenario_calls(item)}
    assert not [name for name, one in driven.items() if one.search or one.takes_seconds]
    assert {"plain_chat", "standard_client"} <= set(driven)
    assert not {"conversations", "generated_texts", "patient_chat"} & set(driven)


def test_a_test_judges_one_recording_for_each_of_its_scenarios(quick: Sequence[pytest.Item]) -> None:
    made_of = defaultdict(set)
    for item in quick:
        made_of[item.nodeid.partition("[")[0]].add(tuple(call.key for call in scenario_calls(item)))
    assert not {name: keys for name, keys in made_of.items() if len(keys) > 1}


def test_the_full_profile_has_all(judgements: Sequence[pytest.Item]) -> None:
    assert list(of_profile(judgements, Profile.FULL, catalogue())) == list(judgements)
