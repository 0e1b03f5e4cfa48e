"""What becomes of a text that is sent with a refreshed token."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.checks.lifecycle import taken_with_new_token
from conformance.errors import Deviation
from conformance.record.views import Send
from tests.support.handmade import Handmade, message


def answered(*acks: dict[str, Any]) -> Send:
    made = Handmade()
    made.opens()
    made.greeted()
    made.emits({"text": "hello"})
    for ack in acks:
        made.ack(ack)
    made.closed()
    return made.record.send()


@pytest.mark.parametrize(
    "send",
    [answered({"message": message()}), answered(), answered({"status": "ok"})],
    ids=["saved", "not acked", "acked oddly"],
)
def test_a_text_that_is_saved_or_whose_ack_others_judge_is_right(send: Send) -> None:
    taken_with_new_token(send)


def test_a_text_that_is_refused_was_not_taken_with_the_new_token() -> None:
    with pytest.raises(Deviation, match="UNAUTHORIZED"):
        taken_with_new_token(answered({"error": {"code": "UNAUTHORIZED", "message": "The session has expired."}}))
