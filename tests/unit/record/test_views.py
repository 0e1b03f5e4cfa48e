"""Records and payloads: what they read in a transcript, and who is to blame for what they do not find."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.errors import Deviation, Unverified
from conformance.protocol import CONNECTED, ERROR, MESSAGE, Json
from conformance.record.payloads import Misshapen
from conformance.record.transcript import Kind
from conformance.requirements import catalogue
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
    assert (phone.good, phone.usual, phone.trial, phone.shaken, phone.greeted) == (True, True, False, True, True)
    assert phone.history.ids == ["m0"]
    assert [event.name for event in phone.events()] == [CONNECTED, MESSAGE]
    assert phone.ended_by_target is phone.closed


@pytest.mark.parametrize(
    ("connect", "args", "told"),
    [
        ({"sid": "s1", "pid": "p1"}, [{}, "o-1"], [{}]),
        ({"sid": "s1", "pid": "p1"}, [{}], [{}]),
        ({"sid": "s1", "pid": "p1"}, ["o-1"], ["o-1"]),
        ({"sid": "s1", "pid": "p1"}, [{}, {}], [{}, {}]),
        ({"sid": "s1"}, [{}, "o-1"], [{}, "o-1"]),
    ],
)
def test_the_offset_of_socket_io_is_no_argument(connect: Json, args: list[Json], told: list[Json]) -> None:
    made = Handmade()
    made.opens("phone")
    made.packet(Kind.RECEIVED, "CONNECT", data=connect)
    made.event(MESSAGE, *args)
    assert [event.args for event in made.record.connection().events()] == [told]


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


def test_trials_are_found_by_name_and_seen_by_no_law() -> None:
    made = chat()
    made.opens("tablet", trial=True)
    made.says("odd", tag="odd")
    assert made.record.connection("tablet").trial
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


# -- who is to blame -----------------------------------------------------------------------------------------------


def unverified(read: Callable[[], object]) -> Unverified:
    with pytest.raises(Unverified) as caught:
        read()
    return caught.value


def test_a_send_without_ack_is_blamed_on_the_ack() -> None:
    made = chat()
    made.emits({"text": "a"})
    assert unverified(lambda: made.record.send().message).because == "ACK-CALLED"
    assert unverified(lambda: made.record.send("later")).because == "ACK-CALLED"


def test_a_refused_plain_text_is_blamed_on_plain_texts() -> None:
    made = chat()
    made.emits({"text": "a"}, plain=True)
    made.ack({"error": ERROR_PAYLOAD})
    assert unverified(lambda: made.record.send().message).because == "SEND-PLAIN"
    assert unverified(lambda: made.record.send("later")).because == "SEND-PLAIN"


@pytest.mark.parametrize(
    ("payload", "judge"), [({"text": ""}, "REJECT-SURVIVED"), (None, "REJECT-NO-OBJECT")], ids=["empty", "null"]
)
def test_a_plain_text_that_is_refused_after_a_wrong_payload_is_blamed_on_that(payload: Json, judge: str) -> None:
    made = chat()
    made.says("before", plain=True)
    made.emits(payload, valid=False)
    made.ack({"error": ERROR_PAYLOAD})
    made.emits({"text": "a"}, plain=True, tag="after")
    made.ack({"error": ERROR_PAYLOAD})
    assert unverified(lambda: made.record.send("after").message).because == judge
    assert unverified(lambda: made.record.send("later")).because == judge


def test_a_refused_stimulus_is_a_deviation() -> None:
    made = chat()
    sent = made.emits({"text": " a "})
    ack = made.ack({"error": ERROR_PAYLOAD})
    with pytest.raises(Deviation) as caught:
        _ = made.record.send().message
    assert caught.value.actual == 'ack: {error: {code: "VALIDATION_ERROR", message: "no"}}'
    assert caught.value.at == (sent.serial, ack.serial)


def test_nobody_is_blamed_for_a_closed_conversation() -> None:
    made = Handmade()
    made.opens()
    made.greeted(conversation={**CONVERSATION, "status": "closed"})
    made.emits({"text": "a"})
    made.ack({"error": ERROR_PAYLOAD})
    assert unverified(lambda: made.record.send().message).because is None


def test_a_message_nobody_told_the_sender_of_is_blamed_on_the_event() -> None:
    made = chat()
    made.emits({"text": "a"})
    made.ack({"message": message("a")})
    assert unverified(lambda: made.record.send().event).because == "MESSAGE-ECHO"


@pytest.mark.parametrize(
    ("option", "transport", "said", "blamed"),
    [
        ("auth", "websocket", None, "CONNECTED-SENT"),
        ("auth", "websocket", ERROR, "AUTH-BARE"),
        ("bearer", "websocket", ERROR, "AUTH-PREFIXED"),
        ("header", "polling", ERROR, "AUTH-HEADER"),
    ],
)
def test_why_a_good_connection_was_not_greeted(option: str, transport: str, said: str | None, blamed: str) -> None:
    made = Handmade()
    made.opens(option=option, transport=transport)
    if said:
        made.event(said, {"code": "UNAUTHORIZED", "message": "no"})
    assert unverified(lambda: made.record.connection().history).because == blamed
    assert blamed in catalogue()


def test_a_rest_road_that_gives_nothing_is_blamed_on_rest() -> None:
    made = Handmade()
    made.fetches("<html>", status=502, json=False)
    assert unverified(lambda: made.record.fetch().history).because == "REST-OPEN"


@pytest.mark.parametrize("raw", [None, [], "text", 5, {}, {"id": 5}, {"id": None}], ids=repr)
def test_a_missing_field_is_a_misshapen_payload(raw: object) -> None:
    made = chat()
    event = made.event(MESSAGE, raw)
    with pytest.raises(Misshapen) as caught:
        _ = made.record.connection().events(MESSAGE)[0].message.id
    assert caught.value.because == "MESSAGE-SHAPE"
    assert caught.value.at == (event.serial,)
    assert caught.value.because in catalogue()
