"""Random conversations (sections 2 to 7): whatever the devices of two users and REST do, the general laws hold, and
each road shows what was sent and accepted so far."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest

from conformance.checks.conversations import RULES, Rule, smallest_deviation
from conformance.checks.law import over
from conformance.drive.conversations import play
from conformance.drive.conversations import programs as random_programs
from conformance.drive.scenario import scenario
from conformance.drive.search import explore
from conformance.drive.stage import Stage
from conformance.errors import Unverified
from conformance.record.views import Everything, Record
from conformance.requirements import Level, catalogue
from suites import test_ack, test_connected, test_connection, test_errors, test_isolation, test_messages, test_rest

CHAPTERS = (test_connected, test_connection, test_ack, test_messages, test_errors, test_isolation, test_rest)
Law = Callable[[Everything], None]


def _laws(chapter: ModuleType) -> Iterator[tuple[str, Law, str]]:
    """The judgements of a chapter that read the whole record, with their names and requirements; scenarios that some
    bring with them play no part here."""
    for name, test in vars(chapter).items():
        names = list(inspect.signature(test).parameters) if name.startswith("test_") else []
        if names[:1] == ["everything"] and [mark.name for mark in test.pytestmark] == ["requirement"]:
            yield name.removeprefix("test_"), _alone(test, len(names) - 1), test.pytestmark[0].args[0]


def _alone(law: Callable[..., None], others: int) -> Law:
    return lambda everything: law(everything, *[None] * others)


def _rule(rule: Rule) -> tuple[str, Law, str]:
    return rule.says, lambda everything: over(everything, rule.items, rule.judge), rule.requirement


LAWS = [*(law for chapter in CHAPTERS for law in _laws(chapter)), *map(_rule, RULES)]
MUSTS = [law for _, law, one in LAWS if catalogue()[one].level is Level.MUST]


SHARES = 3


async def _converse(stage: Stage, number: int) -> None:
    def obeys() -> None:
        last = Everything([Record(stage.transcript).parts[-1]])
        for law in MUSTS:
            with contextlib.suppress(Unverified):
                law(last)

    await explore(
        stage,
        random_programs,
        lambda program: play(stage, program),
        obeys,
        share=(number, SHARES),
    )


@scenario(users=2, wave=2, fewer=True)
async def conversations(stage: Stage) -> None:
    """Programs of a few random steps: two devices of one user and one of another connect, leave, drop, send, type,
    ask REST."""
    await _converse(stage, 0)


@scenario(users=2, wave=2, fewer=True)
async def other_conversations(stage: Stage) -> None:
    """The same, other programs by other users, at the same time."""
    await _converse(stage, 1)


@scenario(users=2, wave=2, fewer=True)
async def more_conversations(stage: Stage) -> None:
    """The same once more."""
    await _converse(stage, 2)


@pytest.fixture
def played(conversations: Record, other_conversations: Record, more_conversations: Record) -> list[Record]:
    return [part for record in (conversations, other_conversations, more_conversations) for part in record.parts]


@pytest.mark.parametrize(
    "law", [pytest.param(law, marks=pytest.mark.requirement(one), id=name) for name, law, one in LAWS]
)
def test_it_holds_in_every_conversation(played: list[Record], law: Law) -> None:
    smallest_deviation(played, law)
