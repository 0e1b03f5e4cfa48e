"""Texts that a target need not accept, as they come back where it did; and what is observed of them."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.checks import odd_texts, parity
from conformance.checks.law import check_records
from conformance.errors import Deviation
from conformance.inputs.odd_texts import EMOJI, HALF_A_PAIR, MANY, WHITE_SPACE, point
from conformance.observations import characters
from conformance.protocol import MESSAGE
from conformance.record.views import Record
from tests.support.handmade import CONVERSATION, Handmade, message

PADDED = "\u00a0hello\u00a0"
MANY_EMOJI = EMOJI * MANY


def shown(sent: str, ack: str, event: str, greeting: str, rest: str, **fields: Any) -> Record:
    """An unjudged device has sent a text that was accepted, and it was shown in these ways. ``fields``: of the message
    in the histories."""
    made = Handmade()
    made.opens(trial=True)
    made.greeted()
    made.emits({"text": sent}, tag="inside", valid=False)
    made.event(MESSAGE, message(event))
    made.ack({"message": message(ack)})
    made.closed()
    made.opens("tablet")
    made.greeted([message(greeting, **fields)])
    made.fetches({"conversation": CONVERSATION, "messages": [message(rest, **fields)]}, began=1.0)
    return made.record


def everywhere(text: str, saved: str) -> Record:
    return shown(text, saved, saved, saved, saved)


def judge(record: Record) -> None:
    """By all four judges."""
    check_records([record], odd_texts.in_events, parity.agree)
    check_records([record], odd_texts.in_histories("greeting"), parity.agree)
    check_records([record], odd_texts.in_histories("REST"), parity.agree)
    check_records([record], odd_texts.everywhere, odd_texts.whole)


@pytest.mark.parametrize(
    "record",
    [
        everywhere(PADDED, PADDED),
        everywhere(PADDED, "hello"),
        everywhere("a\0b", "a\0b"),
        everywhere("a\0b", "a"),
        everywhere("a\0b", "ab"),
        everywhere(MANY_EMOJI, MANY_EMOJI),
        shown(f"a{HALF_A_PAIR}b", f"a{HALF_A_PAIR}b", "a\ufffdb", "a\ufffdb", "a?b"),
        shown(PADDED, "hello", "hello", "another", "another", id="m2"),
        shown(PADDED, "hello", "hello", "thank you", "thank you", sender="support"),
    ],
    ids=["kept", "trimmed", "NUL", "cut at NUL", "without NUL", "emoji", "half a pair", "another id", "of support"],
)
def test_what_is_the_same_everywhere_is_right(record: Record) -> None:
    judge(record)


@pytest.mark.parametrize(
    ("record", "where"),
    [
        (shown(PADDED, "hello", PADDED, "hello", "hello"), MESSAGE),
        (shown(PADDED, "hello", "hello", PADDED, "hello"), "help_center:connected"),
        (shown(PADDED, "hello", "hello", "hello", PADDED), "REST body"),
        (shown("a\0b", "a\0b", "a\0b", "a", "a\0b"), "help_center:connected"),
        (shown(MANY_EMOJI, MANY_EMOJI, MANY_EMOJI, MANY_EMOJI, EMOJI * 1000), "REST body"),
    ],
    ids=["event", "greeting", "REST", "NUL", "emoji"],
)
def test_what_is_another_text_elsewhere_is_found(record: Record, where: str) -> None:
    with pytest.raises(Deviation, match=where):
        judge(record)


def test_what_is_cut_everywhere_alike_is_not_whole() -> None:
    with pytest.raises(Deviation, match="everywhere, however its characters are counted"):
        judge(everywhere(MANY_EMOJI, EMOJI * 1000))


def test_of_two_messages_with_one_id_none_is_taken_for_the_other() -> None:
    made = Handmade()
    made.opens(trial=True)
    made.greeted()
    for text in ("one", "two"):
        made.emits({"text": text}, valid=False)
        made.ack({"message": message(text)})
    made.opens("tablet")
    made.greeted([message("one")])
    judge(made.record)


# -- observations --------------------------------------------------------------------------------------------------


def test_what_becomes_of_a_zero_is_said_of_each_channel() -> None:
    seen = characters.odd_character(shown("a\0b", "a\0b", "a\0b", "a", "a"), "\0")
    assert seen.value == "kept (ack, event); cut (greeting, REST)"
    assert seen.says == "stores U+0000 as it is (ack, event); but cuts a text off at U+0000 (greeting, REST)"
    assert characters.odd_character(everywhere("a\0b", "a"), "\0").value == "cut"


def test_what_is_trimmed_is_said_of_each_channel() -> None:
    made = Handmade()
    made.opens(trial=True)
    made.greeted()
    texts = {f"m{place}": f"{one}hello{one}" for place, one in enumerate(WHITE_SPACE)}
    for (name, text), one in zip(texts.items(), WHITE_SPACE, strict=True):
        made.emits({"text": text}, tag=point(one), valid=False)
        made.ack({"message": message("hello", id=name)})
    made.opens("tablet")
    made.greeted([message(text, id=name) for name, text in texts.items()])
    all_of_them = " ".join(map(point, WHITE_SPACE))
    nothing = "trims none of what languages disagree about"
    assert characters.trimming(made.record).value == f"trims {all_of_them} (ack); {nothing} (greeting)"
