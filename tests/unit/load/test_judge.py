"""One visit, judged by the laws; several visits of a user, and several users, by what is remembered of them."""

from __future__ import annotations

import pytest

from conformance.load.crowd import Crowd
from conformance.load.judge import Judge
from conformance.load.memory import REMEMBERED
from conformance.load.tally import EXAMPLES, Tally
from conformance.protocol import ERROR, MESSAGE, Json
from conformance.record.transcript import Kind
from conformance.record.waits import GREETING, ack_of, message_named
from tests.support.handmade import CONVERSATION, Handmade, message
from tests.unit.load.visits import chat, judged, person, story, violated, words


def shown(messages: Json) -> Json:
    return {"conversation": CONVERSATION, "messages": messages}


def test_a_visit_that_goes_well_violates_nothing() -> None:
    visit, said = chat(1, 2)
    visit.packet(Kind.SENT, "DISCONNECT")
    visit.closed()
    visit.opens()
    visit.greeted(said)
    visit.fetches(shown(said), began=1.0)
    tally = judged(visit)
    assert not violated(tally)
    assert {"ACK-MATCH", "SEND-KEPT", "SEND-PLAIN", "RECONNECT-GREETED", "ISOLATION-MESSAGES"} <= set(tally.held)


def test_an_ack_of_another_text_is_found() -> None:
    visit, _ = chat()
    visit.emits({"text": words(1)}, plain=True)
    visit.ack({"message": message(words(9))})
    assert "ACK-MATCH" in violated(judged(visit))


def test_a_text_that_is_refused_to_the_end_is_found() -> None:
    visit, _ = chat()
    visit.emits({"text": words(1)}, plain=True)
    visit.ack({"error": {"code": "SERVER_ERROR", "message": "No connection."}})
    assert violated(judged(visit)) == {"SEND-PLAIN"}


def test_a_text_that_is_refused_for_its_pace_blames_no_one() -> None:
    visit, _ = chat()
    visit.emits({"text": words(1)}, plain=True)
    visit.ack({"error": {"code": "RATE_LIMITED", "message": "Slow down."}})
    tally = judged(visit)
    assert not violated(tally)
    assert tally.open["SEND-PLAIN"] == 1


@pytest.mark.parametrize(("doubt", "found"), [({}, {"ACK-CALLED"}), ({"doubt": "slow"}, set())])
def test_an_ack_that_never_comes_is_found_unless_others_are_as_slow(doubt: Json, found: set[str]) -> None:
    visit, _ = chat()
    visit.emits({"text": words(1)}, plain=True)
    visit.add(Kind.EXPIRED, waiting=ack_of(1), seconds=15.0, **doubt)
    assert violated(judged(visit)) == found


def test_a_message_that_another_device_waits_for_in_vain_is_found() -> None:
    visit, _ = chat()
    phone = visit.connection
    tablet = visit.opens("tablet")
    visit.greeted()
    visit.connection = phone
    said = visit.says(words(1), plain=True)
    visit.add(Kind.EXPIRED, connection=tablet, waiting=message_named(said["id"]), seconds=15.0)
    assert violated(judged(visit)) == {"MESSAGE-DEVICES"}


@pytest.mark.parametrize("is_ended", [True, False])
def test_a_greeting_that_never_comes_is_found_unless_the_connection_ends(is_ended: bool) -> None:
    visit = Handmade("visit")
    visit.opens(greet=None)
    if is_ended:
        visit.closed(by="target")
    else:
        visit.add(Kind.EXPIRED, waiting=GREETING, seconds=15.0)
    assert violated(judged(visit)) == (set() if is_ended else {"CONNECTED-SENT"})


def test_a_good_token_that_is_turned_away_is_found() -> None:
    visit = Handmade("visit")
    visit.opens()
    visit.event(ERROR, {"code": "UNAUTHORIZED", "message": "No."})
    visit.packet(Kind.RECEIVED, "DISCONNECT")
    assert violated(judged(visit)) == {"AUTH-BARE"}


def test_a_text_that_is_stored_twice_is_found() -> None:
    visit, [said] = chat(1)
    visit.fetches(shown([said, {**said, "id": "again"}]), began=1.0)
    assert "RECONNECT-RESYNC" in violated(judged(visit))


