"""Frames are counted by message, wherever what a target sends is cut."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.transport.frames import Frames

FIRST, MORE, LAST, WHOLE, PING = 0x01, 0x00, 0x80, 0x81, 0x89


def frame(first: int, size: int, *, masked: bool = False) -> bytes:
    """Whose payload looks like heads of frames that go on."""
    mark = 0x80 if masked else 0
    if size < 126:
        head = bytes([first, mark | size])
    elif size < 2**16:
        head = bytes([first, mark | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([first, mark | 127]) + size.to_bytes(8, "big")
    return head + (b"\x00" * 4 if masked else b"") + b"\x00" * size


KINDS = st.tuples(st.sampled_from([FIRST, MORE, LAST, WHOLE, PING]), st.integers(0, 300), st.booleans())


@given(frames=st.lists(KINDS, max_size=20), cuts=st.lists(st.integers(0, 3_000), max_size=20))
def test_cuts_make_no_difference(frames: Sequence[tuple[int, int, bool]], cuts: Sequence[int]) -> None:
    stream = b"".join(frame(first, size, masked=masked) for first, size, masked in frames)
    expected = 0
    for first, _, _ in frames:
        if first != PING:
            expected = 0 if first in {LAST, WHOLE} else expected + 1
    counted = Frames()
    places = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})
    for begin, end in pairwise(places):
        assert counted.feed(stream[begin:end], 1_000)
    assert counted.unfinished == expected


@pytest.mark.parametrize("size", [0, 125, 126, 2**16 - 1, 2**16])
def test_a_message_of_too_many_frames(size: int) -> None:
    counted = Frames()
    assert counted.feed(frame(FIRST, size) + frame(MORE, size) * 9, 10)
    assert counted.feed(frame(PING, 4) * 20, 10)
    assert not counted.feed(frame(MORE, 0), 10)


def test_a_frame_is_never_kept_whatever_length_it_announces() -> None:
    counted = Frames()
    announced = bytes([FIRST, 127]) + (2**63).to_bytes(8, "big")
    assert counted.feed(announced, 10)
    for _ in range(20):
        assert counted.feed(frame(MORE, 0) * 100, 10)
    assert counted.unfinished == 1
