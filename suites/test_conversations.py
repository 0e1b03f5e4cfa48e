"""Random conversations (sections 2 to 7): whatever the devices of two users and REST do, the general laws hold, and
each channel shows what was sent and accepted so far."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from conformance.checks.conversations import RULES, smallest_deviation
from conformance.checks.law import Law
from conformance.checks.laws import LAWS as GENERAL_LAWS
from conformance.drive.conversations import play
from conformance.drive.conversations import programs as random_programs
from conformance.drive.scenario import scenario
from conformance.drive.search import explore
from conformance.drive.stage import Stage
from conformance.errors import Unverified
from conformance.record.views import Record
from conformance.requirements import Level, catalogue

LAWS = (*GENERAL_LAWS, *RULES)
MUSTS = [law for law in LAWS if catalogue()[law.requirement].level is Level.MUST]


SHARES = 6


async def _converse(stage: Stage, number: int) -> None:
    def obeys() -> None:
        last = Record(stage.transcript).parts[-1]
        for law in MUSTS:
            with contextlib.suppress(Unverified):
                law.check([last])

    await explore(
        stage,
        random_programs,
        lambda program: play(stage, program),
        obeys,
        share=(number, SHARES),
    )


@scenario(users=2, wave=2, min_users=1, takes_seconds=True, search=True)
async def conversations(stage: Stage) -> None:
    """Programs of a few random steps: two devices of one user and one of another connect, leave, drop, send, type,
    ask REST."""
    await _converse(stage, 0)


@scenario(users=2, wave=2, min_users=1, takes_seconds=True, search=True)
async def other_conversations(stage: Stage) -> None:
    """The same, other programs by other users, at the same time."""
    await _converse(stage, 1)


@scenario(users=2, wave=2, min_users=1, takes_seconds=True, search=True)
async def more_conversations(stage: Stage) -> None:
    """The same once more."""
    await _converse(stage, 2)


@scenario(users=2, wave=2, min_users=1, takes_seconds=True, search=True, extra=True)
async def fourth_conversations(stage: Stage) -> None:
    """The same a fourth time."""
    await _converse(stage, 3)


@scenario(users=2, wave=2, min_users=1, takes_seconds=True, search=True, extra=True)
async def fifth_conversations(stage: Stage) -> None:
    """The same a fifth time."""
    await _converse(stage, 4)


@scenario(users=2, wave=2, min_users=1, takes_seconds=True, search=True, extra=True)
async def sixth_conversations(stage: Stage) -> None:
    """The same a sixth time."""
    await _converse(stage, 5)


@pytest.fixture
def played(
    conversations: Record,
    other_conversations: Record,
    more_conversations: Record,
    fourth_conversations: Record,
    fifth_conversations: Record,
    sixth_conversations: Record,
) -> list[Record]:
    first = (conversations, other_conversations, more_conversations)
    records = (*first, fourth_conversations, fifth_conversations, sixth_conversations)
    return [part for record in records for part in record.parts]


@pytest.mark.parametrize(
    "law", [pytest.param(law, marks=pytest.mark.requirement(law.requirement), id=law.says) for law in LAWS]
)
def test_it_holds_in_every_conversation(played: list[Record], law: Law[Any]) -> None:
    smallest_deviation(played, law)
