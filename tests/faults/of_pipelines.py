"""Servers that save in another order what was sent without waiting (section 5)."""

from __future__ import annotations

import asyncio
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Event
from tests.faults.fault import fault


@fault("PIPELINE-ORDER", also=("SEND-VERBATIM",))
class SavesTheLastFirst(HelpCenter):
    """Collects what comes within a moment, and takes the last of it first."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.collected: dict[str, list[Event]] = {}

    async def receive(self, event: Event) -> None:
        self.collected.setdefault(event.sid, []).append(event)
        if len(self.collected[event.sid]) == 1:
            self.spawn(self.handled(event.sid))

    async def handled(self, sid: str) -> None:
        await asyncio.sleep(0.1)
        for event in reversed(self.collected.pop(sid)):
            await super().receive(event)


class Overtakes(HelpCenter):
    """Handles sends side by side: those that wait for something are overtaken."""

    async def receive(self, event: Event) -> None:
        self.spawn(self.handled(event, self.wait_of(event)))

    def wait_of(self, event: Event) -> float:
        raise NotImplementedError

    async def handled(self, event: Event, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await super().receive(event)


@fault("PIPELINE-ORDER")
class LooksUpTheUserFirst(Overtakes):
    """The first send of a connection waits for a query whose answer the next ones find in a cache."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.cached: set[str] = set()

    def wait_of(self, event: Event) -> float:
        first = event.sid not in self.cached
        self.cached.add(event.sid)
        return 0.2 if first else 0.0


@fault("PIPELINE-ORDER")
class OtherDevicesAreSlower(Overtakes):
    """Only the second and further devices of a user are handled side by side: they share a pool of connections."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.turn = 0

    def wait_of(self, event: Event) -> float:
        self.turn += 1
        crowded = list(self.users.values()).count(self.users.get(event.sid, "")) > 1
        return 0.2 if crowded and self.turn % 2 else 0.0
