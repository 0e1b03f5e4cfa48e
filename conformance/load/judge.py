"""Judges each visit once it is over, by all laws, and forgets it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from conformance.checks.assertions import outcome_of
from conformance.checks.history_window import windows
from conformance.checks.isolation import deliveries_over
from conformance.checks.law import Law
from conformance.errors import Deviation, Unverified
from conformance.load.crowd import Crowd
from conformance.load.laws import LAWS
from conformance.load.story import Person, Story
from conformance.load.tally import Tally
from conformance.record.views import Record
from conformance.report import failure
from conformance.requirements import catalogue

Outcome = Deviation | Unverified | None
"""What judging a requirement once led to; None: it held."""
_CHANNELS = {
    "ISOLATION-MESSAGES": deliveries_over("event", "ack"),
    "ISOLATION-HISTORY": deliveries_over("greeting", "REST"),
}


@dataclass
class Judge:
    """Of one worker. ``violated`` is called for each violation, with the requirement; ``again``: the command that
    repeats the run."""

    tally: Tally
    violated: Callable[[str], None]
    again: str = ""
    crowd: Crowd = field(default_factory=Crowd)

    def over(self, story: Story) -> None:
        """A visit is over."""
        record = story.record
        for requirement, outcome in self._outcomes(record, story.person):
            if isinstance(outcome, Deviation):
                self._blame(requirement, outcome, record)
            else:
                (self.tally.held if outcome is None else self.tally.open)[requirement] += 1
        outcome_of(lambda _: story.person.memory.learn(record, story.began), None)  # what is malformed is not learned

    def _outcomes(self, record: Record, person: Person) -> Iterator[tuple[str, Outcome]]:
        for law in LAWS:
            yield from ((law.requirement, outcome) for outcome in _judged(law, record))
        for window in windows(record):
            yield "CONNECTED-CONVERSATION", outcome_of(partial(self.crowd.meets, person), window)
            if person.memory.said:
                yield "SEND-KEPT", outcome_of(person.memory.kept, window)
                yield "RECONNECT-RESYNC", outcome_of(person.memory.once, window)
        for requirement, deliveries in _CHANNELS.items():
            for one in deliveries(record):
                yield requirement, outcome_of(partial(self.crowd.nothing_foreign, person), one)

    def _blame(self, requirement: str, deviation: Deviation, record: Record) -> None:
        self.tally.violated[requirement] += 1
        if self.tally.wants_example(requirement):
            text = failure.text([catalogue()[requirement]], deviation, record.transcript, self.again)
            self.tally.examples[requirement].append(text)
        self.violated(requirement)


def _judged(law: Law[Any], record: Record) -> Iterator[Outcome]:
    """Each item of a law. What keeps items from being found is as good as one that could not be judged."""
    items: list[Any] = []
    unread = outcome_of(lambda _: items.extend(law.items(record)), None)
    if unread is not None:
        yield Unverified(str(unread))
    judge = law.judge if law.learns is None else law.learns([record])
    assert judge is not None
    for item in items:
        yield outcome_of(judge, item)
