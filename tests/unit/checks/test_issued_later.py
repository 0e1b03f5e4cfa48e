"""What a token that was issued after a text is shown of it (section 6)."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.checks.law import check_records
from conformance.checks.lifecycle import REFRESHED, refreshed_devices, shows_as_before
from conformance.errors import Deviation, Unverified
from conformance.protocol import ERROR
from tests.support.handmade import Handmade


def made(refreshed: bool | None, *, before: bool = True) -> Handmade:
    """Whether a device with a newer token (None: it is refused), and one with the older token, are shown the text."""
    hand = Handmade()
    hand.opens()
    hand.greeted()
    own: dict[str, Any] = hand.says(tag="own")
    hand.opens(REFRESHED, good=False, token="token", trial=True)
    if refreshed is None:
        hand.event(ERROR, {"code": "UNAUTHORIZED", "message": "not yet"})
        hand.closed(by="target")
    else:
        hand.greeted([own] if refreshed else [])
    hand.opens()
    hand.greeted([own] if before else [])
    return hand


def judged(hand: Handmade) -> None:
    check_records([hand.record], refreshed_devices, shows_as_before)


@pytest.mark.parametrize("refreshed", [True, None])
def test_who_is_shown_the_text_or_refused_for_a_clock_passes(refreshed: bool | None) -> None:
    judged(made(refreshed))


def test_who_is_not_shown_it_for_the_age_of_the_token_deviates() -> None:
    with pytest.raises(Deviation, match="send #1 is missing"):
        judged(made(False))


def test_what_is_not_shown_to_an_older_token_either_has_another_reason() -> None:
    with pytest.raises(Unverified) as found:
        judged(made(False, before=False))
    assert found.value.because == "SEND-KEPT"
