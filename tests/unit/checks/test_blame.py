"""Whom an unverified requirement points at: the one that judges what went wrong, and saw it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.checks.assertions import outcome_of
from conformance.checks.blame import SHAPES, of_greeting
from conformance.checks.connection import acked, sound, works
from conformance.checks.history import deep, looks
from conformance.errors import Deviation, Unverified
from conformance.protocol import ERROR, MESSAGE, Json
from conformance.record.payloads import Misshapen
from conformance.requirements import catalogue
from tests.support.handmade import CONVERSATION, Handmade, message

ERROR_PAYLOAD = {"code": "VALIDATION_ERROR", "message": "no"}


def chat() -> Handmade:
    made = Handmade()
    made.opens("phone")
    made.greeted([message("old", id="m0")])
    return made


def _chat(transport: str = "polling") -> Handmade:
    made = Handmade()
    made.opens(transport=transport)
    made.greeted()
    made.says("one", tag="chat")
    return made


def _unanswered(*, ended: bool) -> Handmade:
    """A chat whose second text has no ack; with ``ended``, because the target ended the connection."""
    made = _chat()
    made.emits({"text": "two"}, tag="chat")
    if ended:
        made.closed("target")
    return made


# -- connections that were not greeted ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "greeted", "judge"),
    [("auth", True, "DEVICE-COEXIST"), ("header", True, "AUTH-HEADER"), ("auth", False, "AUTH-BARE")],
)
def test_a_device_that_is_refused_beside_another_points_at_coexistence(option: str, greeted: bool, judge: str) -> None:
    made = Handmade()
    phone = made.opens("phone")
    if greeted:
        made.greeted()
    made.opens("tablet", option=option)
    made.event("help_center:error", {"code": "UNAUTHORIZED", "message": "Logged in elsewhere."})
    made.closed("target")
    made.connection = phone
    made.closed()
    assert of_greeting(made.record.connection("tablet")) == judge


def test_a_device_that_is_refused_after_another_left_does_not() -> None:
    made = Handmade()
    made.opens("phone")
    made.greeted()
    made.closed()
    made.opens("tablet")
    made.closed("target")
    assert of_greeting(made.record.connection("tablet")) == "CONNECTED-SENT"


# -- sends that were not acked -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("ended", "judge"), [(True, "CONN-STAYS"), (False, "ACK-CALLED")])
def test_a_missing_ack_points_at_the_end_of_the_connection_where_it_ended(ended: bool, judge: str) -> None:
    record = _unanswered(ended=ended).record
    with pytest.raises(Unverified) as transport:
        works(acked, record, record, because="ACK-CALLED")
    with pytest.raises(Unverified) as upgrade:
        sound(record, because="CONN-POLLING")
    with pytest.raises(Unverified) as depth:
        deep(next(iter(looks(record))), 20)
    assert [one.value.because for one in (transport, upgrade, depth)] == [judge] * 3


def test_a_doubled_ack_points_at_the_requirement_for_single_ones() -> None:
    made = _chat()
    made.ack({"message": {}})
    with pytest.raises(Unverified) as upgrade:
        sound(made.record, because="CONN-POLLING")
    assert upgrade.value.because == "ACK-ONCE"


# -- what the accessors of a record lack ------------------------------------------------------------------------


def unverified(read: Callable[[], object]) -> Unverified:
    outcome = outcome_of(lambda _: read(), None)
    assert isinstance(outcome, Unverified)
    return outcome


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
    deviation = outcome_of(lambda record: record.send().message, made.record)
    assert isinstance(deviation, Deviation)
    assert deviation.actual == 'ack: {error: {code: "VALIDATION_ERROR", message: "no"}}'
    assert deviation.at == (sent.serial, ack.serial)


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
    assert caught.value.at == (event.serial,)
    assert SHAPES[caught.value.shape] == "MESSAGE-SHAPE"
    assert unverified(lambda: made.record.connection().events(MESSAGE)[0].message.id).because == "MESSAGE-SHAPE"
