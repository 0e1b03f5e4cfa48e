"""How many scenarios are recorded at once: fewer where each greeting is a large piece of work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.protocol import CONNECTED
from conformance.record.transcript import Kind
from conformance.record.views import Connection, Record

LARGE = 1000
"""Messages of a greeting that is worth a thought."""
FEWEST = 2
SHARE = 0.5
"""Of a deadline, which greetings may take that are asked for at the same moment."""


@dataclass(frozen=True, slots=True)
class Load:
    """``messages``: of the longest conversation that was shown; ``seconds``: what a greeting with it takes, by the work
    of the target, of the network and of ours."""

    messages: int = 0
    seconds: float = 0.0

    def at_once(self, most: int, deadline: float) -> int:
        """How many scenarios may be recorded at once, ``most`` at most."""
        if self.messages < LARGE or self.seconds <= 0:
            return most
        return min(most, max(FEWEST, int(SHARE * deadline / self.seconds)))

    def note(self, most: int, deadline: float) -> str | None:
        """The same for a person; None where conversations are short."""
        if self.messages < LARGE:
            return None
        few = self.at_once(most, deadline)
        sentence = f"{few} scenarios {'were' if few < most else 'could be'} recorded at once"
        return f"a greeting with {self.messages:,} messages took {self.seconds:.2f} s: {sentence}"


def measured(records: Iterable[tuple[Record, int]]) -> Load:
    """From what was recorded, each with how many were recorded at the same time."""
    greetings = [
        (messages, seconds / beside)
        for record, beside in records
        for connection in record.connections
        for messages, seconds in _greeting(connection)
    ]
    longest = max((messages for messages, _ in greetings), default=0)
    rates = [seconds / messages for messages, seconds in greetings if messages >= LARGE]
    return Load(longest, longest * max(rates, default=0.0))


def _greeting(connection: Connection) -> list[tuple[int, float]]:
    """How many messages the greeting of a connection had, and how many seconds after it was asked for it was read."""
    asked = [e.at for e in connection.entries if e.kind is Kind.SENT and e.get("packet") == "CONNECT"]
    greetings = connection.events(CONNECTED)[:1]
    listed = [event.payload.get("messages") for event in greetings if isinstance(event.payload, dict)]
    if not asked or not listed or not isinstance(listed[0], list):
        return []
    return [(len(listed[0]), max(0.0, greetings[0].entry.at - asked[0]))]
