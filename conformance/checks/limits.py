"""Limits of rate that held out, and what that means.

The document has no limits of rate and forbids none. So a valid text that is refused for its pace is tried again, as
late as the target asks for; where the limit holds out, nothing is known about the text. But a server that refuses a
text for what it says is found by sending others in between (``CONTROL``).
"""

from __future__ import annotations

import math

from conformance.errors import Unverified
from conformance.formatting import preview
from conformance.protocol import ERROR, VALIDATION_ERROR, Json
from conformance.record.descriptions import problem
from conformance.record.rate_limits import BUSY, SLOWER, argument, error_of, retry_after, speaks_of_pace, wanted_pause
from conformance.record.views import Connection, Event, Fetch, Send

REMEDY = "pass more --users or --concurrency=1, or lift the limit for the run"


def not_for_its_pace(send: Send) -> None:
    """Raise Unverified where a send was refused for its pace, to its last attempt."""
    error = error_of(send.acks[0]) if send.acks else None
    if error is None or not _about_pace(send, error) or _about_the_text(send):
        return
    asked = wanted_pause(error)
    refusal = f"{preview(error.get('code'))}{'' if asked is None else f', retryAfter {asked:g} s'}"
    tries = f"{len(send.attempts)} attempts in {send.acks[0].at - send.attempts[0].entry.at:.1f} s"
    raise Unverified(f"a limit of rate held out: send #{send.number} was refused with {refusal} ({tries}): {REMEDY}")


def errors_not_for_pace(send: Send) -> None:
    """The same of a send that asked for no ack, and was refused by error events."""
    error = next((event.payload for event in errors_behind(send) if speaks_of_pace(event.payload)), None)
    if error is not None:
        raise Unverified(f"a limit of rate held out: send #{send.number} led to {preview(error)}: {REMEDY}")


def errors_behind(send: Send) -> list[Event]:
    """The error events of its connection between the last attempt of a send and the next send."""
    own = (other for other in send.record.sends if other.connection is send.connection)
    until = min((o.attempts[0].entry.serial for o in own if o.number > send.number), default=math.inf)
    return [event for event in send.connection.events(ERROR) if send.entry.serial < event.entry.serial < until]


def _about_pace(send: Send, error: Json) -> bool:
    """It says so; or others that were refused with its code were taken when they were tried again."""
    if speaks_of_pace(error):
        return True
    code = error.get("code")
    tried_again = [other for other in send.record.sends if other.valid and len(other.attempts) > 1]
    return code != VALIDATION_ERROR and any(_is_taken(other) and code in _codes(other) for other in tried_again)


def _about_the_text(send: Send) -> bool:
    """Whether another text was taken after this one had been refused, and this one was refused again after that."""
    controls = [other for other in send.record.sends if other.entry.get("control") == send.number]
    return any(_is_taken(one) and one.entry.serial < send.entry.serial for one in controls)


def _is_taken(send: Send) -> bool:
    answer = argument(send.acks[0]) if send.acks else None
    return isinstance(answer, dict) and answer.get("message") is not None


def _codes(send: Send) -> set[Json]:
    errors = [error_of(ack) for attempt in send.attempts for ack in attempt.acks[:1]]
    return {error.get("code") for error in errors if isinstance(error, dict) and isinstance(error.get("code"), str)}


def limited(connection: Connection) -> str | None:
    """How a gateway or server limited the rate of a connection's requests, where that ended it; or of connections."""
    if (error := connection.too_soon) is not None:
        return f"{problem(error)}{_when(wanted_pause(error))} for {connection.title}, to the last attempt: {REMEDY}"
    closed = connection.closed
    if closed is None or closed.get("status") not in SLOWER:
        return None
    asked = closed.get("retry_after")
    when = "" if asked is None else f", Retry-After {asked:g} s"
    what = "a request of the session" if connection.handshake_completed else "the handshake"
    return f"HTTP {closed.get('status')}{when} for {what} of {connection.title}, to the last attempt: {REMEDY}"


def _when(asked: float | None) -> str:
    return "" if asked is None else f", retryAfter {asked:g} s,"


def busy(fetch: Fetch) -> Unverified:
    """Why REST did not answer to its last attempt."""
    asked = retry_after(fetch.entry.get("headers") or {})
    when = "" if asked is None else f", Retry-After {asked:g} s"
    return Unverified(f"REST was busy ({fetch.outcome}{when}): {REMEDY}")


def not_busy(fetch: Fetch) -> None:
    """Raise Unverified where REST would rather have been asked later, to its last attempt."""
    if fetch.status in BUSY:
        raise busy(fetch)


def not_limited(connection: Connection) -> None:
    """Raise Unverified where a limit of HTTP requests ended a connection."""
    why = limited(connection)
    if why is not None:
        raise Unverified(f"a limit of rate held out: {why}")
