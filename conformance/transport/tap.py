"""Every Engine.IO packet between a Socket.IO client library and the target, passed to a listener as it crosses."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Protocol

import aiohttp

from conformance.transport.close_reason import CloseReason, HandshakeFailed
from conformance.transport.engineio import (
    PROBED,
    Attachment,
    Garbled,
    Packet,
    PacketType,
    Pongs,
    Transport,
    parse_handshake,
    parse_packet,
)
from conformance.transport.listener import Listener
from conformance.transport.meter import Meter

SENT = {PacketType.PING: "ping", PacketType.PONG: "pong", PacketType.UPGRADE: "upgrade", PacketType.CLOSE: "close"}
"""What a client sends beside messages."""


class ClientListener(Listener, Protocol):
    """A listener to what a client library sends and receives, in order, before the library itself."""

    def on_opening(self, via: Transport) -> None:
        """A connection is about to be opened: the first one, or another one after it."""

    def on_written(self, message: str, via: Transport) -> None:
        """A Socket.IO packet goes out."""


class Tap:
    """On one connection after the other."""

    def __init__(self, listener: ClientListener, meter: Meter) -> None:
        self.listener = listener
        self._meter = meter
        self.ended = True
        """Whether it is not connected: not yet, or not any more."""
        self.broken: Exception | None = None
        """What went wrong in the harness: the library would take it for the target's doing."""
        self._shaken = False
        self._pongs = Pongs()

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Keep errors of the harness; those of the network are the library's to handle."""
        try:
            yield
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise
        except Exception as error:
            self.broken = self.broken or error
            raise

    def opening(self, via: Transport) -> None:
        """A connection begins."""
        self._meter.connections += 1
        self._shaken, self.ended, self._pongs = False, False, Pongs()
        self.listener.on_opening(via)

    def end(self, ending: CloseReason) -> None:
        """The connection has ended; called once."""
        if not self.ended:
            self.ended = True
            if self._shaken:
                self._meter.ended()
            self.listener.on_closed(ending)

    def sent(self, packet: str, via: Transport) -> None:
        """A packet goes out."""
        kind, body = packet[:1], packet[1:]
        if kind == PacketType.MESSAGE:
            self.listener.on_written(body, via)
            return
        if kind == PacketType.PONG:
            self._pongs.written(body)
        self.listener.on_engine(">", " ".join([SENT.get(PacketType(kind), kind), *filter(None, [body])]), via)
        if kind == PacketType.CLOSE:
            self.end(CloseReason("harness", reason="closed"))

    def received(self, packet: str, via: Transport) -> None:
        """A packet has come. Raises aiohttp.ClientPayloadError where the connection cannot go on after it."""
        if not self._shaken and packet[:1] == PacketType.OPEN:
            return self._shake(packet, via)
        if packet == PROBED and via is Transport.WEBSOCKET:
            return self.listener.on_engine("<", "pong probe", via)
        match parse_packet(packet, via):
            case Packet(PacketType.MESSAGE, body):
                self.listener.on_message(body, via)
            case Packet(PacketType.PING, body):
                self.listener.on_engine("<", "ping", via)
                self._ping(body)
            case Packet(PacketType.CLOSE):
                self.end(CloseReason("target", reason="Engine.IO close packet"))
            case Packet():
                self.listener.on_engine("<", "noop", via)
            case Attachment(data):
                self.listener.on_attachment(data, via)
            case Garbled(text, why):
                self.listener.on_garbled(text, why)

    def _ping(self, body: str) -> None:
        """The client is about to queue its pong."""
        self._pongs.add(body)
        if (too_many := self._pongs.too_many) is not None:
            self.end(too_many)
            raise aiohttp.ClientPayloadError(too_many.reason)

    def _shake(self, packet: str, via: Transport) -> None:
        try:
            handshake = parse_handshake(packet)
        except HandshakeFailed as failed:
            self.end(failed.close_reason)
            raise aiohttp.ClientPayloadError(str(failed)) from failed
        else:
            self._shaken = True
            self._meter.opened()
            self.listener.on_handshake(handshake.fields, via)