def test_a_payload_without_its_shape_is_found_and_stops_no_other_law() -> None:
    visit, _ = chat(1)
    visit.event(MESSAGE, {"text": "no id"})
    tally = judged(visit)
    assert violated(tally) == {"MESSAGE-SHAPE"}
    assert tally.held["ACK-MATCH"]


def test_a_few_excerpts_of_each_kind_are_kept() -> None:
    reported: list[str] = []
    judge = Judge(Tally(), reported.append)
    for _ in range(EXAMPLES + 2):
        visit, _ = chat()
        visit.emits({"text": words(1)}, plain=True)
        visit.ack({"message": message(words(9))})
        judge.over(story(visit))
    assert len(judge.tally.examples["ACK-MATCH"]) == EXAMPLES
    assert reported.count("ACK-MATCH") == judge.tally.violated["ACK-MATCH"] >= EXAMPLES + 2
    assert "number 9" in judge.tally.examples["ACK-MATCH"][0]


# -- what is remembered of earlier visits ----------------------------------------------------------------------------


def over(*visits: Handmade) -> Tally:
    """Visits of one user, one after the other."""
    judge, who = Judge(Tally(), lambda _: None), person()
    for number, visit in enumerate(visits):
        judge.over(story(visit, who, later=100.0 * number))
    return judge.tally


def test_what_was_acked_in_an_earlier_visit_is_still_there() -> None:
    first, said = chat(1, 2, 3)
    assert not violated(over(first, chat(history=said)[0]))


def test_the_last_part_of_a_conversation_may_be_all_that_is_shown() -> None:
    first, said = chat(1, 2, 3)
    assert not violated(over(first, chat(history=said[1:])[0]))


@pytest.mark.parametrize("kept", [[0, 2], [0], [0, 1]])
def test_a_gap_in_what_was_acked_earlier_is_found(kept: list[int]) -> None:
    first, said = chat(1, 2, 3)
    assert violated(over(first, chat(history=[said[one] for one in kept])[0])) == {"SEND-KEPT"}


def test_a_conversation_that_is_empty_again_is_found() -> None:
    first, said = chat(1, 2)
    second, _ = chat(history=said)
    assert violated(over(first, second, chat()[0])) == {"SEND-KEPT"}


def test_what_is_shown_twice_in_a_later_visit_is_found() -> None:
    first, said = chat(1, 2)
    doubled = [*said, {**said[0], "id": "again"}]
    assert violated(over(first, chat(history=doubled)[0])) == {"RECONNECT-RESYNC"}


def test_memory_is_bounded() -> None:
    who = person()
    visit, _ = chat(*range(REMEMBERED + 5))
    Judge(Tally(), lambda _: None).over(story(visit, who))
    assert len(who.memory.said) == REMEMBERED
    assert who.memory.said[-1].text == words(REMEMBERED + 4)


# -- several users ---------------------------------------------------------------------------------------------------


def test_a_text_of_another_user_is_found_by_what_it_says() -> None:
    visit, _ = chat()
    visit.event(MESSAGE, message(words(1, tag="fedcba9876")))
    assert "ISOLATION-MESSAGES" in violated(judged(visit))


def test_a_text_of_another_user_is_found_in_a_history() -> None:
    visit, _ = chat(history=[message(words(1, tag="fedcba9876"))])
    assert violated(judged(visit)) == {"ISOLATION-HISTORY"}


def test_words_of_support_and_of_other_runs_are_no_ones() -> None:
    visit, _ = chat(history=[message("conformance check ffffffff0123456789 number 1", id="old")])
    visit.event(MESSAGE, message("How can we help?", id="s1", sender="support"))
    assert not violated(judged(visit))


def test_two_users_with_one_conversation_are_found() -> None:
    judge = Judge(Tally(), lambda _: None)
    judge.over(story(chat()[0], person()))
    judge.over(story(chat()[0], person("fedcba9876")))
    assert violated(judge.tally) == {"CONNECTED-CONVERSATION"}


def test_of_many_users_the_last_are_known() -> None:
    crowd = Crowd(remembered=2)
    judge = Judge(Tally(), lambda _: None, crowd=crowd)
    for number in range(4):
        visit = Handmade("visit")
        visit.opens()
        visit.greeted(conversation={**CONVERSATION, "id": f"c{number}", "userId": f"u{number}"})
        judge.over(story(visit, person(f"{number:010}")))
    assert not violated(judge.tally)
    assert len(crowd._owners) == 2
