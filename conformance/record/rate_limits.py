"""Limits of rate: what a refusal says of them, and when a target wants to be asked again."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from conformance.protocol import CONNECTED, ERROR, UNAUTHORIZED, VALIDATION_ERROR, Json
from conformance.record.transcript import Entry, first
from conformance.schema import timestamps

SLOWER = (429, 503)
"""HTTP statuses by which a target, or a gateway before it, limits the rate (nginx: 503, by default)."""
BUSY = (429, 502, 503, 504)
"""HTTP statuses of a target, or of a gateway before it, that would rather be asked later."""
CONTROL = "control"
"""The tag of a plain text that shows whether others are taken while one is refused; ``control`` says which."""

_PACE = re.compile(r"rate|thrott|too.?many|too.?fast|so.?fast|slow|flood|quota|busy|overload|429|503|retry|later", re.I)
_TOO_MANY = re.compile(r"rate.?limit|thrott|too.?many|too.?fast|so.?fast|slow.?down|flood|quota|\b429\b", re.I)
"""What must be said of a connection: that something went wrong, and may be tried later, is no limit."""
_FIELDS = {"retryafter": 1.0, "retryafterseconds": 1.0, "retryaftersec": 1.0, "retryafterms": 0.001, "retryin": 1.0}
"""How a field that says when to try again may be named, without regard to case and separators, and its unit."""


def speaks_of_pace(error: Json) -> bool:
    """Whether the error of a refusal says that it is about the pace."""
    if not isinstance(error, dict) or error.get("code") == VALIDATION_ERROR:
        return False
    words = f"{error.get('code')} {error.get('message')}"
    return bool(_PACE.search(words)) or wanted_pause(error) is not None


def too_soon(received: Iterable[Entry]) -> Json:
    """The error, an object, by which a connection was refused for the pace in place of its greeting; None where it was
    greeted, or refused for anything else."""
    events = [entry for entry in received if entry.get("event") in (CONNECTED, ERROR)]
    if any(entry.get("event") == CONNECTED for entry in events):
        return None
    return next((error for error in (first(entry.get("args")) for entry in events) if _limits(error)), None)


def _limits(error: Json) -> bool:
    """Whether an error says that there are too many connections, or when the next one may come."""
    if not isinstance(error, dict) or error.get("code") in (UNAUTHORIZED, VALIDATION_ERROR):
        return False
    return bool(_TOO_MANY.search(f"{error.get('code')} {error.get('message')}")) or wanted_pause(error) is not None


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
    if (at := timestamps.of_http(value)) is None:
        return None
    sent = next((value for name, value in headers.items() if name.lower() == "date"), None)
    now = timestamps.of_http(sent) or datetime.now(UTC)
    return max(0.0, (at - now).total_seconds())


def _number(value: Json) -> float | None:
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < math.inf else None


def argument(ack: Entry) -> Json:
    args: Sequence[Json] = ack.get("args")
    return args[0] if isinstance(args, list) and args else None


def error_of(ack: Entry) -> Json:
    """The error of a refusing ack, an object; None where it is none."""
    answer = argument(ack)
    error = answer.get("error") if isinstance(answer, dict) and answer.get("message") is None else None
    return error if isinstance(error, dict) else None
