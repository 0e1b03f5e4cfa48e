"""What texts leave behind that a target may accept or refuse."""

from __future__ import annotations

import pytest

from conformance.checks import aftermath
from conformance.checks.assertions import check_all
from conformance.errors import Deviation
from conformance.protocol import ERROR
from conformance.record.views import Record
from tests.support.handmade import Handmade, message

WORDS = "conformance check 0a number 1"
PROBLEM = {"code": "SERVER_ERROR", "message": "no"}


def sent(*, refused: bool) -> Handmade:
    """An unjudged device has sent a text with half of a surrogate pair, and another one has come."""
    chat = Handmade()
    chat.opens(trial=True)
    chat.greeted()
    chat.emits({"text": f"{WORDS}\ud83dend"}, valid=False)
    chat.ack({"error": PROBLEM} if refused else {"message": message(WORDS)})
    chat.closed()
    chat.opens("tablet")
    return chat


def judge(record: Record) -> None:
    """By all three judges."""
    check_all(aftermath.after(accepted=True)(record), aftermath.greeted)
    check_all(aftermath.after(accepted=False)(record), aftermath.chats_on)
    check_all(aftermath.refused(record), aftermath.not_stored)


@pytest.mark.parametrize("refused", [True, False])
def test_a_user_who_is_greeted_and_chats_on_was_not_locked_out(refused: bool) -> None:
    chat = sent(refused=refused)
    chat.greeted([] if refused else [message(f"{WORDS}\ufffdend")])
    chat.says("hello", plain=True)
    judge(chat.record)


@pytest.mark.parametrize("refused", [True, False])
def test_a_user_who_is_not_greeted_again_was_locked_out(refused: bool) -> None:
    chat = sent(refused=refused)
    chat.event(ERROR, PROBLEM)
    chat.closed("target")
    with pytest.raises(Deviation, match=f"which {'was not' if refused else 'was'} accepted; actual .*SERVER_ERROR"):
        judge(chat.record)


def test_a_text_of_a_device_that_was_not_greeted_locks_nobody_out() -> None:
    chat = Handmade()
    for device in ("phone", "tablet"):
        chat.opens(device, trial=device == "phone")
        chat.emits({"text": WORDS}, valid=False)
        chat.closed("target")
    assert not list(aftermath.after(accepted=False)(chat.record))


def test_a_text_that_was_refused_is_stored_by_whatever_is_left_of_it() -> None:
    chat = sent(refused=True)
    chat.greeted([message(f"{WORDS}\ufffdend")])
    with pytest.raises(Deviation, match=r"nothing of the text .* to be stored"):
        judge(chat.record)


def test_the_next_text_is_not_refused_for_one_that_was_not_accepted() -> None:
    chat = sent(refused=True)
    chat.greeted()
    chat.emits({"text": "hello"}, plain=True)
    chat.ack({"error": PROBLEM})
    with pytest.raises(Deviation, match="a plain text to be accepted after the text"):
        judge(chat.record)
