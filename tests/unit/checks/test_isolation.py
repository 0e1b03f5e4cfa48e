"""What reached whom: judged by records made by hand."""

from __future__ import annotations

import pytest

from conformance.checks.isolation import receive_nothing_foreign
from conformance.errors import Deviation
from conformance.protocol import MESSAGE
from conformance.record.transcript import Kind
from tests.support.handmade import Handmade, message

WORDS = "conformance check 0123abcd number 1"


def entered_again(*, late: bool, greeting: bool = False) -> Handmade:
    """Two users, one after the other, on one transport; the message of the first one, and perhaps a greeting with it,
    comes before CONNECT is answered, or after that."""
    made = Handmade()
    made.opens("phone")
    made.says(WORDS)
    made.opens("tablet")
    made.opens("tablet", user="user 2", again=True)
    answer = made.transcript.entries.pop()
    if late:
        made.transcript.entries.append(answer)
    made.event(MESSAGE, message(WORDS))
    if greeting:
        made.greeted([message(WORDS)])
    if not late:
        made.packet(Kind.RECEIVED, "CONNECT", data={"sid": "s2"})
    return made


def test_what_was_on_its_way_to_who_was_there_before_is_no_leak() -> None:
    receive_nothing_foreign([entered_again(late=False).record], "event")


def test_what_comes_to_who_was_let_in_on_the_same_transport_is_one() -> None:
    with pytest.raises(Deviation, match="of user 1"):
        receive_nothing_foreign([entered_again(late=True).record], "event")


def test_a_second_greeting_of_who_was_there_before_is_no_leak() -> None:
    made = entered_again(late=False, greeting=True)
    made.greeted()
    with pytest.raises(Deviation, match="of user 1"):
        receive_nothing_foreign([made.record], "greeting")
    made.opens("watch")
    made.greeted()
    made.greeted()  # it greets twice elsewhere, too
    receive_nothing_foreign([made.record], "greeting")


def test_the_only_greeting_is_for_who_enters_even_before_connect_is_answered() -> None:
    with pytest.raises(Deviation, match="of user 1"):
        receive_nothing_foreign([entered_again(late=False, greeting=True).record], "greeting")
