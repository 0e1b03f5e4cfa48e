"""Whom an unverified requirement points at for what the accessors of a record lack."""

from __future__ import annotations

import pytest

from conformance.checks.assertions import outcome_of
from conformance.checks.blame import SHAPES, of_greeting
from conformance.errors import Deviation
from conformance.protocol import ERROR, MESSAGE, Json
from conformance.record.payloads import MalformedPayload
from conformance.requirements import catalogue
from tests.support.handmade import CONVERSATION, Handmade, message, unverified

ERROR_PAYLOAD = {"code": "VALIDATION_ERROR", "message": "no"}


def chat() -> Handmade:
    made = Handmade()
    made.opens("phone")
    made.greeted([message("old", id="m0")])
    return made


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


def test_no_one_is_blamed_for_a_closed_conversation() -> None:
    made = Handmade()
    made.opens()
    made.greeted(conversation={**CONVERSATION, "status": "closed"})
    made.emits({"text": "a"})
    made.ack({"error": ERROR_PAYLOAD})
    assert unverified(lambda: made.record.send().message).because is None


def test_a_message_no_one_reported_the_sender_of_is_blamed_on_the_event() -> None:
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


def test_a_rest_route_that_gives_nothing_is_blamed_on_rest() -> None:
    made = Handmade()
    made.fetches("<html>", status=502, json=False)
    assert unverified(lambda: made.record.fetch().history).because == "REST-OPEN"


@pytest.mark.parametrize("raw", [None, [], "text", 5, {}, {"id": 5}, {"id": None}], ids=repr)
def test_a_missing_field_is_a_misshapen_payload(raw: object) -> None:
    made = chat()
    event = made.event(MESSAGE, raw)
    with pytest.raises(MalformedPayload) as caught:
        _ = made.record.connection().events(MESSAGE)[0].message.id
    assert caught.value.at == (event.serial,)
    assert SHAPES[caught.value.shape] == "MESSAGE-SHAPE"
    assert unverified(lambda: made.record.connection().events(MESSAGE)[0].message.id).because == "MESSAGE-SHAPE"


# -- what broke off ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usual", "again", "by", "judge"),
    [
        (True, False, "network", "CONNECTED-SENT"),
        (False, False, "target", "CONNECTED-SENT"),
        (False, False, "network", None),
        (True, True, "network", None),
    ],
)
def test_a_connection_that_breaks_off_where_no_one_judges_that_points_at_no_one(
    usual: bool, again: bool, by: str, judge: str | None
) -> None:
    made = Handmade()
    if again:
        made.opens()
        made.greeted()
        made.closed()
    made.opens(usual=usual)
    made.closed(by)
    assert of_greeting(made.record.connections[-1]) == judge


@pytest.mark.parametrize(("by", "judge"), [(None, "REST-OPEN"), ("network", None)])
def test_a_request_that_was_lost_points_at_no_one(by: str | None, judge: str | None) -> None:
    made = Handmade()
    made.fetches(None, status=0, json=False, by=by, reason="ReadError: ")
    reason = unverified(lambda: made.record.fetches[0].history)
    assert (reason.because, reason.reason) == (judge, "REST gave no conversation (no answer: ReadError: )")
