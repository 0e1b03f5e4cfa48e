"""Which judgements belong to a profile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pytest

from conformance.drive.scenario import scenario_calls
from conformance.requirements import Catalogue, Level, Profile, ids_of


def of_profile(items: Iterable[pytest.Item], profile: Profile, known: Catalogue) -> Iterator[pytest.Item]:
    """Without the judgements that do not belong to a profile. What judges no requirement is no judgement."""
    quick = _Quick(known)
    for item in items:
        if profile is Profile.FULL or not ids_of(item) or quick.takes(item):
            yield item


class _Quick:
    """The judgements of MUSTs that need neither a search nor a wait by design (``Scenario.quick``). A test that judges
    many recordings, one for each way or kind, judges the first of them."""

    def __init__(self, known: Catalogue) -> None:
        self._known = known
        self._first: dict[str, Sequence[str]] = {}
        """The recordings that each test is made of, by its name without parameters."""

    def takes(self, item: pytest.Item) -> bool:
        calls = scenario_calls(item)
        is_must = any(self._known[name].level is Level.MUST for name in ids_of(item))
        if not is_must or not all(call.scenario.quick for call in calls):
            return False
        recordings = [call.key for call in calls]
        return self._first.setdefault(item.nodeid.partition("[")[0], recordings) == recordings
