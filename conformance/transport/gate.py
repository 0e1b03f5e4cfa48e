"""Between a socket and what reads WebSocket frames from it: large messages are let through when it is their turn."""

from __future__ import annotations

import asyncio
import gc
import re
import ssl
from typing import Any, cast

import aiohttp

from conformance.transport.frames import Frames
from conformance.transport.limits import LARGE, MESSAGE, Intake, TooMuch, oversized

DEFLATED = 1032
"""How many times as long a message may be, decompressed (RFC 1951 allows no more)."""
PINGS = (aiohttp.WSMsgType.PING, aiohttp.WSMsgType.PONG)
IDLE = 0.25
"""Seconds after which an HTTP connection is not used again. No proxy that we know of ends one so soon."""
LONGEST_ANSWER = 2**17
"""Bytes of the answers to a handshake that are looked through."""
_SWITCHED = re.compile(rb"HTTP/1\.[01] 101\b.*?\r\n\r\n", re.DOTALL)
"""The answer that messages follow."""


class GatedConnector(aiohttp.TCPConnector):
    """Has a gate on the connection of each WebSocket, before anything is read from it: messages may come with the
    handshake's answer. Uses no connection again that was idle: its end may be on its way, and a POST would be lost."""

    def __init__(self, tls: ssl.SSLContext | None, intake: Intake) -> None:
        super().__init__(ssl=tls or True, limit=0, keepalive_timeout=IDLE)
        self._intake = intake

    async def connect(self, req: aiohttp.ClientRequest, *args: Any, **options: Any) -> Any:
        connection = await super().connect(req, *args, **options)
        if connection.transport is not None and req.headers.get("Upgrade") == "websocket":
            Gate(connection.transport, self._intake)
        return connection


class Gate(asyncio.Protocol):
    """Takes the place of a transport's protocol, and hands everything on to it, in time. Until it is ``opened``, that
    is no more than the handshake's answer. What came since the last message was ``consumed`` is taken for a part of
    the next one."""

    def __init__(self, transport: asyncio.Transport, intake: Intake) -> None:
        self._transport, self._behind = transport, cast(asyncio.Protocol, transport.get_protocol())
        self._intake, self._factor = intake, 1
        self._turn = intake.turn()
        self._turn.stop = self._stop
        self._size, self._frames, self._pings = 0, Frames(), 0
        self._answer: bytes | None = b""
        """What came before it was opened."""
        self._kept: list[bytes] = []
        self._waiting: asyncio.Task[None] | None = None
        transport.set_protocol(self)

    # -- for who reads messages --------------------------------------------------------------------------------

    def opened(self, *, compressed: bool) -> None:
        """The handshake is done, and messages are read from now on."""
        self._answer, self._factor = None, DEFLATED if compressed else 1
        kept, self._kept = self._kept, []
        for data in kept:
            self.data_received(data)
        if self._waiting is None:
            self._transport.resume_reading()

    def consumed(self) -> None:
        """The last message has been dealt with."""
        self._size = sum(map(len, self._kept))
        self._turn.over()

    def checked(self, message: aiohttp.WSMessage) -> aiohttp.WSMessage:
        """The message, ping or pong; an error in place of one that is too much, or that was never read to its end."""
        try:
            if self._turn.lost is not None:
                raise self._turn.lost
            if message.type is aiohttp.WSMsgType.TEXT:
                self._intake.check(message.data, MESSAGE)
            elif message.type is aiohttp.WSMsgType.ERROR:
                self._intake.took(self._size)  # what came of it has been read, too
            elif message.type in PINGS:
                self._count_ping()
        except TooMuch as why:
            return aiohttp.WSMessage(aiohttp.WSMsgType.ERROR, why, None)
        return message

    def _count_ping(self) -> None:
        self._pings += 1
        if self._pings > (limit := self._intake.of_pings):
            raise TooMuch(f"sent more than {limit:,} pings of WebSocket", self._intake.most)

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
        if self._answer is not None:
            return self._answered(self._answer, data)
        if not self._frames.feed(data, limit := self._intake.of_frames):
            return self._turn.lose(TooMuch(f"sent more than {limit:,} frames in one message", self._intake.most))
        self._size += len(data)
        if MESSAGE in self._intake.exceeded and self._size > (limit := self._intake.limit(MESSAGE)):
            return self._turn.lose(oversized(limit, MESSAGE))
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

    def _answered(self, before: bytes, data: bytes) -> None:
        """Hand on the answer to the handshake, and keep what follows it."""
        self._answer = (before + data)[-LONGEST_ANSWER:]
        switched = _SWITCHED.search(self._answer)
        end = len(data) if switched is None else len(data) - (len(self._answer) - switched.end())
        if end > 0:
            self._behind.data_received(data[:end])
        if end < len(data):
            self._kept.append(data[max(end, 0) :])
            self._transport.pause_reading()

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
