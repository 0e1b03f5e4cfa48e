"""How much of what a target sends is taken, in bytes. A target without limits must not take all memory; and a limit of
ours is never the target's failure: what exceeds one is named, with the option that raises it."""

from __future__ import annotations

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from conformance.transport.goodbyes import Goodbyes
from conformance.transport.meter import Meter

MAX_BYTES = 64 * 2**20
"""Of one answer or one WebSocket message, decompressed. A greeting with 50,000 messages has 12 MB."""
MAX_ERROR_BYTES = 2**20
"""Of the body of an answer other than 200, which is only quoted."""
LARGE = 2**20
"""Bytes of an answer or a message that are read without waiting for a turn."""
AT_ONCE = 16 * 2**20
"""Bytes of larger ones that are held at once, over all connections; who came first may have more."""
IN_A_RUN = 32
"""How many times as much as the largest one all larger ones of a run may have that show no messages: reading takes its
time, too. Conversations may be long, and are shown as often as somebody asks."""
LONGEST_TURN, SHORTEST_TURN = 16.0, 1.0
"""Seconds within which the first one has to grow by ``LARGE``, where others wait: it may stop just before its end. Half
as long after each one that did not."""
GROWS_WITHIN = 0.3
"""Seconds in which one that is being read becomes larger."""
PER_VALUE = 40
"""Bytes that a JSON value must have on average in what is large: each takes some times as many in memory."""
PER_FRAME = 640
"""Bytes that a frame of a message must have on average in what is large: each takes its time."""
PER_PING = 65_536
"""Bytes of the largest message for each ping or pong of WebSocket that a connection may bring: each takes its time, and
a server that sends one a second is already a restless one."""
OPTION = "--max-payload"
ANSWER, POLL, MESSAGE = "answer", "poll", "message"
"""Of HTTP outside of Engine.IO, and of long-polling; and of a WebSocket."""


@dataclass
class Intake:
    """Of a whole run. ``most``: bytes of one answer or message."""

    most: int = field(default_factory=lambda: MAX_BYTES)
    exceeded: set[str] = field(default_factory=set)
    """What was too much, an ``ANSWER``, a ``POLL`` or a ``MESSAGE``; or all, as they were too much together. Others may
    be, at the same time."""
    meter: Meter = field(default_factory=Meter)
    """What is taken is counted, with all else that the run costs the target."""
    goodbyes: defaultdict[str, Goodbyes] = field(default_factory=lambda: defaultdict(Goodbyes))
    """By transport."""
    waiting: int = 0
    """How many large answers and messages are not read on now, as others are."""
    _large: int = 0
    """Bytes of all large ones so far that showed no messages."""
    _longest_turn: float = field(default_factory=lambda: LONGEST_TURN)
    _held: dict[Turn, int] = field(default_factory=dict)
    """By how many bytes, the first comer first."""
    _freed: set[asyncio.Future[None]] = field(default_factory=set)
    _grew: float = -math.inf
    """When one of these did so last."""

    @property
    def is_busy(self) -> bool:
        """Whether something large that the target sent is being read just now, or waits for others to be read."""
        return self.waiting > 0 or (bool(self._held) and time.monotonic() < self._grew + GROWS_WITHIN)

    def limit(self, what: str) -> int:
        """How many bytes one of them may have now."""
        return min(self.most, LARGE) if what in self.exceeded else self.most

    @property
    def of_frames(self) -> int:
        """How many frames a WebSocket message may have."""
        return max(self.most, LARGE) // PER_FRAME

    @property
    def of_pings(self) -> int:
        """How many pings and pongs of WebSocket a connection may bring."""
        return max(self.most, MAX_BYTES) // PER_PING

    def took(self, size: int) -> None:
        """So many bytes were read of one that shows no messages, or of which that is not known."""
        self._large += size if size > LARGE else 0
        if self._large > IN_A_RUN * max(self.most, MAX_BYTES):
            self.exceeded |= {ANSWER, POLL, MESSAGE}

    def check(self, text: str | bytes | bytearray, what: str) -> None:
        """What was read as a whole is about to be decoded. Raises TooMuch where that takes too much memory."""
        if not _shows_messages(text):
            self.took(len(text))
        limit = max(self.most, LARGE) // PER_VALUE
        if len(text) > limit and _marks(text) > limit:
            self.exceeded.add(what)
            raise TooMuch(f"sent more than {limit:,} JSON values in one {what}", self.most)

    def too_large(self, body: bytes | bytearray, limit: int) -> TooMuch:
        """What is said of an answer that has more bytes than this; what was read of it counts among all large ones."""
        if not _shows_messages(body):
            self.took(len(body))
        return oversized(limit, ANSWER)

    @property
    def in_hand(self) -> int:
        """Bytes of large answers and messages, held now."""
        return sum(self._held.values())

    def turn(self) -> Turn:
        """Of a reader of messages, who says when one of them is over."""
        return Turn(self)

    @contextmanager
    def turns(self) -> Iterator[Turn]:
        """Whoever reads what may become large asks for its turn as it grows."""
        turn = Turn(self)
        try:
            yield turn
        finally:
            turn.over()


