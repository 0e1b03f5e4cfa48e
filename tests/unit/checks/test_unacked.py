"""A text that asked for no ack is looked for where a list reaches back as far as that."""

from __future__ import annotations

import pytest

from conformance.checks.history_window import greeting_of
from conformance.checks.unacked import by_chance, lists, trimmed
from conformance.errors import Deviation, Unverified
from conformance.protocol import ERROR, MESSAGE
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


def test_an_error_behind_another_send_is_not_about_this_one() -> None:
    made = Handmade()
    made.opens("phone")
    made.greeted()
    for text in ("first", "second"):
        made.emits({"text": text}, ack=False)
    made.event(ERROR, {"code": "SLOW_MODE", "message": "Slower, please."})
    assert [by_chance(send) for send in made.record.sends] == [None, "SEND-PLAIN"]


def padded(*shown: str) -> None:
    made = Handmade()
    made.opens("phone")
    made.greeted()
    made.emits({"text": " hello \n"}, ack=False)
    for text in shown:
        made.event(MESSAGE, message(text, id="hello"))
    trimmed(made.record.sends[-1], [])


def test_what_is_shown_of_a_padded_text_has_to_be_trimmed() -> None:
    padded("hello")
    with pytest.raises(Deviation, match=r'"hello"'):
        padded("hello", " hello \n")
    with pytest.raises(Unverified) as reason:
        padded("another one")
    assert reason.value.because == "SEND-UNACKED"
