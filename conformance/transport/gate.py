"""Between a socket and what reads WebSocket frames from it: large messages are let through when it is their turn."""

from __future__ import annotations

import asyncio
import gc
from typing import cast

import aiohttp

from conformance.transport.limits import LARGE, Intake, TooMuch

DEFLATED = 1032
"""How many times as long a message may be, decompressed (RFC 1951 allows no more)."""


class Gate(asyncio.Protocol):
    """Takes the place of a transport's protocol, and hands everything on to it, in time. What came since the last
    message was ``consumed`` is taken for a part of the next one."""

    def __init__(self, transport: asyncio.Transport, intake: Intake, *, compressed: bool) -> None:
        self._transport, self._behind = transport, cast(asyncio.Protocol, transport.get_protocol())
        self._intake, self._factor = intake, DEFLATED if compressed else 1
        self._turn = intake.turn()
        self._turn.stop = self._stop
        self._size = 0
        self._kept: list[bytes] = []
        self._waiting: asyncio.Task[None] | None = None
        transport.set_protocol(self)

    # -- for who reads messages --------------------------------------------------------------------------------

    def consumed(self) -> None:
        """The last message has been dealt with."""
        self._size = 0
        self._turn.over()

    def checked(self, message: aiohttp.WSMessage) -> aiohttp.WSMessage:
        """The message; an error in place of one that is too much, or that was never read to its end."""
        try:
            if self._turn.lost is not None:
                raise self._turn.lost
            if message.type is aiohttp.WSMsgType.TEXT:
                self._intake.check(message.data, "message")
        except TooMuch as why:
            return aiohttp.WSMessage(aiohttp.WSMsgType.ERROR, why, None)
        if isinstance(message.data, Exception):  # a UnicodeDecodeError has the whole message
            message.data.__cause__ = message.data.__context__ = None
        return message

    def _stop(self) -> None:
        """Let go of the message that is not read to its end, whoever still knows of this connection."""
        self._transport.abort()
        self._behind.connection_lost(None)
        self._behind = asyncio.Protocol()

    def over(self) -> None:
        """Nothing more is read."""
        if self._waiting is not None:
            self._waiting.cancel()
        self._kept.clear()
        self._turn.over()

    # -- for the transport -------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > LARGE:
            data = bytes(memoryview(data))  # no larger than it is: what was read into was, and would be kept as a whole
        if self._waiting is not None:
            self._kept.append(data)
            self._transport.pause_reading()
        elif self._turn.admitted(min(self._size * self._factor, self._intake.most)):
            self._behind.data_received(data)
        else:
            self._kept.append(data)
            self._transport.pause_reading()
            self._waiting = asyncio.get_running_loop().create_task(self._let_through())

    async def _let_through(self) -> None:
        await self._turn.taken(min(self._size * self._factor, self._intake.most))
        self._waiting, kept, self._kept = None, self._kept, []
        for data in kept:
            self._behind.data_received(data)
        self._transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self.over()
        self._behind.connection_lost(error)
        if self._size > LARGE:  # a message that was never whole; what has it refers to itself
            asyncio.get_running_loop().call_soon(gc.collect)

    def eof_received(self) -> bool | None:
        return self._behind.eof_received()

    def pause_writing(self) -> None:
        self._behind.pause_writing()

    def resume_writing(self) -> None:
        self._behind.resume_writing()
