"""Who is to blame for what goes wrong now and then, whatever was just sent."""

from __future__ import annotations

import pytest

from conformance.checks.assertions import check_all
from conformance.checks.controls import (
    emits_twice,
    forgets_sessions,
    greets_nobody_new,
    greets_once,
    loses_acks,
    loses_messages,
    not_greeted_again,
    refuses_fresh_tokens,
    refuses_plain_texts,
    session_lost,
)
from conformance.checks.lifecycle import shows_once
from conformance.checks.sending import is_taken
from conformance.errors import Deviation
from conformance.protocol import ERROR, MESSAGE
from conformance.record.transcript import Kind
from conformance.record.waits import GREETING, ack_of, message_of
from tests.support.handmade import Handmade, message

REFUSAL = {"error": {"code": "SERVER_ERROR", "message": "not now"}}


def chat(key: str = "chat") -> Handmade:
    made = Handmade(key)
    made.opens()
    made.greeted()
    return made


def refused(made: Handmade) -> Handmade:
    made.emits({"text": "hello"}, plain=True)
    made.ack(REFUSAL)
    return made


def test_who_comes_first_and_is_not_greeted_explains_others_but_not_who_is_refused() -> None:
    waited, hung_up, turned_away = Handmade(), Handmade(), Handmade()
    for one in (waited, hung_up, turned_away):
        one.opens()
    waited.add(Kind.EXPIRED, waiting=GREETING, seconds=15.0)
    hung_up.closed("target")
    turned_away.event(ERROR, {"code": "UNAUTHORIZED", "message": "no"})
    turned_away.closed("target")
    assert greets_nobody_new([waited.record])
    assert greets_nobody_new([hung_up.record])
    assert not greets_nobody_new([turned_away.record, chat().record])


def test_a_plain_text_that_is_refused_anywhere_explains_others() -> None:
    assert refuses_plain_texts([refused(chat()).record])
    assert not refuses_plain_texts([chat().record])


def test_a_plain_text_that_is_refused_after_typing_explains_nothing() -> None:
    made = chat()
    made.packet(Kind.SENT, "EVENT", event="help_center:typing", args=[{"isTyping": True}])
    assert not refuses_plain_texts([refused(made).record])


def test_an_ack_that_is_missing_anywhere_explains_others_but_not_where_the_connection_ended() -> None:
    made, cut = chat(), chat()
    for one in (made, cut):
        one.emits({"text": "hello"}, plain=True)
        one.add(Kind.EXPIRED, waiting=ack_of(1), seconds=15.0)
    cut.closed("network")
    assert loses_acks([made.record])
    assert not loses_acks([cut.record])


@pytest.mark.parametrize("heard", [False, True])
def test_a_message_that_is_not_heard_anywhere_explains_others(heard: bool) -> None:
    made = chat()
    made.emits({"text": "hello"}, plain=True)
    made.ack({"message": message("hello")})
    made.add(Kind.EXPIRED, waiting=message_of(1), seconds=15.0)
    if heard:
        made.event(MESSAGE, message("hello"))
    assert loses_messages([made.record]) is not heard


def test_an_ack_that_is_missing_in_a_burst_explains_no_other() -> None:
    made = chat()
    for text in ("one", "two"):
        made.emits({"text": text}, plain=True)
    made.ack({"message": message("two")})
    made.add(Kind.EXPIRED, waiting=ack_of(1), seconds=15.0)
    assert not loses_acks([made.record])


def test_a_message_that_is_emitted_twice_anywhere_explains_others() -> None:
    made = chat()
    reported = made.says()
    assert not emits_twice([made.record])
    made.event("help_center:message", reported)
    again = Handmade()
    again.transcript.entries.extend(made.transcript.entries)
    assert emits_twice([chat().record, again.record])


@pytest.mark.parametrize(("scenario", "explains"), [("polling_chat", True), ("polled_typing", False)])
def test_a_session_that_is_forgotten_in_a_mere_chat_explains_others(scenario: str, explains: bool) -> None:
    made = Handmade(scenario)
    made.opens(transport="polling")
    made.closed("target", status=400)
    assert forgets_sessions([chat().record, made.record]) is explains
    assert session_lost(made.record.connection()) == "CONN-POLLING"


def test_a_websocket_that_ends_is_no_forgotten_session() -> None:
    made = chat()
    made.closed("target", code=1000)
    assert session_lost(made.record.connection()) is None


def test_a_refusal_says_who_may_be_to_blame_for_it() -> None:
    made = refused(chat())
    with pytest.raises(Deviation) as raised:
        is_taken(made.record.send(), "typing")
    assert raised.value.unless == "SEND-PLAIN"


def test_what_may_be_collateral_hides_nothing_that_is_not() -> None:
    found = [Deviation("a", "b", unless="SEND-PLAIN"), Deviation("c", "d")]

    def judge(deviation: Deviation) -> None:
        raise deviation

    with pytest.raises(Deviation) as raised:
        check_all(found, judge)
    assert (raised.value.expected, raised.value.unless) == ("c", None)


@pytest.mark.parametrize(("attempts", "holds"), [(1, False), (2, True)], ids=["at-once", "tried-again"])
def test_a_text_that_was_refused_and_stored_is_no_doubling_of_histories(attempts: int, holds: bool) -> None:
    made = chat()
    for attempt in range(1, attempts + 1):
        made.emits({"text": "hello"}, send=1, attempt=attempt)
        made.ack(REFUSAL if attempt < attempts else {"message": message(id="m2")})
    made.opens("tablet")
    made.greeted([message(id="m1"), message(id="m2")])
    history, sends = made.record.connection("tablet").history, made.record.sends
    if holds:
        shows_once(history, sends)
    else:
        with pytest.raises(Deviation):
            shows_once(history, sends)


def come_back(scenario: str, *, refused: bool, greeted: bool = False) -> Handmade:
    made = chat(scenario)
    made.closed()
    made.opens()
    if refused:
        made.event(ERROR, {"code": "UNAUTHORIZED", "message": "in use"})
    if greeted:
        made.greeted()
    return made


def test_who_is_not_greeted_again_anywhere_was_not_locked_out_by_a_text() -> None:
    assert greets_once([come_back("comes_back", refused=False).record])
    assert not greets_once([come_back("comes_back", refused=False, greeted=True).record])
    assert not greets_once([come_back("odd_texts", refused=False).record])


def test_who_is_refused_again_anywhere_was_not_locked_out_by_a_text() -> None:
    assert refuses_fresh_tokens([come_back("refreshed", refused=True).record])
    assert not refuses_fresh_tokens([come_back("refreshed", refused=False).record])


@pytest.mark.parametrize(("refused", "blamed"), [(True, "TOKEN-REFRESHED"), (False, "RECONNECT-GREETED")])
def test_the_requirement_to_blame_goes_by_what_was_said(refused: bool, blamed: str) -> None:
    assert not_greeted_again(come_back("odd_texts", refused=refused).record.connections[-1]) == blamed
