"""Servers that are wrong about namespace, packets and connections (sections 1, 2.1 and 9)."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from socketio.exceptions import ConnectionRefusedError as Refused
from socketio.packet import CONNECT, EVENT, Packet

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MESSAGE, NAMESPACE, Event, Json, Problem
from conformance.reference.store import Message
from conformance.reference.wire import Wire
from tests.faults.fault import fault

# -- namespace -----------------------------------------------------------------------------------------------------


@fault("CONN-NAMESPACE", also=("CONNECTED-SENT", "REFUSAL-EVENT"))
class ServesTheDefaultNamespace(HelpCenter):
    """A gateway without its namespace option."""

    def build_wire(self) -> Wire:
        return Wire("/", self.receive, **self.wire_options())


@fault("CONN-NAMESPACE", also=("CONNECTED-SENT", "REFUSAL-EVENT"))
class LeavesTheSlashOut(HelpCenter):
    """Takes the "namespace: `help-center`" of section 2.1 by the letter."""

    def build_wire(self) -> Wire:
        return Wire("help-center", self.receive, **self.wire_options())


@fault("CONN-NAMESPACE")
class TellsTheDefaultNamespace(HelpCenter):
    """Emits messages in the default namespace, where no client is."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:  # noqa: ARG002
        packet = Packet(EVENT, data=[MESSAGE, self.message_payload(message)], namespace="/")
        for sid in [sid for sid, owner in self.users.items() if owner == user]:
            await self.wire._send_packet(self.wire.manager.eio_sid_from_sid(sid, NAMESPACE), packet)


# -- packets -------------------------------------------------------------------------------------------------------


@fault("CONN-PACKETS")
class DisconnectsWithData(HelpCenter):
    """Refuses with python-socketio's own exception, although CONNECT was answered already."""

    async def refuse(self, sid: str, problem: Problem) -> None:
        await self.emit_error(sid, problem)
        raise Refused(problem.message)


@fault("CONN-PACKETS")
class AnswersConnectWithoutSid(HelpCenter):
    """Speaks the protocol of Socket.IO 2: JavaScript clients refuse to go on."""

    def build_wire(self) -> Wire:
        wire = super().build_wire()
        send = wire._send_packet

        async def without_sid(eio_sid: str, packet: Packet) -> None:
            packet.data = None if packet.packet_type == CONNECT else packet.data
            await send(eio_sid, packet)

        wire._send_packet = without_sid
        return wire


@fault("CONN-PACKETS", also=("DEVICE-COEXIST",))
class AttachesBytes(HelpCenter):
    """Emits the row with its binary column, for which polls are answered with 500."""

    async def emit(self, event: str, payload: Json, *, to: str) -> None:
        await super().emit(event, payload | ({"digest": b"\x00\x01"} if event == MESSAGE else {}), to=to)


@fault("CONN-PACKETS")
class SendsHalfAPacket(HelpCenter):
    """Cuts a presence packet at a buffer's end."""

    async def join(self, sid: str, user: str) -> None:
        await super().join(sid, user)
        await self.wire.eio.send(self.wire.manager.eio_sid_from_sid(sid, NAMESPACE), f'2{NAMESPACE},["presence",{{"')


@fault("CONN-PACKETS", also=("CONNECTED-FIRST",))
class EmitsAReservedName(HelpCenter):
    """Tells of a connection by an event named connect."""

    async def welcome(self, sid: str, user: str) -> None:
        await super().welcome(sid, user)
        await self.emit("connect", {"sid": sid}, to=sid)


# -- connections that stay -----------------------------------------------------------------------------------------


@fault("CONN-STAYS")
class HangsUpAfterASecond(HelpCenter):
    """The timeout of the handshake is never cleared."""

    async def welcome(self, sid: str, user: str) -> None:
        await super().welcome(sid, user)
        self.spawn(self.time_out(sid))

    async def time_out(self, sid: str) -> None:
        await asyncio.sleep(1.0)
        await self.wire.hang_up(sid)


class EndsAfterSomeMessages(HelpCenter):
    limit = 2

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.counted: Counter[str] = Counter()

    async def on_send(self, event: Event) -> None:
        await super().on_send(event)
        self.counted[event.sid] += 1
        if self.counted[event.sid] == self.limit:
            await self.disconnect(event.sid)


EVERYTHING_THAT_SENDS = (
    "BURST-AFTER-GREETING",
    "CONN-UPGRADE",
    "REJECT-NO-OBJECT",
    "REJECT-SURVIVED",
    "TYPING-HARMLESS",
    "TYPING-ODD",
)


@fault("CONN-STAYS")
class EndsAfterTheSecondMessage(EndsAfterSomeMessages):
    """Takes the second message for flooding."""


@fault("CONN-STAYS", also=EVERYTHING_THAT_SENDS)
class EndsAfterTheFourthMessage(EndsAfterSomeMessages):
    limit = 4


# -- devices side by side ------------------------------------------------------------------------------------------


class KnowsSessions(HelpCenter):
    def others(self, sid: str, user: str) -> list[str]:
        return [other for other, owner in self.users.items() if owner == user and other != sid]


@fault("DEVICE-COEXIST")
class OneSessionForEachUser(KnowsSessions):
    """A new session ends the old one."""

    async def admit(self, sid: str, user: str) -> None:
        for other in self.others(sid, user):
            await self.disconnect(other)
        await super().admit(sid, user)


@fault("DEVICE-COEXIST", also=("CONNECTED-SENT", "RECONNECT-GREETED"))
class TheFirstSessionStays(KnowsSessions):
    """A new session is refused while there is another one (also one that was cut off and not noticed yet)."""

    async def admit(self, sid: str, user: str) -> None:
        if self.others(sid, user):
            await self.disconnect(sid)
        else:
            await super().admit(sid, user)


@fault("DEVICE-COEXIST")
class LeavingLogsOut(KnowsSessions):
    """One device leaves, and all the others of its user have to."""

    async def on_disconnect(self, sid: str, reason: str) -> None:
        user = self.users.get(sid, "")
        await super().on_disconnect(sid, reason)
        for other in self.others(sid, user):
            await self.disconnect(other)


@fault("MESSAGE-ECHO", also=("MESSAGE-DEVICES", "SUPPORT-EMITTED"))
class RoomsAreForOptionA(HelpCenter):
    """The guard that reads the header lets clients in; they are put into their room where ``auth.token`` is read."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.by_auth: set[str] = set()

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        if self.auth_token(auth) is not None:
            self.by_auth.add(sid)
        await super().on_connect(sid, environ, auth)

    async def join(self, sid: str, user: str) -> None:
        if sid in self.by_auth:
            await super().join(sid, user)
