"""A law: what holds in every transcript of a run, whichever scenario it was recorded for.

*Items* are picked from each record, *a judge* holds one item against the document. What other requirements judge is
left out by the items: ways that other requirements test, connections that the target ended, acks that were not
waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from conformance.checks.assertions import check_all, outcome_of
from conformance.errors import Deviation
from conformance.record.views import Record

T = TypeVar("T")
Judge = Callable[[T], None]


@dataclass(frozen=True)
class Law(Generic[T]):
    """``says``: what a correct server does, as the test has it in its name. ``nothing``: as in
    ``assertions.check_all``, or what says it of all the records. ``learns``: the judge needs to know all the records
    first, and is made of them."""

    requirement: str
    says: str
    items: Callable[[Record], Iterable[T]]
    judge: Judge[T] | None = None
    learns: Callable[[Sequence[Record]], Judge[T]] | None = None
    nothing: str | Callable[[Sequence[Record]], str] | None = None

    def check(self, records: Iterable[Record]) -> None:
        """Deviate where an item of any record does."""
        known = list(records)
        judge = self.judge if self.learns is None else self.learns(known)
        assert judge is not None
        check_records(known, self.items, judge, nothing=self._nothing(known))

    def _nothing(self, known: Sequence[Record]) -> str | None:
        return self.nothing(known) if callable(self.nothing) else self.nothing


def check_records(
    everything: Iterable[Record], items: Callable[[Record], Iterable[T]], judge: Judge[T], *, nothing: str | None = None
) -> None:
    """Judge the items of all records, each deviation with the transcript it stands in. A malformed item leaves the law
    unverified, but does not hide what other items did wrong. ``nothing``: as in ``assertions.check_all``."""
    pairs = ((record, item) for record in everything for item in items(record))
    check_all(pairs, lambda pair: _judged(judge, *pair), nothing=nothing)


def _judged(judge: Judge[T], record: Record, item: T) -> None:
    outcome = outcome_of(judge, item)
    if isinstance(outcome, Deviation):
        outcome.transcript = outcome.transcript or record.transcript.key
    if outcome is not None:
        raise outcome
