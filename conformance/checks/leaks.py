"""What must not reach a client without a good token: conversations, messages, and texts of a conversation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.protocol import Json
from conformance.record.views import Record
from conformance.schema import validator


def spoken(record: Record) -> list[str]:
    """The texts that the conversation of this record is known to hold."""
    acked = (send for send in record.acked() if send.accepted and send.connection.good)
    return [send.text for send in acked if isinstance(send.text, str)]


def leaks(value: Json, texts: Sequence[str] = ()) -> Iterator[Json]:
    """Every conversation or message somewhere inside a payload, and every string with one of these texts."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
            if validator.fits("conversation", one) or validator.fits("message", one):
                yield one
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str) and any(text in one for text in texts):
            yield one
