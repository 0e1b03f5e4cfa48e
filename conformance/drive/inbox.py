"""What a device hears: each packet is recorded as it comes, and kept for those who wait for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conformance.drive.announcements import Presence
from conformance.protocol import CONNECTED, MESSAGE, Json
from conformance.record.recorder import Recorder
from conformance.record.transcript import Entry, Kind, first
from conformance.transport.close_reason import CloseReason
from conformance.transport.engineio import Transport
from conformance.transport.socketio_packets import Received, fields_of


class PacketInbox:
    """The listener of a device's connections (``transport.listener``), one after the other; it knows what the current
    one has received. ``owner``: the subject of the user whose device it is."""

    def __init__(self, recorder: Recorder, name: str, owner: str) -> None:
        self._recorder = recorder
        self._name = name
        self._owner = owner
        self.on_kept: list[Callable[[Entry], None]] = []
        """Who is called for each packet of all connections, once it is kept."""
        self.newest: tuple[int, str] | None = None
        """The message that was received last, by event or ack: where in the record, and its id."""
        self.begin(0)

    def pass_to(self, owner: str) -> None:
        """The device is another user's from now on."""
        self._owner, self.newest = owner, None

    def begin(self, connection: int) -> None:
        """A new connection, with this number, has received nothing yet."""
        self.connection = connection
        self.handshake: Mapping[str, Any] = {}
        self.received: list[Entry] = []
        self.acks: dict[int, Entry] = {}
        self.messages: dict[str, Entry] = {}
        self.asked = False
        """Whether the target was sent a CONNECT packet."""
        self.ahead = 0
        """How many events the target was sent since it answered one."""
        self.disconnected = False
        """Whether the target has ended the namespace."""
        self.pinged = False
        self.since: Sequence[Json] | None = None
        """The messages in a history that was asked for since it is there; None before there was one."""
        self._attachments = 0
        """Those of a binary packet that are still to come."""

    # -- the listener ------------------------------------------------------------------------------------------

    def on_handshake(self, handshake: Mapping[str, Any], via: Transport) -> None:
        self.handshake = handshake
        known = ("upgrades", "pingInterval", "pingTimeout", "maxPayload")
        self.log(Kind.HANDSHAKE, **{name: handshake.get(name) for name in known}, via=str(via))

    def on_message(self, text: str, via: Transport) -> None:
        if self._recorder.flooded.is_set():
            return
        if self._attachments:
            self.on_garbled(text, f"a packet in place of {self._attachments} more attachments")
        self._attachments = 0
        try:
            packet = Received(text, lambda text: self._recorder.read(text, of=self._owner))
            entry = self.log(Kind.RECEIVED, **fields_of(packet), via=str(via))
        except (ValueError, IndexError, RecursionError) as error:
            self.on_garbled(text, f"no Socket.IO packet: {error}")
        else:
            self._attachments = packet.attachment_count
            self._keep(entry)

    def on_attachment(self, data: bytes, via: Transport) -> None:
        """The bytes of a binary packet follow it, each piece in a frame of its own."""
        if self._attachments:
            self._attachments -= 1
            self.log(Kind.ENGINE, direction="<", packet=f"attachment of {len(data)} bytes", via=str(via))
        else:
            self.on_garbled(repr(data), "a BINARY frame")

    def on_engine(self, direction: str, packet: str, via: Transport, *, status: int | None = None) -> None:
        answered = {} if status is None else {"status": status}
        self.pinged = self.pinged or (direction, packet) == ("<", "ping")
        self.log(Kind.ENGINE, direction=direction, packet=self._recorder.brief(packet), via=str(via), **answered)

    def on_garbled(self, text: str, why: str) -> None:
        self.log(Kind.GARBLED, text=self._recorder.brief(text), why=why)

    def on_closed(self, ending: CloseReason) -> None:
        reason = self._recorder.brief(ending.reason)
        asked = {} if ending.retry_after is None else {"retry_after": ending.retry_after}
        asked |= {} if ending.oversized is None else {"oversized": ending.oversized}
        asked |= {} if ending.engine_io is None else {"engine_io": ending.engine_io}
        self.log(Kind.CLOSED, by=ending.by, code=ending.code, status=ending.status, reason=reason, **asked)

    # -- what was recorded -------------------------------------------------------------------------------------

    def log(self, kind: Kind, **data: Json) -> Entry:
        self.ahead += kind is Kind.SENT and data.get("packet") == "EVENT"
        return self._recorder.add(kind, device=self._name, connection=self.connection, **data)

    def _keep(self, entry: Entry) -> None:
        """Index what the current connection received, for those who wait for it."""
        self.received.append(entry)
        if entry.get("packet") == "DISCONNECT":
            self.disconnected = True
        if entry.get("packet") == "ACK":
            self.acks.setdefault(entry.get("id"), entry)
        if (message_id := _message_id(entry)) is not None:
            self.newest = entry.serial, message_id
            if entry.get("event") == MESSAGE:
                self.messages.setdefault(message_id, entry)
        for call in list(self.on_kept):
            call(entry)

    @property
    def recovery(self) -> dict[str, Json]:
        """What official clients present, besides their token, when they come back to a server that recovers
        connections: the private id in its CONNECT, and the last offset at the end of an event."""
        answers = [entry.get("data") for entry in self.received if entry.get("packet") == "CONNECT"]
        private = [answer["pid"] for answer in answers if isinstance(answer, dict) and "pid" in answer]
        ends = [entry.get("args")[-1] for entry in self.received if entry.get("event") and entry.get("args")]
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
        """What the current connection received, in greetings and events."""
        return Presence(self.listed, list(self.messages), self.since)

    def heard(self, event: str) -> list[Entry]:
        """The events of this name that the current connection has received."""
        return [entry for entry in self.received if entry.get("event") == event]

    @property
    def told(self) -> list[Json]:
        """The payloads of the messages that the current connection has received."""
        return [first(entry.get("args")) for entry in self.heard(MESSAGE)]


def _message_id(entry: Entry) -> str | None:
    """Of the message that an event or an ack carries."""
    payload = first(entry.get("args"))
    if entry.get("packet") == "ACK" and isinstance(payload, dict):
        payload = payload.get("message")
    elif entry.get("event") != MESSAGE:
        return None
    found = payload.get("id") if isinstance(payload, dict) else None
    return found if isinstance(found, str) else None
