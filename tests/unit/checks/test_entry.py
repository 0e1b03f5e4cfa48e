"""Who is to blame where a bad token is let in."""

from __future__ import annotations

import pytest

from conformance.checks.entry import entry_of
from tests.support.handmade import CONVERSATION, Handmade

GUEST = {**CONVERSATION, "id": "conversation of guests", "userId": "guest"}


@pytest.mark.parametrize(
    ("option", "conversation", "blamed"),
    [
        ("header-bare", CONVERSATION, "AUTH-EXPIRED"),
        ("header-bare", GUEST, "AUTH-MISSING"),
        ("auth", GUEST, "AUTH-EXPIRED"),
    ],
    ids=["its own user", "a guest", "a guest by auth"],
)
def test_whom_a_header_without_bearer_makes_a_guest_came_without_a_token(
    option: str, conversation: dict[str, object], blamed: str
) -> None:
    made = Handmade()
    made.opens("phone")
    made.greeted()
    made.opens("intruder", good=False, option=option)
    made.greeted(conversation=conversation)
    assert entry_of(made.record.connection("intruder")) == blamed


def test_as_whom_a_target_knows_a_user_has_to_be_seen_before() -> None:
    made = Handmade()
    made.opens("intruder", good=False, option="header-bare")
    made.greeted(conversation=GUEST)
    assert entry_of(made.record.connection("intruder")) == "AUTH-EXPIRED"
