"""Random conversations (sections 2 to 7): whatever devices of two users and REST do, the general laws hold."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from conformance import programs
from conformance.errors import Unverified
from conformance.explore import explore
from conformance.judge import expect
from conformance.record import Everything, Record
from conformance.scenario import scenario
from conformance.stage import Stage
from suites import test_ack, test_connected, test_connection, test_errors, test_isolation, test_messages, test_rest

CHAPTERS = (test_connected, test_connection, test_ack, test_messages, test_errors, test_isolation, test_rest)
Law = Callable[[Everything], None]


def _laws(chapter: ModuleType) -> Iterator[Any]:
    """The judgements of a chapter that read nothing but the whole record."""
    for name, law in vars(chapter).items():
        if name.startswith("test_") and list(inspect.signature(law).parameters) == ["everything"]:
            yield pytest.param(law, marks=law.pytestmark, id=name.removeprefix("test_"))


LAWS = [law for chapter in CHAPTERS for law in _laws(chapter)]


@scenario(users=2, wave=2, fewer=True)
async def conversations(stage: Stage) -> None:
    """Programs of a few random steps: two devices of one user and one of another connect, leave, drop, send, type,
    ask REST."""
    await explore(
        stage,
        programs.programs,
        lambda program: programs.play(stage, program),
        lambda: _obeys_all(Record(stage.transcript).parts[-1]),
    )


def _obeys_all(part: Record) -> None:
    for law in LAWS:
        try:
            law.values[0](Everything([part]))
        except Unverified:
            continue
    _refuses(part)


def _refuses(part: Record) -> None:
    for send in part.sends:
        expect(send.valid or not send.acks or not send.accepted, f"{send.tag} to be refused", "a message", at=send.at)


@pytest.mark.parametrize("law", LAWS)
def test_the_law_holds_in_every_conversation(conversations: Record, law: Law) -> None:
    with contextlib.suppress(Unverified):  # nothing of its kind happened: its chapter says whether it could be judged
        law(Everything(conversations.smallest_first))
