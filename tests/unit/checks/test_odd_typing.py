"""A typing event's form is to blame for what its form alone does."""

from __future__ import annotations

import pytest

from conformance.checks.typing import form_survived
from conformance.errors import Deviation
from conformance.protocol import TYPING
from conformance.record.transcript import Kind
from tests.support.handmade import Handmade, unverified


def typed(*payloads: object, survived: bool) -> Handmade:
    chat = Handmade()
    chat.opens()
    chat.greeted()
    for payload in payloads:
        chat.packet(Kind.SENT, "EVENT", event=TYPING, args=[payload])
    if survived:
        chat.says(tag="fence", plain=True)
    chat.closed("harness" if survived else "target")
    return chat


def test_a_form_that_ends_the_connection_is_to_blame() -> None:
    often = typed({"isTyping": True}, survived=True)
    form_survived(typed("typing", survived=True).record, often.record)
    with pytest.raises(Deviation):
        form_survived(typed("typing", survived=False).record, often.record)


def test_it_is_not_where_documented_typing_ends_it_as_well() -> None:
    odd, often = typed("typing", survived=False), typed({"isTyping": True}, survived=False)
    assert unverified(lambda: form_survived(odd.record, often.record)).because == "TYPING-HARMLESS"
