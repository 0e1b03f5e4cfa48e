"""What arrives once a device has left does not count; what arrives before does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.checks.assertions import check_all
from conformance.checks.authentication import one_error, silent
from conformance.checks.connection import ended, stays
from conformance.checks.packets import arrivals, whole
from conformance.checks.sending import lives_on
from conformance.errors import Deviation
from conformance.record.transcript import Kind
from tests.support.handmade import Handmade

GOODBYES: dict[str, Callable[[Handmade], object]] = {
    "goodbye": lambda made: made.packet(Kind.SENT, "DISCONNECT"),
    "close": lambda made: made.closed("harness"),
}
goodbyes = pytest.mark.parametrize("goodbye", GOODBYES.values(), ids=GOODBYES)


def chat(*, good: bool = True) -> Handmade:
    made = Handmade()
    made.opens(good=good)
    if good:
        made.greeted()
    return made


@goodbyes
def test_a_packet_that_comes_late_is_not_judged(goodbye: Callable[[Handmade], object]) -> None:
    made = chat()
    goodbye(made)
    late = made.add(Kind.GARBLED, text="", why="not an Engine.IO packet")
    assert late.serial not in [entry.serial for entry in arrivals(made.record)]


def test_a_packet_that_comes_in_time_is() -> None:
    made = chat()
    made.add(Kind.GARBLED, text="", why="not an Engine.IO packet")
    made.packet(Kind.SENT, "DISCONNECT")
    with pytest.raises(Deviation):
        check_all(arrivals(made.record), whole)


@goodbyes
def test_an_end_that_comes_late_is_not_the_targets(goodbye: Callable[[Handmade], object]) -> None:
    made = chat()
    goodbye(made)
    made.packet(Kind.RECEIVED, "DISCONNECT")
    made.closed("target", status=400)
    assert ended(made.record.connection()) is None
    lives_on(made.record)
    stays(made.record.connection())


def test_an_end_that_comes_in_time_is() -> None:
    made = chat()
    made.closed("target", status=400)
    made.packet(Kind.SENT, "DISCONNECT")
    with pytest.raises(Deviation):
        lives_on(made.record)


@pytest.mark.parametrize("status", [400, 502, 503])
def test_what_a_gateway_says_to_who_has_left_tells_nothing_of_a_refusal(status: int) -> None:
    made = chat(good=False)
    made.event("help_center:error", {"code": "UNAUTHORIZED", "message": "no"})
    made.packet(Kind.RECEIVED, "DISCONNECT")
    made.packet(Kind.SENT, "DISCONNECT")
    made.closed("target", status=status)
    one_error(made.record.connection())


@goodbyes
def test_an_event_that_comes_late_is_not_heard_by_a_refused_client(goodbye: Callable[[Handmade], object]) -> None:
    made = chat(good=False)
    goodbye(made)
    made.event("help_center:typing", {"isTyping": False, "sender": "support"})
    silent(made.record.connection())


def test_an_event_that_comes_in_time_is() -> None:
    made = chat(good=False)
    made.event("help_center:typing", {"isTyping": False, "sender": "support"})
    made.packet(Kind.SENT, "DISCONNECT")
    with pytest.raises(Deviation):
        silent(made.record.connection())
