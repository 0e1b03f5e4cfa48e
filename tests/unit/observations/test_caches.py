"""What REST says to caches, from what was recorded of its answers."""

from __future__ import annotations

import pytest

from conformance.errors import Unverified
from conformance.observations.caches import rest_caching
from conformance.record.views import Everything
from tests.support.handmade import CONVERSATION, Handmade


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("", "nothing"),
        ("no-cache, no-store, max-age=0, must-revalidate", "no-store"),
        ("private, max-age=0", "asked each time"),
        ("public, No-Cache", "asked each time, shared"),
        ("private, max-age=300", "300 s"),
        ('private="set-cookie", max-age="5"', "5 s"),
        ("max-age=60, s-maxage=600", "60 s, shared"),
        ("must-revalidate", "must-revalidate"),
        ("max-age=soon", "max-age=soon"),
    ],
)
def test_what_is_said(words: str, value: str) -> None:
    made = Handmade()
    headers = {"content-type": "application/json"} | ({"cache-control": words} if words else {})
    made.fetches({"conversation": CONVERSATION, "messages": []}, headers=headers)
    assert rest_caching(Everything([made.record])).value == value


def test_where_no_conversation_was_shown_nothing_is_known() -> None:
    made = Handmade()
    made.fetches({"code": "UNAUTHORIZED"}, status=401)
    with pytest.raises(Unverified):
        rest_caching(Everything([made.record]))
