"""A text that asked for no ack is looked for where a list reaches back as far as that."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from conformance.checks.history_window import greeting_of, windows
from conformance.checks.unacked import by_chance, heard_beside, lists, same_id, surely_taken, trimmed, verbatim
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


@pytest.mark.parametrize("heard", [True, False])
def test_another_device_hears_what_the_sender_is_told_of(heard: bool) -> None:
    made = Handmade()
    beside = made.opens("tablet")
    made.greeted()
    made.opens("phone")
    made.greeted()
    made.emits({"text": "bare"}, ack=False)
    made.event(MESSAGE, message("bare", id="bare"))
    if heard:
        made.event(MESSAGE, message("bare", id="bare"), connection=beside)
    listener, send = made.record.connection("tablet"), made.record.sends[-1]
    with nullcontext() if heard else pytest.raises(Deviation, match="bare"):
        heard_beside(listener, send)


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


LONG = "conformance check 0a1b2c3d number 1 <b>and so on</b> " * 3


def unacked(text: str, *, heard: str | None = None, listed: str | None = None, id: str = "m1") -> Handmade:
    """A device sends a text without asking for an ack; what is heard of it has the id m1."""
    made = Handmade()
    made.opens("phone")
    made.greeted()
    made.emits({"text": text}, ack=False)
    if heard is not None:
        made.event(MESSAGE, message(heard, id="m1"))
    made.opens("tablet")
    made.greeted([] if listed is None else [message(listed, id=id)])
    return made


@pytest.mark.parametrize(("heard", "listed"), [(LONG, LONG), (LONG, None), (None, LONG)])
def test_a_long_text_is_shown_as_it_was_sent(heard: str | None, listed: str | None) -> None:
    made = unacked(LONG, heard=heard, listed=listed)
    verbatim(made.record.sends[-1], windows(made.record))


@pytest.mark.parametrize(("heard", "listed"), [(LONG[:60], None), (LONG, LONG[:60])])
def test_a_text_that_was_shortened_is_another_one(heard: str, listed: str | None) -> None:
    made = unacked(LONG, heard=heard, listed=listed)
    with pytest.raises(Deviation, match="text: "):
        verbatim(made.record.sends[-1], windows(made.record))


def test_a_text_that_is_shown_nowhere_is_not_known_to_be_changed() -> None:
    made = unacked(LONG)
    with pytest.raises(Unverified) as reason:
        verbatim(made.record.sends[-1], windows(made.record))
    assert reason.value.because == "SEND-UNACKED"


@pytest.mark.parametrize("listed", ["hello", None])
def test_an_event_has_the_id_under_which_its_message_is_listed(listed: str | None) -> None:
    made = unacked("hello", heard="hello", listed=listed)
    same_id(made.record.sends[-1], windows(made.record))


def test_an_event_with_another_id_is_of_another_message() -> None:
    made = unacked("hello", heard="hello", listed="hello", id="m2")
    with pytest.raises(Deviation, match="m1, as in the event"):
        same_id(made.record.sends[-1], windows(made.record))


def test_what_is_listed_under_another_id_too_is_doubled() -> None:
    made = unacked("hello", heard="hello", listed="hello")
    made.opens("laptop")
    made.greeted([message("hello", id="m1"), message("hello", id="m9")])
    same_id(made.record.sends[-1], windows(made.record))


def test_without_an_event_there_is_no_id_to_compare() -> None:
    made = unacked("hello", listed="hello")
    with pytest.raises(Unverified) as reason:
        same_id(made.record.sends[-1], windows(made.record))
    assert reason.value.because == "SEND-UNACKED"


@pytest.mark.parametrize("code", ["RATE_LIMITED", "SLOW_MODE"])
def test_who_sent_several_texts_at_once_may_have_been_refused(code: str) -> None:
    made = Handmade()
    made.opens("phone")
    made.greeted()
    for text in ("hello", "again"):
        made.emits({"text": text}, ack=False)
    assert len(surely_taken(made.record.sends)) == len(made.record.sends)
    made.event(ERROR, {"code": code, "message": "No."})
    assert not surely_taken(made.record.sends)


def test_what_is_sent_to_a_target_that_ended_the_connection_is_another_matter() -> None:
    made = Handmade()
    made.opens("phone")
    made.greeted()
    made.emits({"text": "hello"}, ack=False)
    made.closed("target")
    assert by_chance(made.record.sends[-1]) == "CONN-STAYS"
