"""What was sent once is shown once, and what was acked is shown, unless all that is shown is newer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import pytest

from conformance.checks.history import kept, kept_since, listed_once
from conformance.checks.history_window import body_of, greeting_of
from conformance.errors import Deviation
from tests.support.handmade import CONVERSATION, Handmade, message

ONE, AGAIN, ECHO = message("one", id="m1"), message("one", id="m9"), message("one", id="s1", sender="support")


def judged(
    messages: Sequence[Mapping[str, Any]], *, times: int = 1, attempts: int = 1, transport: str = "polling"
) -> None:
    """A device sends a plain text, once or more often; what the greeting of the next device shows."""
    made = Handmade()
    made.opens("phone", transport=transport)
    made.greeted()
    for number in range(1, times + 1):
        for attempt in range(1, attempts):
            made.emits({"text": "one"}, send=number, attempt=attempt, plain=True)
            made.ack({"error": {"code": "BUSY", "message": "later"}})
        made.says("one", saved=message("one", id=f"m{number}"), send=number, attempt=attempts, plain=True)
    made.opens("tablet")
    made.greeted(messages)
    listed_once(greeting_of(made.record.connection("tablet")))


def test_what_was_sent_once_and_is_listed_under_two_ids_is_a_deviation() -> None:
    with pytest.raises(Deviation, match="m9"):
        judged([ONE, AGAIN])


def test_what_is_listed_once_or_repeated_by_support_is_none() -> None:
    judged([ONE])
    judged([])
    judged([ONE, ECHO])
    judged([ONE, ONE])


def test_what_was_sent_twice_or_tried_again_or_sent_around_an_upgrade_is_judged_elsewhere() -> None:
    judged([ONE, message("one", id="m2")], times=2)
    judged([ONE, AGAIN], attempts=2)
    judged([ONE, AGAIN], transport="upgrade")


def shown_after_four(*names: str) -> None:
    """A device sends four texts; what the greeting of the next device shows is judged."""
    made = Handmade()
    made.opens("phone")
    made.greeted()
    for number in range(1, 5):
        made.says(f"text {number}", saved=message(f"text {number}", id=f"m{number}"))
    made.opens("tablet")
    made.greeted([message(name.replace("m", "text "), id=name) for name in names])
    kept(greeting_of(made.record.connection("tablet")))


def test_a_list_may_be_as_short_as_it_likes() -> None:
    shown_after_four("m1", "m2", "m3", "m4")
    shown_after_four("m4")
    shown_after_four("s1")


def test_what_is_missing_beside_older_messages_is_lost() -> None:
    with pytest.raises(Deviation, match="send #2–#3 missing among 2 messages, older ones among them"):
        shown_after_four("m1", "m4")
    with pytest.raises(Deviation, match="send #2, #4 missing among 2 messages, older ones among them"):
        shown_after_four("m1", "m3")
    with pytest.raises(Deviation, match="send #1–#4 missing among 0 messages"):
        shown_after_four()


def returns(messages: Sequence[Mapping[str, Any]], *, meanwhile: str | None = None) -> None:
    """In one scenario a user says three texts, one after the other; what the greeting of another one shows."""
    early, late = Handmade(), Handmade("late")
    early.opens()
    early.greeted()
    for text in ("one", "two", "three"):
        early.says(text, saved=message(text, id=text))
    late.opens()
    late.greeted(messages)
    other = Handmade("other")
    other.transcript.dropped = meanwhile
    kept_since(early.record, [other.record])(greeting_of(late.record.connection()))


def test_who_returns_is_shown_what_was_said_or_the_last_of_it() -> None:
    said = [message(text, id=text) for text in ("one", "two", "three", "reply")]
    for first in range(4):
        returns(said[first:])


@pytest.mark.parametrize("left", [[], ["one", "three"], ["two"]])
def test_what_was_said_before_is_not_lost(left: Sequence[str]) -> None:
    with pytest.raises(Deviation, match="to show every message that was acked"):
        returns([message(text, id=text) for text in left])


def test_a_target_that_was_started_again_may_have_kept_messages_in_memory() -> None:
    returns([], meanwhile="the connection was lost")


@pytest.mark.parametrize("since", [{}, {"since": 0.001}], ids=["asked-once", "tried-again"])
def test_rest_that_was_tried_again_may_lack_what_was_said_meanwhile(since: dict[str, float]) -> None:
    made = Handmade()
    made.opens("phone")
    made.greeted()
    made.says("one")
    body = {"conversation": CONVERSATION, "messages": []}
    made.fetches(body, began=made.transcript.entries[-1].at, **since)
    with nullcontext() if since else pytest.raises(Deviation, match="send #1 missing"):
        kept(body_of(made.record.fetch(), made.record))
