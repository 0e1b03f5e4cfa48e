"""What a person reads of what a target said: its errors, and how it ended a connection."""

from __future__ import annotations

import pytest

from conformance.checks.blame import ungreeted
from conformance.checks.connection import described
from conformance.protocol import ERROR
from conformance.record.descriptions import problem, said
from conformance.record.transcript import Kind
from tests.support.handmade import Handmade

PROBLEM = {"code": "UNAUTHORIZED", "message": "no such user"}


@pytest.mark.parametrize(
    ("payload", "reads"),
    [
        (PROBLEM, '{UNAUTHORIZED, "no such user"}'),
        ({"code": "X"}, "{X}"),
        ({"code": "X", "message": None}, "{X, null}"),
        ({"message": "no"}, '{message: "no"}'),
        (None, "null"),
        ("no", '"no"'),
    ],
)
def test_an_error_reads_by_code_and_message(payload: object, reads: str) -> None:
    assert problem(payload) == reads


def test_what_is_said_is_reported_in_the_order_of_the_wire() -> None:
    hand = Handmade()
    hand.opens()
    hand.event(ERROR, PROBLEM)
    hand.packet(Kind.RECEIVED, "DISCONNECT")
    hand.closed("target", code=1000, reason="bye")
    assert said(hand.transcript) == (
        'help_center:error {UNAUTHORIZED, "no such user"}, DISCONNECT, '
        "the transport was closed by the target (code 1000, bye)"
    )


def test_a_greeting_that_did_not_come_says_what_came() -> None:
    hand = Handmade()
    hand.opens()
    hand.event(ERROR, PROBLEM)
    hand.packet(Kind.RECEIVED, "DISCONNECT")
    reported = 'help_center:error {UNAUTHORIZED, "no such user"}, DISCONNECT'
    assert ungreeted(hand.record.connection()).endswith(f"got no help_center:connected but {reported}")


def test_an_end_is_reported_with_the_errors_right_before_it() -> None:
    hand = Handmade()
    hand.opens()
    hand.greeted()
    hand.event(ERROR, {"code": "VALIDATION_ERROR", "message": "long ago"})
    hand.says()
    hand.event(ERROR, PROBLEM)
    end = hand.packet(Kind.RECEIVED, "DISCONNECT")
    reported = described(end, hand.record.connection())
    assert reported == 'the target sent help_center:error {UNAUTHORIZED, "no such user"}, DISCONNECT'
