"""Requests outside of Engine.IO (httpx), whose answers are read within bounds of time and memory."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from conformance.transport import limits
from conformance.transport.limits import ANSWER, Intake, TooMuch, Turn

ENCODINGS = "gzip, deflate"
"""What is asked for, and read within bounds."""
AS_TEXT = ("utf-8", "surrogateescape")
"""How the bytes of a header become a text, and again the same bytes: as aiohttp does it."""
MOST_ENCODINGS = 5
PROLONGED = 2
"""How many times as long as one silence an answer may take in all, as a rule; its head has one."""
SLOWEST = 65_536
"""Bytes a second: a body for which there is more time the longer it is."""
PART = 262_144
"""Bytes that are decompressed at a time."""
_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_RAW = -15


@dataclass(frozen=True, slots=True)
class Answer:
    """``content``: decompressed; or why it was not taken."""

    status: int
    headers: httpx.Headers
    content: bytes | TooMuch

    @property
    def set_cookies(self) -> list[str]:
        """The headers by which it sets cookies, as ``Cookies`` takes them."""
        return [value.decode(*AS_TEXT) for name, value in self.headers.raw if name.lower() == b"set-cookie"]


async def get(
    client: httpx.AsyncClient,
    path: str,
    intake: Intake,
    *,
    silence: float,
    prolonged: float = PROLONGED,
    headers: Mapping[str, str] | None = None,
    extensions: dict[str, Any] | None = None,
) -> Answer:
    """The answer to a GET. ``silence``: how many seconds may pass between two of its bytes; ``prolonged``: how many
    times as long it may take in all, but for its size. Raises httpx.HTTPError, and ValueError for a body that cannot be
    decompressed."""
    clock = asyncio.get_running_loop()
    intake.meter.requests += 1
    began = clock.time()
    try:
        async with asyncio.timeout_at(began + silence) as bound:
            wanted = {"Accept-Encoding": ENCODINGS, **(headers or {})}
            sent = {name.encode(): value.encode(*AS_TEXT) for name, value in wanted.items()}
            asked = client.stream("GET", path, headers=sent, timeout=silence, extensions=extensions)
            async with asked as answer:
                patience = _Patience(bound, began + prolonged * silence)
                content = await _content(answer, intake, patience)
                return Answer(answer.status_code, answer.headers, content)
    except (TimeoutError, httpx.ReadTimeout) as error:
        raise httpx.ReadTimeout(f"not answered within {clock.time() - began:.1f} s") from error


class _Patience:
    """With a body: until ``latest``, later the larger it is. That others are read first is not the target's delay."""

    def __init__(self, bound: asyncio.Timeout, latest: float) -> None:
        self._clock = asyncio.get_running_loop()
        self._bound, self._latest = bound, latest
        bound.reschedule(latest)

    async def turn(self, turn: Turn, size: int, *, received: int) -> None:
        """Wait for room for so many bytes. ``received``: how many came, compressed."""
        began = self._clock.time()
        self._bound.reschedule(None)
        await turn.taken(size)
        self._latest += self._clock.time() - began
        self._bound.reschedule(self._latest + received / SLOWEST)


async def _content(answer: httpx.Response, intake: Intake, patience: _Patience) -> bytes | TooMuch:
    try:
        with intake.turns() as turn:
            async with turn.held():
                return await _body(answer, intake, turn, patience)
    except TooMuch as why:
        return why.with_traceback(None)  # which holds all that was received


async def _body(answer: httpx.Response, intake: Intake, turn: Turn, patience: _Patience) -> bytes:
    limit = intake.limit(ANSWER) if answer.is_success else limits.MAX_ERROR_BYTES
    body, decoder, received = bytearray(), _Decoder(answer.headers), 0
    async for piece in answer.aiter_raw():
        received += len(piece)
        for part in decoder.decoded(piece):
            body += part
            intake.meter.received(part)
            if len(body) > limit:
                if answer.is_success:
                    intake.exceeded.add(ANSWER)
                raise intake.too_large(body, limit)
            await patience.turn(turn, len(body), received=received)
    intake.check(body, ANSWER)
    return bytes(body)


class _Decoder:
    """Undoes the encodings of a body, and never makes much of a little at once."""

    def __init__(self, headers: httpx.Headers) -> None:
        named = [name.strip().lower() for name in headers.get("content-encoding", "").split(",")]
        if len(named) > MOST_ENCODINGS:
            raise ValueError(f"Content-Encoding names {len(named):,} encodings")
        self._steps = [zlib.decompressobj(_BITS[name]) for name in reversed(named) if name in _BITS]
        self._may_be_raw = named == ["deflate"]

    def decoded(self, piece: bytes) -> Iterator[bytes]:
        """What a piece of the body holds, in parts of at most ``PART`` bytes. Raises ValueError."""
        try:
            yield from self._undone(piece, 0)
        except zlib.error as error:
            raise ValueError(f"the body is not compressed as Content-Encoding says: {error}") from error

    def _undone(self, piece: bytes, number: int) -> Iterator[bytes]:
        """With the encodings from that number on."""
        if number == len(self._steps):
            yield piece
            return
        part = self._begun(piece) if self._may_be_raw else self._steps[number].decompress(piece, PART)
        while part:
            yield from self._undone(part, number + 1)
            step = self._steps[number]
            part = step.decompress(step.unconsumed_tail, PART)

    def _begun(self, piece: bytes) -> bytes:
        """The first part of a body that may lack zlib's wrapping, as with some servers; all clients take it."""
        self._may_be_raw = False
        try:
            return self._steps[0].decompress(piece, PART)
        except zlib.error:
            self._steps[0] = zlib.decompressobj(_RAW)
            return self._steps[0].decompress(piece, PART)
