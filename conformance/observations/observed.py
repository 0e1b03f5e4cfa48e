"""One observation: a short value for machines, a sentence for people; and what became of an unjudged send."""

from __future__ import annotations

from typing import NamedTuple

from conformance.errors import Unverified
from conformance.record.payloads import Problem
from conformance.record.views import Send

ACCEPTED, REFUSED, ENDED = "accepted", "refused", "ended"


class ObservedValue(NamedTuple):
    """An observation: a short value for machines, a sentence for people."""

    value: str
    says: str


def fate(send: Send) -> str:
    """What became of an unjudged send. Raises Unverified when the connection lived on and no ack came."""
    if send.acks:
        answer = send.answer if isinstance(send.answer, dict) else {}
        return ACCEPTED if isinstance(answer.get("message"), dict) else REFUSED
    if send.connection.ended_by_target is not None:
        return ENDED
    raise Unverified(f"{send.tag}: neither an ack nor the end of the connection came")


def code_of(send: Send) -> str:
    """The code of a refusal, for a sentence."""
    answer = send.answer if isinstance(send.answer, dict) else {}
    return Problem(answer.get("error"), "ack.error", send.acks[0].serial, "error").code
