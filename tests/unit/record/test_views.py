"""Records and payloads: what they read in a transcript, and what they lack where it is not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.protocol import CONNECTED, MESSAGE, Json
from conformance.record.missing import Missing, Need
from conformance.record.transcript import Kind
from conformance.record.views import Record
from tests.support.handmade import CONVERSATION, Handmade, message

ERROR_PAYLOAD = {"code": "VALIDATION_ERROR", "message": "no"}


# -- what is read --------------------------------------------------------------------------------------------------


def chat() -> Handmade:
    made = Handmade()
    made.opens("phone")
    made.greeted([message("old", id="m0")])
    return made


def test_a_connection_is_read() -> None:
    made = chat()
    made.says("hello")
    made.closed("target", code=1011)
    phone = made.record.connection()
    assert phone.title == "phone (user 1, auth, websocket)"
    assert all([phone.good, phone.default_route, phone.handshake_completed, phone.greeted])
    assert not phone.unjudged
    assert phone.history.ids == ["m0"]
    assert [event.name for event in phone.events()] == [CONNECTED, MESSAGE]
    assert phone.ended_by_target is phone.closed


@pytest.mark.parametrize(
    ("connect", "args", "reported"),
    [
        ({"sid": "s1", "pid": "p1"}, [{}, "o-1"], [{}]),
        ({"sid": "s1", "pid": "p1"}, [{}], [{}]),
        ({"sid": "s1", "pid": "p1"}, ["o-1"], ["o-1"]),
        ({"sid": "s1", "pid": "p1"}, [{}, {}], [{}, {}]),
        ({"sid": "s1"}, [{}, "o-1"], [{}, "o-1"]),
    ],
)
def test_the_offset_of_socket_io_is_no_argument(connect: Json, args: list[Json], reported: list[Json]) -> None:
    made = Handmade()
    made.opens("phone")
    made.packet(Kind.RECEIVED, "CONNECT", data=connect)
    made.event(MESSAGE, *args)
    assert [event.args for event in made.record.connection().events()] == [reported]


def test_an_accepted_send_is_read() -> None:
    made = chat()
    made.says("hello", tag="first")
    send = made.record.send("first")
    assert (send.number, send.text, send.asked, send.accepted, send.refused) == (1, "hello", True, True, False)
    assert (send.message.id, send.message.text, send.event.message.id) == ("m1", "hello", "m1")


def test_a_refused_send_is_read() -> None:
    made = chat()
    made.emits({"text": ""}, valid=False)
    made.ack({"error": ERROR_PAYLOAD})
    send = made.record.send()
    assert (send.accepted, send.refused, send.problem.code) == (False, True, "VALIDATION_ERROR")


def test_null_beside_the_answer_counts_as_absent() -> None:
    made = chat()
    made.emits({"text": "a"}, tag="accepted")
    made.ack({"message": message("a"), "error": None})
    made.emits({"text": ""}, tag="refused")
    made.ack({"message": None, "error": ERROR_PAYLOAD})
    assert made.record.send("accepted").accepted
    assert made.record.send("refused").refused


def test_the_last_attempt_of_a_send_counts() -> None:
    made = chat()
    first = made.emits({"text": "a"})
    made.ack({"error": {"code": "SLOW_DOWN", "message": "wait"}})
    made.emits({"text": "a"}, send=first.get("send"), attempt=2)
    made.ack({"message": message("a")})
    (send,) = made.record.sends
    assert len(send.attempts) == 2
    assert send.accepted
    assert [problem.code for problem, _ in made.record.problems()] == ["SLOW_DOWN"]


def test_acks_belong_to_the_connection_that_asked() -> None:
    made = chat()
    made.emits({"text": "a"}, tag="phone")
    asked = made.transcript.entries[-1].get("id")
    made.opens("tablet")
    made.ack({"message": message("a")}, id=asked)
    assert not made.record.send("phone").acks


def test_a_message_of_the_same_text_that_the_ack_of_another_send_carries_is_not_that_of_a_send() -> None:
    made = chat()
    made.says("\U0001f600 one", saved=message("?", id="m1"), tag="one")
    made.opens("tablet")
    made.greeted()
    made.says("\U0001f600 two", saved=message("?", id="m2"), tag="two")
    record = made.record
    tablet = record.connection("tablet")
    assert record.send("one").event_on(tablet) is None
    assert record.send("two").event_on(tablet) is not None


def test_one_whose_ack_has_another_id_is_found_by_its_text() -> None:
    made = chat()
    made.emits({"text": "one"}, tag="one")
    made.event(MESSAGE, message("one", id="m1"))
    made.ack({"message": message("one", id="other")})
    assert made.record.send("one").event_on(made.record.connection("phone")) is not None


def test_trials_are_found_by_name_and_seen_by_no_law() -> None:
    made = chat()
    made.opens("tablet", trial=True)
    made.says("odd", tag="odd")
    assert made.record.connection("tablet").unjudged
    assert made.record.send("odd").accepted
    assert [connection.device for connection in made.record.connections] == ["phone"]
    assert not made.record.sends


def test_histories_come_in_wire_order() -> None:
    made = Handmade()
    made.fetches({"conversation": CONVERSATION, "messages": []})
    made.opens()
    made.greeted()
    made.fetches({"conversation": CONVERSATION, "messages": []}, status=401)
    made.fetches("<html>", json=False)
    assert [history.where for _, history in made.record.histories()] == ["REST body", CONNECTED]


# -- what is not there -----------------------------------------------------------------------------------------------


def unanswered() -> Handmade:
    made = chat()
    made.emits({"text": "a"})
    return made


def refused() -> Handmade:
    made = unanswered()
    made.ack({"error": ERROR_PAYLOAD})
    return made


def unheard() -> Handmade:
    made = unanswered()
    made.ack({"message": message("a")})
    return made


def ungreeted() -> Handmade:
    made = Handmade()
    made.opens()
    return made


def without_rest() -> Handmade:
    made = chat()
    made.fetches("<html>", status=502, json=False)
    return made


@pytest.mark.parametrize(
    ("made", "read", "need"),
    [
        (unanswered, lambda record: record.send().message, Need.ACK),
        (refused, lambda record: record.send().message, Need.MESSAGE),
        (unheard, lambda record: record.send().event, Need.ECHO),
        (ungreeted, lambda record: record.connection().history, Need.GREETING),
        (without_rest, lambda record: record.fetch().history, Need.CONVERSATION),
        (chat, lambda record: record.send("later"), Need.PART),
    ],
    ids=["ack", "message", "echo", "greeting", "conversation", "part"],
)
def test_an_accessor_says_what_is_missing(
    made: Callable[[], Handmade], read: Callable[[Record], object], need: Need
) -> None:
    with pytest.raises(Missing) as caught:
        read(made().record)
    assert caught.value.need is need
