"""What the processes of Locust need themselves: where one has no time left, it measures itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.protocol import Json

BUSY = 90
"""Percent of a core: what is measured by a process that needs more is too long."""
MB = 2**20


@dataclass
class Usage:
    """Of one process: bytes before the first user came and at most, and percent of a core at most."""

    before: int = 0
    memory: int = 0
    cpu: float = 0.0

    def look(self, memory: int, cpu: float) -> None:
        self.before = self.before or memory
        self.memory, self.cpu = max(self.memory, memory), max(self.cpu, cpu)


def to_json(processes: Sequence[Usage], users: int) -> Json:
    """Of all processes that had users."""
    grown = sum(one.memory - one.before for one in processes)
    return {
        "processes": len(processes),
        "memory_mb": round(sum(one.memory for one in processes) / MB, 1),
        "memory_mb_per_user": round(grown / max(1, users) / MB, 3),
        "cpu_percent": round(max((one.cpu for one in processes), default=0.0)),
    }


def text(needed: Json) -> str:
    """For the terminal."""
    cpu = f"up to {needed['cpu_percent']} % of a core"
    if needed["cpu_percent"] > BUSY:
        cpu += ": too little is left, and the times are too long; use more workers"
    return (
        f"Locust: {needed['processes']} process{'es' * (needed['processes'] != 1)} with users, "
        f"{needed['memory_mb']:.0f} MB ({needed['memory_mb_per_user']:.2f} MB more for each user), {cpu}"
    )
