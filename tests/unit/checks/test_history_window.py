"""What one greeting has to show: what was known before, in order; and what two of them differ in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from conformance.checks.history_window import HistoryWindow, greeting_of
from tests.support.handmade import Handmade, message

OLD, ONE, TWO, THREE = [message(text, id=text) for text in ("old", "one", "two", "three")]
SUPPORTS = message("can I help?", id="s1", sender="support")


def shown_after(*texts: str, messages: Sequence[Mapping[str, Any]]) -> HistoryWindow:
    """The greeting of a device that comes when these texts were sent and acked, each with itself as its id."""
    made = Handmade()
    made.opens("phone")
    made.greeted([OLD])
    for text in texts:
        made.says(text, saved=message(text, id=text))
    made.opens("tablet")
    made.greeted(messages)
    return greeting_of(made.record.connection("tablet"))


@pytest.mark.parametrize(
    ("messages", "missing"),
    [
        ([OLD, ONE, TWO], []),
        ([TWO], []),
        ([ONE], ["two"]),
        ([OLD], ["one", "two"]),
        ([], ["one", "two"]),
        ([SUPPORTS], []),
        ([OLD, message("one", id="another"), TWO], []),
        ([OLD, message("otherwise", id="one"), TWO], []),
    ],
    ids=[
        "all of it",
        "the last part",
        "the end is lost",
        "all that is new is lost",
        "nothing",
        "nothing that was known before",
        "under another id",
        "with another text",
    ],
)
def test_what_is_missing(messages: Sequence[Mapping[str, Any]], missing: Sequence[str]) -> None:
    window = shown_after("one", "two", messages=messages)
    assert [send.text for send in window.missing(window.sends_before)] == missing


def test_a_text_that_was_sent_twice_is_shown_twice() -> None:
    made = Handmade()
    made.opens("phone")
    made.greeted([OLD])
    made.says("again")
    made.says("again")
    made.opens("tablet")
    made.greeted([OLD, message("again", id="renamed")])
    window = greeting_of(made.record.connection("tablet"))
    assert [send.number for send in window.missing(window.sends_before)] == [1, 2]


def test_what_an_unjudged_device_has_received_was_known() -> None:
    made = Handmade()
    made.opens("app", trial=True)
    made.greeted([OLD])
    made.opens("phone")
    made.says("one", saved=ONE)
    made.opens("tablet")
    made.greeted([OLD])
    window = greeting_of(made.record.connection("tablet"))
    assert window.missing(window.sends_before)


@pytest.mark.parametrize(
    ("messages", "partial"), [([OLD, ONE], False), ([ONE], True), ([OLD], True)], ids=["all", "cut", "lost"]
)
def test_a_part_is_shown(messages: Sequence[Mapping[str, Any]], partial: bool) -> None:
    assert shown_after("one", messages=messages).is_partial is partial


@pytest.mark.parametrize(
    ("messages", "wrong", "newest_first"),
    [
        ([ONE, TWO, THREE], [], False),
        ([ONE, THREE, TWO], [("two", "three")], False),
        ([THREE, TWO, ONE], [("one", "two"), ("one", "three"), ("two", "three")], True),
    ],
    ids=["oldest first", "two change places", "newest first"],
)
def test_what_is_out_of_order(
    messages: Sequence[Mapping[str, Any]], wrong: Sequence[tuple[str, str]], newest_first: bool
) -> None:
    window = shown_after("one", "two", "three", messages=messages)
    found = window.out_of_order(window.sends_before)
    assert [(earlier.text, later.text) for earlier, later in found] == wrong
    assert window.newest_first is newest_first


@pytest.mark.parametrize(
    ("messages", "differing"),
    [
        ([OLD, ONE], []),
        ([ONE], []),
        ([message("older", id="older"), OLD, ONE], []),
        ([OLD, ONE, SUPPORTS], []),
        ([OLD], ["one"]),
        ([OLD, TWO, ONE], ["two"]),
        ([TWO], ["old", "one", "two"]),
    ],
    ids=[
        "the same",
        "a shorter part",
        "a longer part",
        "support went on",
        "one lacks",
        "one more",
        "nothing in common",
    ],
)
def test_how_two_windows_differ(messages: Sequence[Mapping[str, Any]], differing: Sequence[str]) -> None:
    made = Handmade()
    made.opens("phone")
    made.greeted([OLD, ONE])
    made.opens("tablet")
    made.greeted(messages)
    earlier, later = (greeting_of(made.record.connection(device)) for device in ("phone", "tablet"))
    assert [one.id for one in earlier.differs_from(later)] == differing
