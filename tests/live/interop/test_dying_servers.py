"""Servers that really die, or fall silent, in processes of their own: what they went of is blamed, and nothing that
followed is held against them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.battery import QUICK, Certified, certify
from tests.support.dying import (
    DeadlocksOfNewcomers,
    DiesOfNull,
    DiesOfUnsignedTokens,
    DiesOnce,
    HangsOfNull,
    LeaksConnections,
    dying,
)


@dataclass(frozen=True)
class Death:
    """``said``: how a line of the summary begins that tells of it."""

    kind: type
    fails: frozenset[str]
    code: int
    said: str
    restarted: bool = False
    few: bool = False
    """Whether few scenarios are recorded at once: where all is slow, what a target that stays away hung at cannot be
    told from what else came at the same moment."""


def death(kind: type, fails: str, code: int, said: str, *, restarted: bool = False, few: bool = False) -> Death:
    return Death(kind, frozenset(fails.split()), code, said, restarted, few)


DEATHS = {
    "of a bad token": death(DiesOfUnsignedTokens, "REFUSAL-EVENT", 1, "the target stopped answering at ", few=True),
    "of null, and restarted": death(DiesOfNull, "SEND-NO-OBJECT", 1, "note     the target restarted ", restarted=True),
    "of null, for good": death(HangsOfNull, "SEND-NO-OBJECT", 1, "the target stopped answering at ", few=True),
    "of connections that leak": death(LeaksConnections, "SEND-NO-OBJECT", 1, "the target stopped answering at "),
    "of too many at once": death(DeadlocksOfNewcomers, "", 4, "the target stopped answering at "),
    "by others, once": death(DiesOnce, "", 0, "note     within the same moments, ", restarted=True),
}


@pytest.fixture(scope="module")
def runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Future[Certified]]]:
    """The certifications of all selected deaths, begun at once and side by side."""
    callspecs = [getattr(item, "callspec", None) for item in request.session.items]
    selected = [spec.params["name"] for spec in callspecs if spec and spec.params.get("name") in DEATHS]
    folder = tmp_path_factory.mktemp("deaths")
    with ThreadPoolExecutor(2) as workers:
        names = dict.fromkeys(selected)
        yield {name: workers.submit(certified, DEATHS[name], folder / name.replace(" ", "-")) for name in names}
        workers.shutdown(cancel_futures=True)


def certified(death: Death, folder: Path) -> Certified:
    with dying(death.kind, *(["--restarted"] if death.restarted else [])) as url:
        return certify(url, folder, *QUICK, *(["--concurrency=4"] if death.few else []))


@pytest.mark.timeout(0)  # each certification has a timeout of its own
@pytest.mark.parametrize("name", DEATHS)
def test_it_is_said_and_blamed_on_what_caused_it(name: str, runs: Mapping[str, Future[Certified]]) -> None:
    one = runs[name].result()
    assert one.failed == DEATHS[name].fails, one.output
    assert one.exit_code == DEATHS[name].code, one.output
    assert not one.ids("error"), one.output
    assert [line for line in one.output.splitlines() if line.startswith(DEATHS[name].said)], one.output
