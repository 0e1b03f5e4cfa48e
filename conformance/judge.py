"""The few words that judgements are written in. Each raises a Deviation that says what was expected and what came."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from conformance import schemas
from conformance.errors import Deviation, Unverified
from conformance.payloads import Misshapen, shown
from conformance.transcript import Json

T = TypeVar("T")

_SHOWN = 5
"""How many deviations of one law are told in full; the rest is counted."""


def expect(holds: object, expected: str, actual: str, *, at: Sequence[int] = ()) -> None:
    """Deviate unless ``holds``."""
    if not holds:
        raise Deviation(expected, actual, at=at)


def same(actual: Json, expected: Json, what: str, *, at: Sequence[int] = ()) -> None:
    """Deviate unless the two are equal."""
    expect(actual == expected, f"{what} to be {shown(expected)}", shown(actual), at=at)


def fits(schema: str, payload: Json, what: str, *, at: Sequence[int] = ()) -> None:
    """Deviate, with every mismatch, unless the payload fits its schema."""
    if schemas.fits(schema, payload):
        return
    mismatches = schemas.mismatches(schema, payload)
    lines = [f"{m.path}  expected {m.expected}, got {m.actual}" for m in mismatches]
    raise Deviation(f"{what} to fit schemas/{schema}.json", "; ".join(lines), at=at)


def every(items: Iterable[T], judge: Callable[[T], None], *, nothing: str | None = None) -> None:
    """Judge all items and report all deviations as one. With ``nothing`` given, no item at all means that the
    requirement could not be checked, for that reason; without it, that it was never put to the test (and holds)."""
    deviations: list[Deviation] = []
    unverified: list[Unverified] = []
    judged = 0
    for item in items:
        try:
            judge(item)
            judged += 1
        except Misshapen:
            raise
        except Deviation as deviation:
            deviations.append(deviation)
        except Unverified as reason:
            unverified.append(reason)
    if deviations:
        raise _joined(deviations)
    if unverified:
        raise unverified[0]
    if not judged and nothing is not None:
        raise Unverified(nothing)


def _joined(deviations: Sequence[Deviation]) -> Deviation:
    first, others = deviations[0], deviations[1:]
    if not others:
        return first
    told = [f"{d.actual}" for d in deviations[:_SHOWN]]
    more = f"; and {len(deviations) - _SHOWN} more" if len(deviations) > _SHOWN else ""
    return Deviation(first.expected, "; ".join(told) + more, at=first.at, transcript=first.transcript)
