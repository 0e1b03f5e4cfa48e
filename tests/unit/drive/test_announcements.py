"""Which messages of support in a history are surely new to a device that is there."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from conformance.blocks import Table
from conformance.drive.announcements import Presence


def listed(*ids: str) -> list[dict[str, str]]:
    """Messages of support are those whose id begins with s."""
    return [{"id": one, "sender": "support" if one.startswith("s") else "user"} for one in ids]


@pytest.mark.parametrize(
    ("greeted", "heard", "since", "history", "new"),
    [
        ([], ["u1"], None, ["u1", "s1"], ["s1"]),
        ([], ["u1", "s1"], None, ["u1", "s1"], []),
        (["s0"], ["u1"], None, ["s0", "u1", "s1"], ["s1"]),
        (["u0", "s0"], ["u1"], None, ["s1", "u1", "s0", "u0"], ["s1"]),  # newest first
        (["u0"], ["u1"], None, ["s9", "u0", "u1"], []),  # older than the part that the greeting showed
        (["u0"], ["u1"], None, ["u1", "u0", "s9"], []),
        (["u0"], ["u1"], None, ["u0", "s1", "u1"], []),  # before what was heard first: as the device came, perhaps
        (["u0"], [], None, ["u0", "s1"], []),
        (["u0"], [], ["u0"], ["u0", "s1"], ["s1"]),
        (["u0"], ["u2"], ["u0", "u1"], ["u0", "u1", "s1", "u2"], ["s1"]),
        (["u0"], [], ["u0"], ["s9", "u0"], []),
        (["u0"], [], ["u0"], ["s1"], ["s1"]),  # a window that has moved on
        (["u0"], ["u1"], [], ["x"], []),
    ],
)
def test_what_is_new(
    greeted: list[str], heard: Sequence[str], since: list[str] | None, history: list[str], new: list[str]
) -> None:
    shown_since = None if since is None else listed(*since)
    assert list(Presence(listed(*greeted), heard, shown_since).new(listed(*history))) == new


def test_what_is_no_message_is_never_new() -> None:
    odd = [None, 1, {"id": 1, "sender": "support"}, {"sender": "support"}, *listed("u1")]
    assert not list(Presence([], ["u1"]).new(odd))


def test_a_long_history_is_looked_through_where_it_is_new() -> None:
    table = Table()
    old = table.add(listed(*(f"{'su'[number % 2]}{number}" for number in range(2000))))
    fresh = table.add(listed("u2000", "s2001"))
    presence = Presence(table.view([old]), ["u2000"])
    assert list(presence.new(table.view([old, fresh]))) == ["s2001"]
    assert not list(presence.new(table.view([old])))
