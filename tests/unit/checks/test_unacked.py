"""A text that asked for no ack is looked for where a list reaches back as far as that."""

from __future__ import annotations

import pytest

from conformance.checks.history_window import greeting_of
from conformance.checks.unacked import lists
from conformance.errors import Deviation
from conformance.protocol import MESSAGE
from tests.support.handmade import Handmade, message


def shown(*names: str) -> None:
    """A device sends a text, then another one without asking for an ack, and hears what support answers. What the next
    device is greeted with is judged."""
    made = Handmade()
    made.opens("phone")
    made.greeted()
    made.says("before", saved=message("before", id="before"))
    made.emits({"text": "unacked"}, ack=False)
    made.event(MESSAGE, message("an answer", id="an answer", sender="support"))
    made.opens("tablet")
    made.greeted([message(name, id=name) for name in names])
    lists(greeting_of(made.record.connection("tablet")), made.record.sends[-1])


def test_it_is_there() -> None:
    shown("before", "unacked", "an answer")
    shown("unacked")


@pytest.mark.parametrize("names", [["before"], ["before", "an answer"], []], ids=["older", "both", "nothing"])
def test_it_is_missing(names: list[str]) -> None:
    with pytest.raises(Deviation, match='to show "unacked"'):
        shown(*names)


def test_all_that_is_shown_is_newer() -> None:
    shown("an answer")
