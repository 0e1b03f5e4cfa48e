"""Limits of rate: what a refusal says of them, and what it means that one held out.

The document has no limits of rate and forbids none. So a valid text that is refused for its pace is tried again, as
late as the target asks for; where the limit holds out, nothing is known about the text. But a server that refuses a
text for what it says is found by sending others in between (``CONTROL``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from conformance.errors import Unverified
from conformance.formatting import shown
from conformance.protocol import ERROR, VALIDATION_ERROR, Json
from conformance.record.transcript import Entry

if TYPE_CHECKING:
    from conformance.record.exchanges import Fetch, Send
    from conformance.record.views import Connection

SLOWER = (429, 503)
"""HTTP statuses by which a target, or a gateway before it, limits the rate (nginx: 503, unless told)."""
BUSY = (429, 502, 503, 504)
"""HTTP statuses of a target, or of a gateway before it, that would rather be asked later."""
CONTROL = "control"
"""The tag of a plain text that shows whether others are taken while one is refused; ``control`` says which."""
REMEDY = "pass more --users or --concurrency=1, or lift the limit for the run"

_PACE = re.compile(r"rate|thrott|too.?many|too.?fast|so.?fast|slow|flood|quota|busy|overload|429|503|retry|later", re.I)
_FIELDS = {"retryafter": 1.0, "retryafterseconds": 1.0, "retryaftersec": 1.0, "retryafterms": 0.001, "retryin": 1.0}
"""How a field that says when to try again may be named, without regard to case and separators, and its unit."""


def speaks_of_pace(error: Json) -> bool:
    """Whether the error of a refusal says that it is about the pace."""
    if not isinstance(error, dict) or error.get("code") == VALIDATION_ERROR:
        return False
    told = f"{error.get('code')} {error.get('message')}"
    return bool(_PACE.search(told)) or wanted_pause(error) is not None


def wanted_pause(error: Json) -> float | None:
    """After how many seconds a refusal asks for the next attempt."""
    if not isinstance(error, dict):
        return None
    details = error.get("details")
    fields = {**error, **(details if isinstance(details, dict) else {})}
    for name, value in fields.items():
        unit = _FIELDS.get(re.sub(r"[^a-z]", "", str(name).lower()))
        seconds = _number(value)
        if unit is not None and seconds is not None:
            return seconds * unit
    return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, by the Retry-After header of an HTTP answer: a number or a date (RFC 9110, section 10.2.3)."""
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    if value is None:
        return None
    if (seconds := _number(value)) is not None:
        return seconds
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    sent = next((value for name, value in headers.items() if name.lower() == "date"), None)
    try:
        now = parsedate_to_datetime(sent) if sent else datetime.now(UTC)
    except ValueError:
        now = datetime.now(UTC)
    return max(0.0, at.timestamp() - now.timestamp())


def _number(value: Json) -> float | None:
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < math.inf else None


# -- limits that held out ----------------------------------------------------------------------------------------


def not_for_its_pace(send: Send) -> None:
    """Raise Unverified where a send was refused for its pace, to its last attempt."""
    error = error_of(send.acks[0]) if send.acks else None
    if error is None or not _about_pace(send, error) or _about_the_text(send):
        return
    asked = wanted_pause(error)
    told = f"{shown(error.get('code'))}{'' if asked is None else f', retryAfter {asked:g} s'}"
    tries = f"{len(send.attempts)} attempts in {send.acks[0].at - send.attempts[0].entry.at:.1f} s"
    raise Unverified(f"a limit of rate held out: send #{send.number} was refused with {told} ({tries}): {REMEDY}")


def not_told_of_pace(send: Send) -> None:
    """The same of a send that asked for no ack, and was refused by error events."""
    events = (event.payload for event in send.connection.events(ERROR) if event.entry.serial > send.entry.serial)
    error = next((error for error in events if speaks_of_pace(error)), None)
    if error is not None:
        raise Unverified(f"a limit of rate held out: send #{send.number} led to {shown(error)}: {REMEDY}")


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


def argument(ack: Entry) -> Json:
    args: Sequence[Json] = ack.get("args")
    return args[0] if isinstance(args, list) and args else None


def error_of(ack: Entry) -> Json:
    """The error of a refusing ack, an object; None where it is none."""
    answer = argument(ack)
    error = answer.get("error") if isinstance(answer, dict) and answer.get("message") is None else None
    return error if isinstance(error, dict) else None


def limited(connection: Connection) -> str | None:
    """How a gateway or server limited the rate of a connection's requests, where that ended it."""
    closed = connection.closed
    if closed is None or closed.get("status") not in SLOWER:
        return None
    asked = closed.get("retry_after")
    when = "" if asked is None else f", Retry-After {asked:g} s"
    what = "a request of the session" if connection.shaken else "the handshake"
    return f"HTTP {closed.get('status')}{when} for {what} of {connection.title}, to the last attempt: {REMEDY}"


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
