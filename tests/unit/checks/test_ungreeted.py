"""Whom a connection points at that was not greeted: the requirement that judges what kept it from that."""

from __future__ import annotations

import pytest

from conformance.checks.blame import of_greeting
from conformance.record.transcript import Kind
from tests.support.handmade import Handmade


@pytest.mark.parametrize(
    ("option", "greeted", "code", "judge"),
    [
        ("auth", True, "CONFLICT", "DEVICE-COEXIST"),
        ("auth", True, "UNAUTHORIZED", "TOKEN-REFRESHED"),
        ("auth", True, "TOO_MANY_CONNECTIONS", None),
        ("header", True, "CONFLICT", "AUTH-HEADER"),
        ("auth", False, "CONFLICT", "AUTH-BARE"),
    ],
)
def test_a_device_that_is_refused_beside_another_points_at_what_differs(
    option: str, greeted: bool, code: str, judge: str | None
) -> None:
    made = Handmade()
    phone = made.opens("phone")
    if greeted:
        made.greeted()
    made.opens("tablet", option=option)
    made.event("help_center:error", {"code": code, "message": "This account is in use."})
    made.closed("target")
    made.connection = phone
    made.closed()
    assert of_greeting(made.record.connection("tablet")) == judge


def test_a_polling_session_that_is_forgotten_beside_another_device_is_not_a_refusal() -> None:
    made = Handmade()
    phone = made.opens("phone")
    made.greeted()
    made.opens("tablet", transport="upgrade", usual=False)
    made.closed("target", status=400)
    made.connection = phone
    made.closed()
    assert of_greeting(made.record.connection("tablet")) == "CONN-POLLING"


def test_a_device_that_is_refused_after_another_left_does_not() -> None:
    made = Handmade()
    made.opens("phone")
    made.greeted()
    made.closed()
    made.opens("tablet")
    made.closed("target")
    assert of_greeting(made.record.connection("tablet")) == "CONNECTED-SENT"


@pytest.mark.parametrize(
    ("option", "usual", "judge"),
    [("auth", False, "AUTH-BARE"), ("bearer", False, "AUTH-PREFIXED"), ("header", True, "CONN-WEBSOCKET")],
)
def test_a_handshake_that_wants_a_token_in_its_header_points_at_the_way_it_was_presented(
    option: str, usual: bool, judge: str
) -> None:
    made = Handmade()
    made.opens(option=option, usual=usual)
    made.transcript.entries[1:] = []  # there was no handshake
    made.closed("target", status=401)
    assert of_greeting(made.record.connection("phone")) == judge


@pytest.mark.parametrize("transport", ["polling", "upgrade"])
@pytest.mark.parametrize(("status", "judge"), [(400, "CONN-POLLING"), (None, "CONNECTED-SENT")])
def test_a_polling_session_that_is_not_known_any_more_points_at_polling(
    transport: str, status: int | None, judge: str
) -> None:
    made = Handmade()
    made.opens(transport=transport)
    made.closed("target", status=status)
    assert of_greeting(made.record.connection("phone")) == judge


def test_a_device_that_is_refused_before_another_comes_does_not() -> None:
    made = Handmade()
    tablet = made.opens("tablet", option="header", usual=False)
    made.event("help_center:error", {"code": "RATE_LIMITED", "message": "Too many requests."})
    made.packet(Kind.RECEIVED, "DISCONNECT")
    made.opens("phone")
    made.greeted()
    made.connection = tablet
    made.closed()
    refused = made.record.connection("tablet")
    assert not refused.displaced
    assert of_greeting(refused) == "AUTH-HEADER"
