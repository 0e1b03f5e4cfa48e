"""Errors that come for nothing: which devices are judged."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.checks.ack import did_nothing_wrong
from conformance.protocol import TYPING
from conformance.record.transcript import Kind
from tests.support.handmade import Handmade


def _two_devices(**wrong: Any) -> Handmade:
    """A tablet that does nothing; and a phone that does something wrong."""
    made = Handmade()
    made.transcript.wave = 2
    made.opens("tablet")
    made.greeted()
    made.opens("phone")
    made.greeted()
    made.emits({"text": ""}, valid=False, **wrong)
    return made


@pytest.mark.parametrize("ack", [True, False])
def test_a_device_is_judged_while_another_does_something_wrong(ack: bool) -> None:
    made = _two_devices(ack=ack)
    assert [connection.device for connection in did_nothing_wrong(made.record)] == ["tablet"]


def test_a_device_that_emits_anything_else_than_a_text_is_not() -> None:
    made = _two_devices()
    made.packet(Kind.SENT, "EVENT", connection=1, event=TYPING, args=[{"isTyping": True}])
    assert not list(did_nothing_wrong(made.record))
