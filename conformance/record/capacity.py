"""How much of what a target sends a run keeps in its transcripts: no target may take all memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from sys import getsizeof

from conformance.blocks import Blocks
from conformance.formatting import size
from conformance.protocol import Json

FREE, EACH = 32 * 2**20, 16 * 2**10
"""Bytes of memory: so many, and so many more for each packet that the target was sent."""
IN_HISTORIES = 128 * 2**20
"""Bytes of memory that the messages of long histories may take, each of which is kept once."""
PAYLOADS, PAYLOADS_IN_HISTORIES = 0.5, 2.0
"""How many times as much as one message may have both are, where that is more."""
LONGEST_HELD = 60.0
"""Seconds that a scenario may wait in all for others' large messages to be read."""


@dataclass
class Capacity:
    """Of a run. ``room``: how many bytes more are kept."""

    room: int = FREE
    limit: int = field(init=False)
    """How many bytes are kept besides those that each packet of ours makes room for."""

    def __post_init__(self) -> None:
        self.limit = self.room

    @classmethod
    def beside(cls, payload: int) -> Capacity:
        """Where one message may have so many bytes."""
        return cls(max(FREE, int(PAYLOADS * payload)))

    @property
    def exceeded(self) -> str:
        """That there is no room for more, and the ``--max-payload`` with which there is twice as much."""
        kept = f"the {size(self.limit)} that are kept in a run (and {size(EACH)} for each packet that it was sent)"
        twice = int(2 * self.limit / PAYLOADS)
        return f"the target sent more than {kept}: pass --max-payload={twice} to keep twice as much"

    def sent(self) -> None:
        """The target was sent a packet, and may answer."""
        self.room += EACH

    def kept(self, value: Json) -> bool:
        """Whether there is room for a value, which then is taken."""
        self.room -= weight(value)
        return self.room >= 0


def weight(value: Json) -> int:
    """How many bytes a value takes in memory. What histories share weighs nothing."""
    own = 0 if isinstance(value, Blocks) else getsizeof(value)
    if isinstance(value, dict):
        return own + sum(getsizeof(name) + weight(inner) for name, inner in value.items())
    if isinstance(value, list) and not isinstance(value, Blocks):
        return own + sum(map(weight, value))
    return own
