"""The model of a random conversation: rules over handmade programs, and the script of the smallest that deviates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conformance.checks.conversations import RULES, smallest_deviation
from conformance.checks.law import Law
from conformance.errors import Deviation
from conformance.record.transcript import Kind, Point
from conformance.record.views import Send
from tests.support.handmade import CONVERSATION, Handmade, message

RULE = {rule.says: rule for rule in RULES}


def program(made: Handmade, *steps: str) -> None:
    made.mark("example", point=Point.EXAMPLE)
    for step in steps:
        made.mark(step)


def judge(made: Handmade, rule: Law[Any]) -> None:
    smallest_deviation(made.record.parts, rule)


def refused(made: Handmade, tag: str, text: object = "") -> None:
    made.emits({"text": text}, tag=tag, valid=False)
    made.ack({"error": {"code": "VALIDATION_ERROR", "message": "no"}})


def a_refused_text_is_shown(made: Handmade) -> None:
    refused(made, "an empty text", "secret")
    made.opens("phone")
    made.greeted([message("secret", id="m9")])


def a_refused_text_is_emitted(made: Handmade) -> None:
    refused(made, "an empty text", "secret")
    made.event("help_center:message", message("secret", id="m9"))


def an_empty_text_is_taken(made: Handmade) -> None:
    made.says("", tag="an empty text", valid=False)


def acks_are_swapped(made: Handmade) -> None:
    made.says("one", tag="a plain text", saved=message("two", id="m1"))
    made.says("two", tag="a plain text", saved=message("one", id="m2"))


def a_plain_text_is_refused(made: Handmade) -> None:
    made.emits({"text": "hello"}, tag="a plain text")
    made.ack({"error": {"code": "VALIDATION_ERROR", "message": "no"}})


def a_device_hears_nothing(made: Handmade) -> None:
    phone = made.connection
    made.opens("tablet")
    made.greeted()
    made.says("hello", tag="a plain text")
    made.mark("all is quiet", point=Point.QUIET)
    made.connection = phone
    made.closed()


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (a_refused_text_is_shown, "nothing is shown that was refused"),
        (a_refused_text_is_emitted, "nothing is emitted that was refused"),
        (an_empty_text_is_taken, "an empty text is refused"),
        (acks_are_swapped, "each ack answers its own send"),
        (a_plain_text_is_refused, "a plain text is accepted"),
        (a_device_hears_nothing, "all devices hear of it"),
    ],
)
def test_a_rule_finds_what_breaks_it_and_nothing_else_does(broken: Callable[[Handmade], None], says: str) -> None:
    made = Handmade()
    program(made, "phone connects")
    made.opens()
    made.greeted()
    broken(made)
    with pytest.raises(Deviation):
        judge(made, RULE[says])
    for other in RULES:
        if other.requirement != RULE[says].requirement:
            judge(made, other)


def test_a_conversation_as_it_should_be_breaks_no_rule() -> None:
    made = Handmade()
    program(made, "phone connects", "tablet connects")
    made.opens()
    made.greeted()
    first = made.says("one", tag="a plain text")
    refused(made, "null", None)
    made.opens("tablet")
    made.greeted([first])
    made.mark("all is quiet", point=Point.QUIET)
    made.fetches({"conversation": CONVERSATION, "messages": [first]})
    for rule in RULES:
        judge(made, rule)


def test_what_an_earlier_program_said_may_be_shown_late() -> None:
    """A stale history, which SEND-KEPT judges, holds nothing that was refused."""
    late = "conformance check a1b2 number 1"
    made = Handmade()
    program(made, "phone sends a plain text")
    made.opens()
    made.greeted()
    made.says(late, tag="a plain text", saved=message(late, id="m1"))
    program(made, "phone connects", "phone connects again")
    made.opens()
    made.greeted()
    made.opens()
    made.greeted([message(late, id="m1")])
    judge(made, RULE["nothing is shown that was refused"])


def test_the_smallest_conversation_is_reported_as_a_script() -> None:
    made = Handmade()
    program(made, "phone connects", "phone sends null", "phone sends an empty text")
    made.opens()
    made.greeted()
    refused(made, "null", None)
    an_empty_text_is_taken(made)
    program(made, "phone sends an empty text")
    made.add(Kind.MARK, device="rest", connection=0, label="HTTP 429: tries again after 0.1 s")
    made.opens()
    made.greeted()
    an_empty_text_is_taken(made)
    with pytest.raises(Deviation) as caught:
        judge(made, RULE["an empty text is refused"])
    assert caught.value.actual.splitlines()[1:] == [
        "in the smallest of 2 such conversations:",
        "1. phone sends an empty text",
        "2. all leave; then each user connects, sends a plain text, asks REST and connects again",
    ]
    assert caught.value.transcript == "chat (program 2)"


def test_a_law_that_finds_nothing_of_its_kind_is_silent() -> None:
    made = Handmade()
    program(made, "phone connects")
    law: Law[Send] = Law("SEND-PLAIN", "none", lambda record: record.sends, lambda _: None, nothing="no send")
    smallest_deviation(made.record.parts, law)


def test_a_misshapen_message_is_not_blamed_on_a_rule() -> None:
    made = Handmade()
    program(made, "phone sends a plain text")
    made.opens()
    made.greeted()
    made.says("hello", tag="a plain text", saved={"id": "m1", "conversationId": "c1", "sender": "user"})
    made.mark("all is quiet", point=Point.QUIET)
    for rule in RULES:
        judge(made, rule)
