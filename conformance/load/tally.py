"""What a worker counted: plain numbers, which travel to the master and are added up there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from conformance.protocol import Json

EXAMPLES = 3
"""Excerpts that are kept of each requirement that was violated."""
WINDOW = 5
"""Seconds that the figures of a moment are made of."""


@dataclass
class Tally:
    """``held``, ``violated``: how often a requirement was judged so; ``open``: how often it could not be judged.
    ``apart``: what load legally does to a server, by a name for people. ``examples``: excerpts by requirement.
    ``windows``: by the time at which a window of ``WINDOW`` seconds began, how many acks came after which time (ms)."""

    held: Counter[str] = field(default_factory=Counter)
    violated: Counter[str] = field(default_factory=Counter)
    open: Counter[str] = field(default_factory=Counter)
    apart: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    examples: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    windows: defaultdict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def acked(self, at: float, milliseconds: int) -> None:
        """An ack came, at this time (seconds since 1970)."""
        self.windows[int(at) // WINDOW * WINDOW][milliseconds] += 1

    def wants_example(self, requirement: str) -> bool:
        return len(self.examples[requirement]) < EXAMPLES

    def add(self, other: Tally) -> None:
        for name in _COUNTERS:
            getattr(self, name).update(getattr(other, name))
        for requirement, texts in other.examples.items():
            room = EXAMPLES - len(self.examples[requirement])
            self.examples[requirement] += texts[: max(0, room)]
        for at, times in other.windows.items():
            self.windows[at].update(times)

    def clear(self) -> None:
        for one in (*map(self.__getattribute__, _COUNTERS), self.examples, self.windows):
            one.clear()

    def to_json(self) -> Json:
        """Numbers as keys are written as pairs: not every encoding has them."""
        windows = [[at, sorted(times.items())] for at, times in sorted(self.windows.items())]
        counters = {name: dict(getattr(self, name)) for name in _COUNTERS}
        return {**counters, "examples": dict(self.examples), "windows": windows}

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Tally:
        tally = cls()
        for name in _COUNTERS:
            getattr(tally, name).update(data[name])
        tally.examples.update({name: list(texts) for name, texts in data["examples"].items()})
        tally.windows.update({at: Counter(dict(times)) for at, times in data["windows"]})
        return tally


_COUNTERS = ("held", "violated", "open", "apart", "counts")


def percentile(times: Mapping[int, int], share: float) -> int | None:
    """Of counted times, the one that this share of them does not exceed; None of none."""
    due = share * sum(times.values())
    for time in sorted(times):
        due -= times[time]
        if due <= 0:
            return time
    return None


def total(counters: Iterable[Mapping[int, int]]) -> Counter[int]:
    whole: Counter[int] = Counter()
    for one in counters:
        whole.update(one)
    return whole
