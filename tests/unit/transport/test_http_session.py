"""Long bodies of POSTs, as they arrive over a network."""

from __future__ import annotations

import pytest

from conformance.transport.http_session import SEGMENT, in_pieces
from tests.support.peers import in_loop


@pytest.mark.parametrize("before", range(3))
@in_loop
async def test_the_first_piece_of_a_long_body_ends_within_a_character(before: int) -> None:
    body = ("x" * before + "\N{CJK UNIFIED IDEOGRAPH-597D}" * 1000).encode()
    first, second = [piece async for piece in in_pieces(body)]
    assert first + second == body
    assert len(first) >= SEGMENT
    with pytest.raises(UnicodeDecodeError):
        first.decode()


@in_loop
async def test_a_long_body_without_such_characters_comes_in_two_pieces_all_the_same() -> None:
    body = b"x" * (SEGMENT + 1)
    assert [piece async for piece in in_pieces(body)] == [body[:SEGMENT], body[SEGMENT:]]
