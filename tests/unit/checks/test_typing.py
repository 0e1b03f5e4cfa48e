"""Typing that follows the user's is an echo; what support types by itself is none, however much of it there is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from conformance.checks.isolation import typed_in_private
from conformance.checks.typing import not_echoed
from conformance.errors import Deviation
from conformance.protocol import MESSAGE, TYPING
from conformance.record.transcript import Kind
from tests.support.handmade import Handmade, message

QUIET = 20
"""Milliseconds, of an entry each."""
SIGNALS = [True, False] * 3


def typing(hand: Handmade, *, echoed: Sequence[bool], by_itself: Sequence[int] = (), slow: int = 0) -> Handmade:
    """A device is greeted, and types as the scenarios do: each time, these signals come back at once. ``by_itself``: in
    which milliseconds of the quiet windows before and after it support types; ``slow``: after how many more
    milliseconds REST answers the second time."""
    hand.transcript.facts["settle"] = QUIET / 1000
    hand.opens()
    hand.greeted()
    quiet(hand, by_itself)
    for more in (0, slow):
        for one in SIGNALS:
            hand.packet(Kind.SENT, "EVENT", event=TYPING, args=[{"isTyping": one}])
        for one in echoed:
            support_types(hand, one)
        for _ in range(more):
            hand.mark("a millisecond passes")
        hand.fetches({})
        quiet(hand, by_itself)
    return hand


def quiet(hand: Handmade, by_itself: Sequence[int]) -> None:
    for millisecond in range(QUIET):
        if millisecond in by_itself:
            support_types(hand, True)
        else:
            hand.mark("a millisecond passes")


def support_types(hand: Handmade, is_typing: bool) -> None:
    hand.event(TYPING, {"isTyping": is_typing, "sender": "support"})


@pytest.mark.parametrize("echoed", [SIGNALS, [True] * 3], ids=["each signal", "each beginning"])
def test_what_follows_the_users_typing_each_time_is_an_echo(echoed: Sequence[bool]) -> None:
    record = typing(Handmade(), echoed=echoed).record
    with pytest.raises(Deviation, match="after 12 of the user"):
        not_echoed(record, "phone")
    with pytest.raises(Deviation, match="after 12 of the other user"):
        typed_in_private(record.connection("phone"))


def test_an_echo_is_found_beside_some_of_supports_own() -> None:
    with pytest.raises(Deviation):
        not_echoed(typing(Handmade(), echoed=SIGNALS, by_itself=[2, 18]).record, "phone")


def test_an_echo_is_found_where_the_target_is_slow_to_answer() -> None:
    with pytest.raises(Deviation):
        not_echoed(typing(Handmade(), echoed=SIGNALS, slow=2 * QUIET).record, "phone")


@pytest.mark.parametrize("by_itself", [[], [1, 2], range(0, QUIET, 3), range(QUIET)])
def test_support_types_when_it_likes(by_itself: Sequence[int]) -> None:
    record = typing(Handmade(), echoed=[], by_itself=by_itself).record
    not_echoed(record, "phone")
    typed_in_private(record.connection("phone"))


def test_support_may_type_once_as_often_as_the_user() -> None:
    hand = typing(Handmade(), echoed=[])
    for one in SIGNALS:
        support_types(hand, one)
    not_echoed(hand.record, "phone")


def test_support_may_type_before_each_answer() -> None:
    hand = typing(Handmade(), echoed=[True] * 4)
    hand.event(MESSAGE, message(id="m1", sender="support"))
    not_echoed(hand.record, "phone")


def test_a_user_who_types_is_not_support() -> None:
    hand = typing(Handmade(), echoed=[])
    hand.event(TYPING, {"isTyping": True, "sender": "user"})
    with pytest.raises(Deviation):
        typed_in_private(hand.record.connection("phone"))