class TooMuch(Exception):
    """What the target sent cannot be taken; ``limit``: in bytes, what an option raises."""

    def __init__(self, reason: str, limit: int) -> None:
        super().__init__(reason)
        self.limit = limit


class Turn:
    """Of one reader. ``lost``: why it has to stop reading, once it has; then ``stop`` was called."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.stop: Callable[[], object] = lambda: None
        self.lost: TooMuch | None = None

    async def taken(self, size: int) -> None:
        """Go on with an answer or a message that has so many bytes by now, when there is room for them."""
        while not self.admitted(size):
            await self._room()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """While reading, which stops where the turn is lost: then TooMuch is raised."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(None) as bound:
                self.stop = lambda: bound.reschedule(loop.time())
                yield
        except TimeoutError:
            if self.lost is None:
                raise
            raise self.lost from None

    def admitted(self, size: int) -> bool:
        """Whether there is room for so many bytes now."""
        held = self._intake._held
        others = sum(held.values()) - held.get(self, 0)
        if size > LARGE and others and self is not next(iter(held)) and others + size > AT_ONCE:
            return False
        if size > LARGE:
            self._intake._grew = time.monotonic() if size > held.get(self, 0) else self._intake._grew
            held[self] = size
        return True

    async def _room(self) -> None:
        """Wait until somebody is done, or was first for too long."""
        intake, freed = self._intake, asyncio.get_running_loop().create_future()
        intake._freed.add(freed)
        intake.waiting += 1
        first, size = next(iter(intake._held.items()))
        try:
            async with asyncio.timeout(intake._longest_turn):
                await freed
        except TimeoutError:
            if 0 < intake._held.get(first, 0) < size + LARGE:
                first.too_slow(size)
        finally:
            intake.waiting -= 1
            intake._freed.discard(freed)

    def too_slow(self, size: int) -> None:
        """Stop reading what has no more than so many bytes by now, and somewhat more."""
        within = self._intake._longest_turn
        reason = f"sent {size:,} bytes and more, and less than {LARGE:,} of them in {within:g} s"
        self._intake._longest_turn = max(within / 2, min(within, SHORTEST_TURN))
        self.lose(TooMuch(f"{reason}, while other large answers waited", self._intake.most))

    def lose(self, why: TooMuch) -> None:
        """Stop reading."""
        self.lost = why
        self._intake.took(self._intake._held.get(self, 0))
        self.over()
        self.stop()

    def over(self) -> None:
        """What was read has been dealt with."""
        if self._intake._held.pop(self, None) is not None:
            for freed in self._intake._freed:
                if not freed.done():
                    freed.set_result(None)


def _shows_messages(text: str | bytes | bytearray) -> bool:
    return '"messages"' in text if isinstance(text, str) else b'"messages"' in text


def _marks(text: str | bytes | bytearray) -> int:
    """Each value of JSON has one of these before it; they may stand in texts, too."""
    if isinstance(text, str):
        return sum(text.count(mark) for mark in ",:[{")
    return sum(text.count(mark) for mark in (b",", b":", b"[", b"{"))


def oversized(limit: int, what: str) -> TooMuch:
    """What is said of an answer or a message that has more bytes."""
    return TooMuch(f"sent more than {limit:,} bytes in one {what}", limit)
