"""Writes a transcript while a scenario runs, and lets the scenario wait for what it records."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from conformance.protocol import Json
from conformance.record.capacity import LONGEST_HELD, Capacity
from conformance.record.clock import one_slice
from conformance.record.history_reader import Histories
from conformance.record.timeouts import CHATTER, Talk
from conformance.record.transcript import Entry, Kind, Transcript
from conformance.redaction import Redactor

T = TypeVar("T")

FREE, EACH = 3000, 50
"""How many packets of the target are kept in a recording: so many, and so many more for each that it was sent."""
_FROM_TARGET = (Kind.RECEIVED, Kind.GARBLED, Kind.CLIENT)


class Recorder:
    """Appends entries in wire order. Everything passes the redactor before it is kept."""

    def __init__(
        self,
        transcript: Transcript,
        redactor: Redactor,
        histories: Histories | None = None,
        capacity: Capacity | None = None,
        is_held: Callable[[], bool] = lambda: False,
    ) -> None:
        """``is_held``: whether something large that the target sent is being read just now, and all else later."""
        self.transcript = transcript
        self._capacity = capacity or Capacity()
        self._is_held = is_held
        self._held = 0.0
        self._redactor = redactor
        self._histories = histories or Histories(redactor)
        self._began = time.monotonic()
        self._waiters: set[asyncio.Future[None]] = set()
        self._room = FREE
        self.flooded = asyncio.Event()
        """The target sent more than is kept: nothing is recorded any more."""
        self.excess = ""
        """What was too much, where it was not the packets."""

    @property
    def now(self) -> float:
        """Seconds since the scenario began."""
        return time.monotonic() - self._began

    def brief(self, text: str, limit: int = 200) -> str:
        """The beginning of a text. Secrets are replaced before it is cut: half a secret would not be recognized."""
        return self._redactor.beginning(text, limit)

    def read(self, text: str | bytes, *, of: str) -> Json:
        """The value of a JSON text that a user was sent. Raises ValueError or RecursionError where it is none."""
        return self._histories.read(text, of=of)

    def add(self, kind: Kind, *, device: str = "", connection: int = 0, **data: Json) -> Entry:
        entries = self.transcript.entries
        if self.flooded.is_set():
            return Entry(len(entries), self.now, kind, device, connection, {})
        entry = Entry(len(entries), self.now, kind, device, connection, self._redactor.clean(data))
        if kind is Kind.SENT:
            self._capacity.sent()
        elif not self._capacity.kept(entry.data):
            self._end(self._capacity.exceeded)
            return entry
        entries.append(entry)
        self._count(kind, data)
        self._wake()
        return entry

    def _wake(self) -> None:
        """Those who wait for the next entry; until they have looked at it, they wait for no other."""
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _count(self, kind: Kind, data: Mapping[str, Json]) -> None:
        if kind is Kind.SENT:
            self._room += EACH
        elif kind in _FROM_TARGET or data.get("direction") == "<":
            self._room -= 1
            if self._room < 0:
                self.flooded.set()

    def _end(self, excess: str = "") -> None:
        """Record nothing any more."""
        self.excess = excess
        self.flooded.set()

    async def _slice(self, seconds: float, wait: Callable[[float], Awaitable[object]]) -> float:
        """As ``one_slice``; while we do not read, no time passes for the target."""
        took = await one_slice(seconds, wait)
        if not self._is_held():
            return took
        self._held += took
        if self._held > LONGEST_HELD:
            self._end(f"large messages were read for {LONGEST_HELD:.0f} s: pass a lower --max-payload or --concurrency")
            return seconds
        return 0.0

    async def until(self, found: Callable[[], T | None], *, within: float) -> T | None:
        """The first non-None answer of ``found``, asked again after each new entry; None after ``within`` seconds."""
        left = within
        while (answer := found()) is None and left > 0:
            left -= await self._slice(left, self._next_entry)
        return answer

    async def unless_silent(
        self, found: Callable[[], T | None], *, talk: Talk, limit: Callable[[], float]
    ) -> tuple[T | None, float]:
        """As ``until``, but what comes in the conversation meanwhile begins the wait anew: it ends after ``limit``
        seconds of silence, or after ``CHATTER`` times as many without an answer to anything. Also the longest silence
        meanwhile."""
        heard, answered = talk.heard, talk.answered
        silence = unanswered = longest = 0.0
        while (answer := found()) is None and silence < limit() and unanswered < CHATTER * limit():
            took = await self._slice(limit() - silence, self._next_entry)
            silence, unanswered, longest = silence + took, unanswered + took, max(longest, silence + took)
            if talk.heard != heard:
                heard, silence = talk.heard, 0.0
            if talk.answered != answered:
                answered, unanswered = talk.answered, 0.0
        return answer, longest

    async def quiet(
        self, seconds: float, *connections: int, at_most: float, of: Callable[[Entry], bool] = lambda _: True
    ) -> None:
        """Return once these connections have been silent for ``seconds``, or after ``at_most`` seconds. ``of``: which
        entries are heard."""
        last = self._last_activity(connections, of)
        silent, left = min(self.now - last, seconds / 2), at_most
        while silent < seconds and left > 0:
            took = await self._slice(min(seconds - silent, left), self._next_entry)
            left -= took
            latest = self._last_activity(connections, of)
            silent = silent + took if latest == last else 0.0
            last = latest

    async def _next_entry(self, within: float) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(within):  # wait_for swallows a cancellation that comes with the entry (3.11)
                await waiter
        except TimeoutError:
            return
        finally:
            self._waiters.discard(waiter)

    def _last_activity(self, connections: Sequence[int], of: Callable[[Entry], bool]) -> float:
        kinds = (Kind.SENT, Kind.RECEIVED, Kind.OPEN)
        latest = (e for e in reversed(self.transcript.entries) if e.connection in connections and e.kind in kinds)
        return next((entry.at for entry in latest if of(entry)), 0.0)
