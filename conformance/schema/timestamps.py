"""Instants as servers write them: ISO 8601 in any of its dresses (sections 4.1 and 4.2).

Hand-made rather than left to a library: what is read here must be exactly what `schemas/instant.json`
lets through, less the strings that name no real moment (a thirteenth month, half past 24 o'clock).
"""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, timezone
from email.utils import parsedate_to_datetime

_DATE = r"[0-9]{4}(?:-[0-9]{2}-[0-9]{2}|-[0-9]{3}|[0-9]{3,4}|-[Ww][0-9]{2}-[1-7]|[Ww][0-9]{2}[1-7])"
_CLOCK = r"[0-9]{2}(?::[0-9]{2}(?::[0-9]{2})?|[0-9]{2}(?:[0-9]{2})?)?"
_ZONE = "[Zz]|[+\u2212-][0-9]{2}(?::?[0-9]{2})?"
_INSTANT = re.compile(rf"(?P<date>{_DATE})(?:[Tt](?P<clock>{_CLOCK})(?:[.,](?P<fraction>[0-9]+))?(?P<zone>{_ZONE})?)?")

_USUAL = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-5][0-9])?"
)
"""What nearly every server writes and the standard library reads, ten times as fast as we do."""

_UNITS = {2: timedelta(hours=1), 4: timedelta(minutes=1), 6: timedelta(seconds=1)}
"""What a fraction is a fraction of, by the number of digits the clock shows."""
_PRECISIONS = {
    0: "no fraction",
    1: "1 fraction digit",
    3: "milliseconds",
    6: "microseconds",
    9: "nanoseconds",
}
_MICROSECOND = timedelta(microseconds=1)


def parse(text: str) -> datetime | None:
    """The instant a text names, or None: aware if the text has a zone, naive if it has none.

    Total: never raises. Fractions are cut, not rounded, to microseconds; 24:00 is the next day's
    midnight; a sixtieth second is read where a leap second can be, at midnight in UTC.
    """
    if _USUAL.fullmatch(text):
        with suppress(ValueError):
            return datetime.fromisoformat(text)
    return _parsed(_INSTANT.fullmatch(text))


def seconds_apart(one: str, other: str) -> float | None:
    """How many seconds lie between two instants; None if either is not an instant.

    A text without zone is read as UTC, so that a server may write one channel's instants without it.
    """
    first, second = parse(one), parse(other)
    if first is None or second is None:
        return None
    return abs((aware(first) - aware(second)).total_seconds())


def to_the_second(text: str) -> bool:
    """Whether a text tells the second, and not only the day, the hour or the minute."""
    found = _INSTANT.fullmatch(text)
    return found is not None and bool(_seconds(found["clock"] or ""))


def dress(text: str) -> str:
    """In which of the standard's dresses a text comes, for an observation: zone, precision, oddities."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        return "not ISO 8601"
    if parse(text) is None:
        return "shaped like ISO 8601, but no real instant"
    parts = [_zone_style(found["zone"]), _precision(found), *_oddities(text, found["date"])]
    return ", ".join(part for part in parts if part)


def _parsed(found: re.Match[str] | None) -> datetime | None:
    if found is None:
        return None
    try:
        day = datetime.combine(_day(found["date"]), time(), _zone(found["zone"]))
        clock = found["clock"] or "00"
        moment = day + _since_midnight(clock.replace(":", ""), fraction=found["fraction"] or "0")
    except (ValueError, OverflowError):
        return None
    if _seconds(clock) == "60" and not _may_follow_a_leap_second(moment):
        return None
    return moment


def _day(text: str) -> date:
    """The day of a calendar, week or ordinal date, which its length or its W gives away."""
    digits = text.upper().replace("-", "")
    year = int(digits[:4])
    if "W" in digits:
        return date.fromisocalendar(year, int(digits[5:7]), int(digits[7]))
    if len(digits) == 8:
        return date(year, int(digits[4:6]), int(digits[6:]))
    day = date(year, 1, 1) + timedelta(days=int(digits[4:]) - 1)
    if day.year != year:
        raise ValueError(text)
    return day


def _since_midnight(digits: str, *, fraction: str) -> timedelta:
    """The time of day of "HH", "HHMM" or "HHMMSS" and a fraction of the last of these."""
    hours, minutes, seconds = (int(digits[at : at + 2] or "0") for at in (0, 2, 4))
    micros = _UNITS[len(digits)] // _MICROSECOND * int(fraction[:20]) // 10 ** len(fraction[:20])
    span = timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=micros)
    if minutes > 59 or seconds > 60 or span > timedelta(hours=24):
        raise ValueError(digits)
    return span


def _zone(text: str | None) -> timezone | None:
    """The zone of "Z", "±HH", "±HHMM" or "±HH:MM"; the standard's own minus sign is U+2212."""
    if text is None:
        return None
    if text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:]) if len(text) > 3 else 0
    if minutes > 59:
        raise ValueError(text)
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(offset if text[0] == "+" else -offset)


def aware(moment: datetime) -> datetime:
    """The same moment, in UTC where it says no offset."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def of_http(text: str | None) -> datetime | None:
    """The moment of a header such as Date, aware; None where there is none, or none that can be computed with."""
    try:
        moment = aware(parsedate_to_datetime(text or ""))
    except (ValueError, OverflowError):
        return None
    return moment if datetime.min.year < moment.year < datetime.max.year else None


def _seconds(clock: str) -> str:
    return clock.replace(":", "")[4:]


def _may_follow_a_leap_second(moment: datetime) -> bool:
    """Whether the sixtieth second before this moment was the last of a day in UTC."""
    local = timedelta(hours=moment.hour, minutes=moment.minute)
    return (local - (moment.utcoffset() or timedelta())) % timedelta(days=1) == timedelta()


def _zone_style(zone: str | None) -> str:
    if zone is None:
        return "no offset"
    return f"UTC with {zone}" if zone in "Zz" else f"offset {zone}"


def _precision(found: re.Match[str]) -> str:
    clock, fraction = found["clock"], found["fraction"]
    if clock is None:
        return "date only"
    if _seconds(clock):
        digits = len(fraction or "")
        return _PRECISIONS.get(digits, f"{digits} fraction digits")
    unit = "minute" if len(clock) > 2 else "hour"
    return f"to a fraction of the {unit}" if fraction else f"to the {unit}"


def _oddities(text: str, day: str) -> list[str]:
    """What sets a text apart from the dress nearly everybody wears."""
    traits = {
        "week date": "W" in day.upper(),
        "ordinal date": "W" not in day.upper() and len(day.replace("-", "")) == 7,
        "basic format": "-" not in day,
        "decimal comma": "," in text,
        "lower case": text != text.upper(),
    }
    return [trait for trait, present in traits.items() if present]
