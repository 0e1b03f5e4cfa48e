"""Servers that really die, or fall silent, in processes of their own: what they went of is blamed, and nothing that
followed is held against them."""

from __future__ import annotations

import re
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
    of: str = ""
    """What it dies of, as it is named (a pattern), where it stays away: what came at the same moment cannot be told
    from it then, and both are named. Few scenarios are recorded at once, so that there is seldom such a thing."""


def death(kind: type, fails: str, code: int, said: str, *, restarted: bool = False, of: str = "") -> Death:
    return Death(kind, frozenset(fails.split()), code, said, restarted, of)


STOPPED = "the target stopped answering at "
DEATHS = {
    "of a bad token": death(DiesOfUnsignedTokens, "REFUSAL-EVENT", 1, STOPPED, of=r"a bad token \("),
    "of null, and restarted": death(DiesOfNull, "SEND-NO-OBJECT", 1, "note     the target restarted ", restarted=True),
    "of null, for good": death(HangsOfNull, "SEND-NO-OBJECT", 1, STOPPED, of="send (null|without a payload)"),
    "of connections that leak": death(LeaksConnections, "SEND-NO-OBJECT", 1, STOPPED),
    "of too many at once": death(DeadlocksOfNewcomers, "", 4, STOPPED),
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
        return certify(url, folder, *QUICK, *(["--concurrency=4"] if death.of else []))


@pytest.mark.timeout(0)  # each certification has a timeout of its own
@pytest.mark.parametrize("name", DEATHS)
def test_it_is_said_and_blamed_on_what_caused_it(name: str, runs: Mapping[str, Future[Certified]]) -> None:
    one = runs[name].result()
    [told] = [line for line in one.output.splitlines() if line.startswith(DEATHS[name].said)]
    assert re.search(DEATHS[name].of, told)
    if DEATHS[name].of and re.search(DEATHS[name].of, told.partition(" (or ")[2]):
        assert len(one.failed) == 1, one.output
    else:
        assert one.failed == DEATHS[name].fails, one.output
    assert one.exit_code == DEATHS[name].code, one.output
    assert not one.ids("error"), one.output
