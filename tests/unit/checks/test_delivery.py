"""Events before the answer to CONNECT: those of Socket.IO itself, which recovers a session, are nobody's fault."""

from __future__ import annotations

from conformance.checks.assertions import outcome_of
from conformance.checks.delivery import early, in_time
from conformance.checks.law import check_records
from conformance.errors import Deviation
from conformance.protocol import MESSAGE
from conformance.record.transcript import Kind
from tests.support.handmade import Handmade, message


def comes_back(*, asked: str | None, told: str | None) -> BaseException | None:
    """A device that presents a private id hears a message, then the answer to CONNECT with another or the same."""
    made = Handmade()
    made.opens()
    del made.transcript.entries[-2:]
    made.packet(Kind.SENT, "CONNECT", data={"token": "‹token›", **({"pid": asked, "offset": "o"} if asked else {})})
    made.event(MESSAGE, message(), "o-1")
    made.packet(Kind.RECEIVED, "CONNECT", data={"sid": "s1", **({"pid": told} if told else {})})
    made.greeted()
    return outcome_of(lambda records: check_records(records, early, in_time), [made.record])


def test_whoever_is_recovered_is_sent_first_what_was_missed() -> None:
    assert comes_back(asked="p1", told="p1") is None


def test_nobody_else_hears_anything_before_being_let_in() -> None:
    assert isinstance(comes_back(asked="p1", told="p2"), Deviation)
    assert isinstance(comes_back(asked=None, told="p2"), Deviation)
    assert isinstance(comes_back(asked=None, told=None), Deviation)
