"""Users with long conversations: the same verdict as for users without, and reports that hold each message once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.reference.protocol import Json
from conformance.reference.serve import Served
from conformance.requirements import Level, catalogue
from tests.faults.battery import QUICK, Certified, certify, pool, selection
from tests.histories import LongMemory

USERS = [f"customer-{number}" for number in range(1, 9)]
MESSAGES = 2000


class Forgetful(LongMemory):
    """Every fifth of the messages that came since is not shown."""

    def snapshot(self, user: str) -> Json:
        whole = super().snapshot(user)
        new = whole["messages"][MESSAGES:]
        kept = [message for place, message in enumerate(new, 1) if place % 5]
        return whole | {"messages": [*whole["messages"][:MESSAGES], *kept]}


LOST = "SEND-KEPT"
CENTERS: dict[str, tuple[type[LongMemory], int, list[str]]] = {
    "short": (LongMemory, 0, []),
    "long": (LongMemory, MESSAGES, []),
    "forgetful": (Forgetful, MESSAGES, selection([LOST])),
}
"""How much each remembers, and what is judged of it: everything, or what it breaks."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Certified, Path]]]:
    folder = tmp_path_factory.mktemp("histories")

    def run(name: str) -> tuple[Certified, Path]:
        kind, messages, selected = CENTERS[name]
        with Served(kind(USERS, messages).app) as server:
            return certify(server.url, folder / name, f"--users={','.join(USERS)}", *QUICK, *selected), folder / name

    with pool() as workers:
        yield dict(zip(CENTERS, workers.map(run, CENTERS), strict=True))


def verdicts(certified: Certified) -> dict[str, str]:
    """How each requirement ended, but for those that need users whom the target never saw."""
    new = [one["id"] for one in certified.verdict["requirements"] if "users were known" in one.get("reason", "")]
    return {one["id"]: one["status"] for one in certified.verdict["requirements"] if one["id"] not in new}


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.timeout(0)  # the battery has a timeout of its own for each certification
def test_the_verdict_is_the_same(runs: dict[str, tuple[Certified, Path]]) -> None:
    short, long = (verdicts(runs[name][0]) for name in ("short", "long"))
    both = short.keys() & long.keys()
    assert {one: long[one] for one in both} == {one: short[one] for one in both}
    musts = {name for name, one in catalogue().items() if one.level is Level.MUST}
    assert {long[one] for one in both & musts} == {"passed"}
    assert len(musts - both) <= 2


def test_each_message_is_written_once(runs: dict[str, tuple[Certified, Path]]) -> None:
    short, long = (runs[name][1] for name in ("short", "long"))
    assert size(long) < size(short) + len(USERS) * MESSAGES * 150


def test_what_is_lost_at_the_end_of_a_long_history_is_found(runs: dict[str, tuple[Certified, Path]]) -> None:
    assert LOST in runs["forgetful"][0].failed
