"""What is judged as a packet."""

from __future__ import annotations

import pytest

from conformance.checks.packets import arrivals
from conformance.record.transcript import Kind
from tests.support.handmade import Handmade


@pytest.mark.parametrize(("again", "judged"), [(False, 1), (True, 0)])
def test_nothing_is_on_a_transport_on_which_the_namespace_was_left_before(again: bool, judged: int) -> None:
    """A server may end the poll of a client that leaves with an empty body."""
    made = Handmade()
    made.opens(transport="polling", again=again)
    made.add(Kind.GARBLED, text="", why="not an Engine.IO packet that a server sends")
    assert sum(entry.kind is Kind.GARBLED for entry in arrivals(made.record)) == judged
