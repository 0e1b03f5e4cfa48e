"""What a target was sent, and who judges that it does no harm."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.drive.stimuli import stimuli
from conformance.record.transcript import Kind
from tests.support.losses import chat


@pytest.mark.parametrize(
    ("args", "judges"),
    [
        ((None,), ["SEND-NO-OBJECT"]),
        ((), ["SEND-NO-OBJECT"]),
        (({"text": ""},), ["REJECT-SURVIVED"]),
    ],
    ids=["null", "nothing", "empty"],
)
def test_who_judges_a_payload(args: tuple[Any, ...], judges: list[str]) -> None:
    made = chat(wave=2)
    made.emits(*args, valid=False)
    assert stimuli(made.transcript)[-1].judges == judges
    assert stimuli(made.transcript)[-1].odd


@pytest.mark.parametrize(
    ("payload", "judges"),
    [({"isTyping": True}, ["TYPING-HARMLESS"]), (None, ["TYPING-HARMLESS", "TYPING-ODD"])],
    ids=["documented", "odd"],
)
def test_who_judges_typing(payload: Any, judges: list[str]) -> None:
    made = chat()
    made.packet(Kind.SENT, "EVENT", event="help_center:typing", args=[payload])
    assert stimuli(made.transcript)[-1].judges == judges
