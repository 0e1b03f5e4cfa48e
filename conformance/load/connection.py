"""One Socket.IO connection of one device: what it sends and receives stands in the story of the visit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
from socketio.packet import CONNECT, DISCONNECT, EVENT

from conformance import strict_json
from conformance.load.story import Story
from conformance.load.transports import Transport
from conformance.protocol import NAMESPACE, Json
from conformance.record.transcript import Entry, Kind
from conformance.transport.close_reason import CloseReason, TransportClosed
from conformance.transport.engineio import Attachment, Garbled, PacketType
from conformance.transport.engineio import Received as Arrived
from conformance.transport.socketio_packets import Received, Sending, fields_of

SHOWN = 200
"""Characters that are kept of what is not a packet."""


class Connection:
    """``heard`` is called for each entry that arrives. Closed by whoever opened it (``leave`` or ``drop``)."""

    def __init__(
        self, story: Story, device: str, number: int, transport: Transport, heard: Callable[[Entry], None]
    ) -> None:
        self._story, self._device, self.number = story, device, number
        self._transport = transport
        self._heard = heard
        self._reader: gevent.Greenlet | None = None
        self._attachments = 0
        self.ended = False

    def open(self, via: str) -> None:
        """Raises HandshakeFailed."""
        handshake = self._transport.open()
        known = {name: handshake.fields.get(name) for name in ("upgrades", "pingInterval", "pingTimeout", "maxPayload")}
        self._log(Kind.HANDSHAKE, **known, via=via)
        self._reader = gevent.spawn(self._read)

    # -- sending -----------------------------------------------------------------------------------------------

    def enter(self, auth: Json) -> None:
        """CONNECT. What ``auth`` holds is kept nowhere."""
        self._log(Kind.SENT, packet="CONNECT", namespace=NAMESPACE, id=None, data="‹token›" if auth else None)
        self._write(Sending(CONNECT, data=auth, namespace=NAMESPACE))

    def emit(self, event: str, payload: Json, *, ack: int | None = None, **notes: Json) -> Entry:
        fields: dict[str, Json] = {"packet": "EVENT", "namespace": NAMESPACE, "id": ack, "event": event}
        entry = self._log(Kind.SENT, **fields, args=[payload], **notes)
        self._write(Sending(EVENT, data=[event, payload], namespace=NAMESPACE, id=ack))
        return entry

    def _write(self, packet: Sending) -> None:
        try:
            self._transport.write(f"{PacketType.MESSAGE}{packet.encode()}")
        except TransportClosed as end:
            self._end(end.reason)

    # -- receiving ---------------------------------------------------------------------------------------------

    def _read(self) -> None:
        try:
            while True:
                for one in self._transport.read():
                    self._take(one)
        except TransportClosed as end:
            self._end(end.reason)

    def _take(self, one: Arrived) -> None:
        if isinstance(one, Garbled):
            self._arrived(Kind.GARBLED, text=self._story.redactor.text(one.text)[:SHOWN], why=one.why)
        elif isinstance(one, Attachment):
            self._attachments -= 1
            if self._attachments < 0:
                self._arrived(Kind.GARBLED, text=repr(one.data[:SHOWN]), why="a BINARY frame")
        elif one.type is PacketType.PING:
            self._transport.write(str(PacketType.PONG))
        elif one.type is PacketType.MESSAGE:
            self._message(one.body)
        elif one.type is PacketType.CLOSE:
            raise TransportClosed(CloseReason("target", reason="an Engine.IO CLOSE packet"))

    def _message(self, text: str) -> None:
        try:
            packet = Received(self._story.redactor.text(text), strict_json.loads)
            fields = fields_of(packet)
        except (ValueError, IndexError, RecursionError) as error:
            self._arrived(
                Kind.GARBLED, text=self._story.redactor.text(text)[:SHOWN], why=f"no Socket.IO packet: {error}"
            )
        else:
            self._attachments = packet.attachment_count
            self._arrived(Kind.RECEIVED, **fields)

    def _arrived(self, kind: Kind, **data: Json) -> None:
        self._heard(self._log(kind, **data))

    # -- the end -----------------------------------------------------------------------------------------------

    def leave(self) -> None:
        """Say goodbye, and close."""
        if not self.ended:
            self._log(Kind.SENT, packet="DISCONNECT", namespace=NAMESPACE, id=None, data=None)
            self._write(Sending(DISCONNECT, namespace=NAMESPACE))
        self.drop("closed")

    def drop(self, reason: str = "dropped") -> None:
        """Cut the connection without a word."""
        self._end(CloseReason("harness", reason=reason))
        if self._reader is not None:
            self._reader.kill(block=False)
        self._transport.close()

    def _end(self, reason: CloseReason) -> None:
        if not self.ended:
            self.ended = True
            fields: dict[str, Any] = {"by": reason.by, "code": reason.code, "status": reason.status}
            asked = {} if reason.retry_after is None else {"retry_after": reason.retry_after}
            self._arrived(Kind.CLOSED, **fields, reason=self._story.redactor.text(reason.reason)[:SHOWN], **asked)

    def _log(self, kind: Kind, **data: Json) -> Entry:
        return self._story.add(kind, device=self._device, connection=self.number, **data)
