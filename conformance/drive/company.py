"""Who is recorded beside whom."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from conformance.record.transcript import Transcript


class Company:
    """``running``: the recordings that are made right now, by their keys."""

    def __init__(self) -> None:
        self.running: dict[str, Transcript] = {}
        self._accompanied: set[str] = set()

    @contextmanager
    def joined(self, transcript: Transcript) -> Iterator[None]:
        """While it is recorded."""
        self._accompanied.discard(transcript.key)
        if self.running:
            self._accompanied |= {*self.running, transcript.key}
        self.running[transcript.key] = transcript
        try:
            yield
        finally:
            del self.running[transcript.key]

    def was_alone(self, transcript: Transcript) -> bool:
        """Whether no other was recorded at any time while this was: several that wait in vain together end together,
        and none of them was alone."""
        return transcript.key not in self._accompanied
