"""What a device hears: each packet is recorded as it comes, and kept for those who wait for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conformance.drive.announcements import Presence
from conformance.protocol import CONNECTED, MESSAGE, Json
from conformance.record.recorder import Recorder
from conformance.record.transcript import Entry, Kind, first
from conformance.transport.engineio import CloseReason, Transport
from conformance.transport.socketio_packets import Received, fields_of


class Line:
    """The listener of a device's wires (``engine.Listener``), one after the other; it knows what the current one has
    received."""

    def __init__(self, recorder: Recorder, name: str) -> None:
        self._recorder = recorder
        self.name = name
        self.owner = ""
        """The subject of the user whose device it is."""
        self.connection = 0
        self._disconnected = 0
        """The last connection whose namespace the target has ended."""
        self._once_entered: Callable[[], None] | None = None
        """What the device does at the very moment in which its CONNECT is answered."""
        self._clear()

    def _clear(self) -> None:
        """A new connection has received nothing yet."""
        self.handshake: Mapping[str, Any] = {}
        self._inbox: list[Entry] = []
        self._acks: dict[int, Entry] = {}
        self._messages: dict[str, Entry] = {}
        self.since: Sequence[Json] | None = None
        """The messages in a history that was asked for since it is there; None before there was one."""
        self._attachments = 0
        """Those of a binary packet that are still to come."""

    # -- the wire's listener -----------------------------------------------------------------------------------

    def on_handshake(self, handshake: Mapping[str, Any], via: Transport) -> None:
        self.handshake = handshake
        known = ("upgrades", "pingInterval", "pingTimeout", "maxPayload")
        self._log(Kind.HANDSHAKE, **{name: handshake.get(name) for name in known}, via=str(via))

    def on_message(self, text: str, via: Transport) -> None:
        if self._attachments:
            self.on_garbled(text, f"a packet in place of {self._attachments} more attachments")
        self._attachments = 0
        try:
            packet = Received(text, lambda told: self._recorder.read(told, of=self.owner))
            entry = self._log(Kind.RECEIVED, **fields_of(packet), via=str(via))
        except (ValueError, IndexError, RecursionError) as error:
            self.on_garbled(text, f"no Socket.IO packet: {error}")
        else:
            self._attachments = packet.attachment_count
            self._keep(entry)

    def on_attachment(self, data: bytes, via: Transport) -> None:
        """The bytes of a binary packet follow it, each piece in a frame of its own."""
        if self._attachments:
            self._attachments -= 1
            self._log(Kind.ENGINE, direction="<", packet=f"attachment of {len(data)} bytes", via=str(via))
        else:
            self.on_garbled(repr(data), "a BINARY frame")

    def on_engine(self, direction: str, packet: str, via: Transport) -> None:
        self._log(Kind.ENGINE, direction=direction, packet=self._recorder.brief(packet), via=str(via))

    def on_garbled(self, text: str, why: str) -> None:
        self._log(Kind.GARBLED, text=self._recorder.brief(text), why=why)

    def on_closed(self, ending: CloseReason) -> None:
        reason = self._recorder.brief(ending.reason)
        asked = {} if ending.retry_after is None else {"retry_after": ending.retry_after}
        self._log(Kind.CLOSED, by=ending.by, code=ending.code, status=ending.status, reason=reason, **asked)

    # -- what was recorded -------------------------------------------------------------------------------------

    def _log(self, kind: Kind, **data: Json) -> Entry:
        return self._recorder.add(kind, device=self.name, connection=self.connection, **data)

    def _keep(self, entry: Entry) -> None:
        """Index what the current connection received, for those who wait for it."""
        self._inbox.append(entry)
        if entry.get("packet") == "CONNECT" and self._once_entered is not None:
            flush, self._once_entered = self._once_entered, None
            flush()
        if entry.get("packet") == "DISCONNECT":
            self._disconnected = self.connection
        if entry.get("packet") == "ACK":
            self._acks.setdefault(entry.get("id"), entry)
        payload = first(entry.get("args"))
        if entry.get("event") == MESSAGE and isinstance(payload, dict) and isinstance(payload.get("id"), str):
            self._messages.setdefault(payload["id"], entry)

    @property
    def recovery(self) -> dict[str, Json]:
        """What official clients present, besides their token, when they come back to a server that recovers
        connections: the private id that its CONNECT told, and the last offset at the end of an event."""
        answers = [entry.get("data") for entry in self._inbox if entry.get("packet") == "CONNECT"]
        private = [answer["pid"] for answer in answers if isinstance(answer, dict) and "pid" in answer]
        ends = [entry.get("args")[-1] for entry in self._inbox if entry.get("event") and entry.get("args")]
        offsets = [end for end in ends if isinstance(end, str)]  # not each event has one
        return {"pid": private[-1], "offset": offsets[-1]} if private and offsets else {}

    @property
    def listed(self) -> list[Json]:
        """The messages that the greeting of the current connection shows."""
        greeting = next((first(entry.get("args")) for entry in self.heard(CONNECTED)), None)
        messages = greeting.get("messages") if isinstance(greeting, dict) else None
        return messages if isinstance(messages, list) else []

    @property
    def presence(self) -> Presence:
        """What the current connection was shown and told."""
        return Presence(self.listed, list(self._messages), self.since)

    def heard(self, event: str) -> list[Entry]:
        """The events of this name that the current connection has received."""
        return [entry for entry in self._inbox if entry.get("event") == event]
