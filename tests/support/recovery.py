"""A server that recovers connections, as Socket.IO can: what a device missed while it was away is emitted first."""

from __future__ import annotations

from typing import Any

from socketio import packet

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import NAMESPACE, Json
from conformance.reference.wire import Wire


class Recovers(HelpCenter):
    """CONNECT tells a private id, and each event carries its offset as one more argument. Clients give both back when
    they return."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.emitted: list[tuple[str, str, Json]] = []
        """Event, room and payload; the offset of an event is its place here."""
        self.since: dict[str, int] = {}
        """By connection: what it had heard, where it said so."""

    def build_wire(self) -> Wire:
        wire = super().build_wire()
        send = wire._send_packet

        async def sending(eio_sid: str, pkt: Any) -> None:
            if pkt.packet_type == packet.CONNECT:
                pkt.data = {**pkt.data, "pid": self.private_id(eio_sid, pkt.data["sid"])}
            await send(eio_sid, pkt)

        wire._send_packet = sending  # type: ignore[method-assign]
        return wire

    def private_id(self, eio_sid: str, sid: str) -> str:  # noqa: ARG002
        """Of a connection that is let in."""
        return f"private-{sid}"

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        offset = auth.get("offset") if isinstance(auth, dict) and "pid" in auth else None
        if isinstance(offset, str):
            self.since[sid] = int(offset.removeprefix("o-"), 16)
        await super().on_connect(sid, environ, auth)

    async def join(self, sid: str, user: str) -> None:
        await super().join(sid, user)
        if sid in self.since:
            for event, payload, offset in self.missed(user, self.since[sid]):
                await self.hand_over(event, payload, offset, to=sid)

    def missed(self, user: str, since: int) -> list[tuple[str, Json, int]]:
        """What was emitted to a user after an offset: event, payload, and offset."""
        later = enumerate(self.emitted[since:], since + 1)
        return [(event, payload, offset) for offset, (event, room, payload) in later if room == self.room_of(user)]

    async def emit(self, event: str, payload: Json, *, to: str) -> None:
        self.emitted.append((event, to, payload))
        await self.hand_over(event, payload, len(self.emitted), to=to)

    async def hand_over(self, event: str, payload: Json, offset: int, *, to: str) -> None:
        await self.wire.emit(event, (payload, f"o-{offset:x}"), to=to, namespace=NAMESPACE)
