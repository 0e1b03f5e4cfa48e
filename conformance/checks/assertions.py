"""The few words that judgements are written in. Each raises a Deviation that says what was expected and what came."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from conformance.checks.blame import explained
from conformance.errors import Deviation, Unverified
from conformance.formatting import kind_of, preview
from conformance.protocol import Json
from conformance.record.missing import Missing
from conformance.record.payloads import MalformedPayload
from conformance.schema import validator

T = TypeVar("T")

_SHOWN = 5
"""How many deviations of one law are listed in full; the rest is counted."""
_MISMATCHES = 20
"""How many mismatches of one payload are listed: a history of thousands of messages may have as many."""


Text = str | Callable[[], str]
"""What a person reads; a function where it takes some work, which is done only when something is wrong."""


def expect(holds: object, expected: Text, actual: Text, *, at: Sequence[int] = (), unless: str | None = None) -> None:
    """Deviate unless ``holds``."""
    if not holds:
        raise Deviation(_text(expected), _text(actual), at=at, unless=unless)


def _text(text: Text) -> str:
    return text if isinstance(text, str) else text()


def expect_equal(actual: Json, expected: Json, what: str, *, at: Sequence[int] = ()) -> None:
    """Deviate unless the two are equal."""
    if actual == expected:
        return
    where = f" ({_difference(actual, expected)})" if isinstance(actual, str) and isinstance(expected, str) else ""
    raise Deviation(f"{what} to be {preview(expected)}", f"{preview(actual)}{where}", at=at)


def _difference(actual: str, expected: str) -> str:
    """Where two texts part: both may be too long to be shown, or look alike."""
    pairs = enumerate(zip(actual, expected, strict=False))
    place = next((place for place, (one, other) in pairs if one != other), min(len(actual), len(expected)))
    ends = [preview(text[place : place + 8]) if place < len(text) else "the end" for text in (actual, expected)]
    return f"differs at character {place + 1}: {ends[0]} for {ends[1]}"


def expect_schema(schema: str, payload: Json, what: str, *, at: Sequence[int] = ()) -> None:
    """Deviate, with every mismatch on a line of its own, unless the payload fits its schema."""
    if validator.fits(schema, payload):
        return
    mismatches = [str(mismatch) for mismatch in validator.mismatches(schema, payload)]
    raise Deviation(f"{what} to fit schemas/{schema}.json", _listed(mismatches, _MISMATCHES), at=at)


def outcome_of(judge: Callable[[T], None], item: T) -> Deviation | Unverified | None:
    """What judging an item leads to; None where nothing is wrong."""
    try:
        judge(item)
    except (Missing, MalformedPayload) as missing:
        return explained(missing)
    except (Deviation, Unverified) as outcome:
        return outcome
    return None


def check_all(items: Iterable[T], judge: Callable[[T], None], *, nothing: str | None = None) -> None:
    """Judge all items and report all deviations as one. With ``nothing`` given, no item at all means that the
    requirement could not be checked, for that reason; without it, that it was never put to the test (and holds).
    An item that is malformed or unverified hides no deviation of another."""
    outcomes = [outcome_of(judge, item) for item in items]
    deviations = [outcome for outcome in outcomes if isinstance(outcome, Deviation)]
    unverified = [outcome for outcome in outcomes if isinstance(outcome, Unverified)]
    if deviations:
        raise _joined(deviations)
    if unverified:
        raise unverified[0]
    if not outcomes and nothing is not None:
        raise Unverified(nothing)


def _joined(deviations: Sequence[Deviation]) -> Deviation:
    """All deviations as one. It points at the transcript of the first, and says where the others stand. Those that
    may be collateral hide none that is not."""
    deviations = [deviation for deviation in deviations if deviation.unless is None] or deviations
    first = deviations[0]
    if len(deviations) == 1:
        return first
    if len(deviations) > _SHOWN:
        deviations = _kinds_first(deviations)
    actual = _listed([_beside(first, deviation) for deviation in deviations], _SHOWN)
    beside = [deviation for deviation in deviations[:_SHOWN] if deviation.transcript == first.transcript]
    at = [serial for deviation in beside for serial in deviation.at]
    return Deviation(first.expected, actual, at=at, transcript=first.transcript, unless=first.unless)


def _kinds_first(deviations: Sequence[Deviation]) -> list[Deviation]:
    """One of each kind before the others that are like them: no bug hides behind many of another."""
    kinds: dict[str, Deviation] = {}
    for deviation in deviations:
        kinds.setdefault(kind_of(f"{deviation.expected}; {deviation.actual}"), deviation)
    firsts = list(kinds.values())
    return [*firsts, *(deviation for deviation in deviations if not any(deviation is one for one in firsts))]


def _beside(first: Deviation, other: Deviation) -> str:
    expected = f" (expected {other.expected})" if other.expected != first.expected else ""
    where = f" (in {other.transcript})" if other.transcript != first.transcript else ""
    return f"{other.actual}{expected}{where}"


def _listed(lines: Sequence[str], limit: int) -> str:
    more = [f"and {len(lines) - limit:,} more"] if len(lines) > limit else []
    return "\n".join([*lines[:limit], *more])
