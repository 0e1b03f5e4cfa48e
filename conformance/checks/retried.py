"""Valid texts that were refused at first, and taken when they were sent again.

The document forbids no server to be busy, so that is observed. But where it is the texts behind a refused one that
fail, and hardly any others of the same time, it is the refusal that broke something.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.errors import Deviation
from conformance.protocol import SERVER_ERROR
from conformance.record.rate_limits import error_of, speaks_of_pace
from conformance.record.views import Everything, Record, Send

LEAST = 5
"""So many failures are no chance."""
STIMULI = 2
"""The wave of the scenarios that send what has to be refused."""


def answered(record: Record) -> Iterator[Send]:
    """Valid texts whose first attempt was acked."""
    return (s for s in record.sends if s.valid and s.connection.good and s.attempts[0].acks)


def taken_again(send: Send) -> str | None:
    """The code with which it was refused at first, where it was taken when it was sent again; None for a refusal that
    speaks of the pace."""
    code = _first_code(send)
    return code if code is not None and send.acks and send.accepted else None


def _first_code(send: Send) -> str | None:
    error = error_of(send.attempts[0].acks[0])
    code = None if error is None or speaks_of_pace(error) else error.get("code")
    return code if isinstance(code, str) else None


def survives_refusals(everything: Everything) -> None:
    """REJECT-SURVIVED: Deviate where most texts behind a refused one fail with SERVER_ERROR at first, and few others
    that were sent by scenarios of the same time."""
    sends = [send for record in everything if record.transcript.wave == STIMULI for send in answered(record)]
    before = [(send, _sent_before(send)) for send in sends]
    behind = [send for send, other in before if other is not None and not other.valid and other.acks and other.refused]
    others = [send for send, other in before if other is None or other.valid]
    broken = list(_failed(behind))
    if len(broken) < max(LEAST, len(behind) / 2) or 10 * len(list(_failed(others))) > len(others):
        return
    first = broken[0].attempts[0]
    raise Deviation(
        "the text behind a refused one to be taken as soon as others are",
        f"{len(broken)} of {len(behind)} were refused with {SERVER_ERROR} at first",
        at=[first.entry.serial, first.acks[0].serial],
        transcript=broken[0].record.transcript.key,
    )


def _failed(sends: Iterable[Send]) -> Iterator[Send]:
    return (send for send in sends if _first_code(send) == SERVER_ERROR)


def _sent_before(send: Send) -> Send | None:
    """What was sent on the same connection before it."""
    first = send.attempts[0].entry.serial
    earlier = [s for s in send.record.sends if s.connection is send.connection and s.entry.serial < first]
    return max(earlier, key=lambda other: other.entry.serial, default=None)
