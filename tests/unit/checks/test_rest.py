"""REST-SAME: what may differ between two looks at a conversation."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.checks.rest import same_conversation
from conformance.errors import Deviation
from conformance.record.views import Record
from tests.support.handmade import CONVERSATION, Handmade


def _looks(before: Any, greeting: Any, after: Any, *, beside: bool = True) -> Record:
    """REST, a greeting and REST again, ``beside`` the device that was greeted or after it has left; of each what is
    otherwise in its conversation."""
    bodies = [{"conversation": CONVERSATION | fields, "messages": []} for fields in (before, greeting, after)]
    made = Handmade()
    made.fetches(bodies[0], tag="before")
    made.opens("tablet")
    made.greeted(conversation=bodies[1]["conversation"])
    if not beside:
        made.closed()
    made.fetches(bodies[2], tag="after")
    return made.record


CLOSED: dict[str, Any] = {"status": "closed"}


@pytest.mark.parametrize(
    "looks",
    [({}, {}, {}), (CLOSED, {}, {}), (CLOSED, CLOSED, {}), ({}, {}, CLOSED)],
    ids=["never", "it-comes", "it-was-greeted", "meanwhile"],
)
def test_a_status_may_change_because_a_device_comes_or_by_itself(looks: tuple[Any, Any, Any]) -> None:
    same_conversation(_looks(*looks))


def test_rest_that_never_shows_the_status_of_the_greeting_differs() -> None:
    with pytest.raises(Deviation) as caught:
        same_conversation(_looks(CLOSED, {}, CLOSED))
    assert caught.value.expected.startswith("REST body.conversation.status (as in help_center:connected.conversation)")
    assert caught.value.actual.startswith('"closed"')


def test_a_status_is_not_compared_when_the_device_has_left() -> None:
    same_conversation(_looks(CLOSED, {}, CLOSED, beside=False))


@pytest.mark.parametrize("field", [{"id": "c2"}, {"createdAt": "2027-01-01T00:00:00Z"}])
@pytest.mark.parametrize("beside", [True, False])
def test_another_conversation_is_told_once(field: dict[str, str], beside: bool) -> None:
    with pytest.raises(Deviation) as caught:
        same_conversation(_looks(field, {}, field, beside=beside))
    assert len(caught.value.actual.splitlines()) == 1
    assert caught.value.actual.startswith(next(iter(field.values())).join('""' if "id" in field else ("", "")))


def test_one_look_at_another_conversation_is_enough() -> None:
    with pytest.raises(Deviation):
        same_conversation(_looks({}, {}, {"id": "c2"}))
