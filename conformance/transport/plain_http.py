"""Requests outside of Engine.IO (httpx), whose answers are read within bounds of time and memory."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from conformance.transport import limits
from conformance.transport.limits import Intake

ENCODINGS = "gzip, deflate"
"""What is asked for, and read within bounds."""
MOST_ENCODINGS = 5
PROLONGED = 2
"""How many times as long as one silence an answer may take in all, but for its size; its head has one."""
SLOWEST = 65_536
"""Bytes a second: a body for which there is more time the longer it is."""
PART = 262_144
"""Bytes that are decompressed at a time."""
_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_RAW = -15


@dataclass(frozen=True, slots=True)
class Answer:
    """``content``: decompressed; None where it had more bytes than ``limit``."""

    status: int
    headers: httpx.Headers
    content: bytes | None
    limit: int


async def get(
    client: httpx.AsyncClient,
    path: str,
    intake: Intake,
    *,
    silence: float,
    headers: Mapping[str, str] | None = None,
    extensions: dict[str, Any] | None = None,
) -> Answer:
    """The answer to a GET. ``silence``: how many seconds may pass between two of its bytes. Raises httpx.HTTPError, and
    ValueError for a body that cannot be decompressed."""
    clock = asyncio.get_running_loop()
    intake.meter.requests += 1
    began = clock.time()
    try:
        async with asyncio.timeout_at(began + silence) as bound, intake.turns() as turn:
            sent = {"Accept-Encoding": ENCODINGS, **(headers or {})}
            asked = client.stream("GET", path, headers=sent, timeout=silence, extensions=extensions)
            async with asked as answer:
                latest = began + PROLONGED * silence
                bound.reschedule(latest)
                limit = intake.most if answer.is_success else limits.MAX_ERROR_BYTES
                body, decoder, received = bytearray(), _Decoder(answer.headers), 0
                async for piece in answer.aiter_raw():
                    received += len(piece)
                    for part in decoder.decoded(piece):
                        body += part
                        intake.meter.received(part)
                        if len(body) > limit:
                            return Answer(answer.status_code, answer.headers, None, limit)
                        waiting = clock.time()
                        bound.reschedule(None)  # that others are read first is not the target's delay
                        await turn.taken(len(body))
                        latest += clock.time() - waiting
                        bound.reschedule(latest + received / SLOWEST)
                return Answer(answer.status_code, answer.headers, bytes(body), limit)
    except (TimeoutError, httpx.ReadTimeout) as error:
        raise httpx.ReadTimeout(f"not answered within {clock.time() - began:.1f} s") from error


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
