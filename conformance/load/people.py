"""The users of one worker, and who of them is at the target: as many new ones as it takes, or those that are known."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from conformance.load.story import Person


class People:
    """``subjects``: None where users are made up."""

    def __init__(self, run: str, subjects: Sequence[str] | None) -> None:
        self._run = run
        known = (Person(run, known_as=subject) for subject in subjects or ())
        self._free = None if subjects is None else deque(known)

    def take(self) -> Person | None:
        """None where all are there already."""
        if self._free is None:
            return Person(self._run)
        return self._free.popleft() if self._free else None

    def give_back(self, person: Person) -> None:
        """Whoever was made up never comes again."""
        if self._free is not None:
            person.said = 0
            self._free.append(person)


def share_of(worker: str, workers: Sequence[str], subjects: Sequence[str] | None) -> Sequence[str] | None:
    """Those of the known users that are one worker's; all where it is alone. As many as Locust has it spawn, which
    hands out users to the workers in turn."""
    if subjects is None or worker not in workers:
        return subjects
    return subjects[sorted(workers).index(worker) :: len(workers)]
