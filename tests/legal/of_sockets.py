"""Socket.IO and Engine.IO as other servers speak them (sections 1 and 2.1)."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import parse_qs

from engineio.packet import NOOP, Packet
from socketio.packet import EVENT
from socketio.packet import Packet as EventPacket
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import CONNECTED, MESSAGE, NAMESPACE, Event, Json, Problem
from conformance.reference.serve import Served, Server
from conformance.reference.wire import Wire
from tests.legal.legal import legal
from tests.legal.middleware import Bounded, Fronted, answer
from tests.support.recovery import Recovers


@legal()
class StaysOnPolling(HelpCenter):
    """Both transports, and no way from one to the other."""

    def wire_options(self) -> Json:
        return {"allow_upgrades": False}


@legal()
class TakesSmallFramesOnly(Bounded):
    """10,000 bytes at most; the longest text that is allowed has 8,000. Whatever is larger ends the connection."""

    LIMIT = 10_000


class Deflating(Served):
    """Compresses WebSocket messages (RFC 7692), and has WebSocket's own pings beside those of Engine.IO."""

    def server(self, app: ASGIApp) -> Server:
        server = super().server(app)
        server.config.ws_per_message_deflate = True
        server.config.ws_ping_interval = 0.4
        return server


@legal()
class CompressesWebSockets(HelpCenter):
    """Every message, where the client agrees; and pings by WebSocket too."""

    SERVED = Deflating


@legal()
class SetsCookies(HelpCenter):
    """As Socket.IO did by default once."""

    def wire_options(self) -> Json:
        return {"cookie": {"name": "io", "httpOnly": True, "sameSite": "Lax"}}


class Chatty(HelpCenter):
    """A server that emits other events too, once a client was greeted and after each message."""

    async def emit(self, event: str, payload: Json, *, to: str) -> None:
        await super().emit(event, payload, to=to)
        if event in (CONNECTED, MESSAGE):
            for name, arguments in self.others():
                await self.wire.emit(name, arguments, to=to, namespace=NAMESPACE)

    def others(self) -> list[tuple[str, tuple[Any, ...]]]:
        return []


@legal()
class EmitsOtherEvents(Chatty):
    """Presence, counters, events without arguments or with many."""

    def others(self) -> list[tuple[str, tuple[Any, ...]]]:
        return [
            ("help_center:presence", ({"online": ["Ada"], "agents": 1},)),
            ("ping", ()),
            ("message", ("plain text", 1, None, [True])),
            ("help_center:unread", (3,)),
            ("", ({},)),
        ]


@legal()
class ServesOtherNamespaces(HelpCenter):
    """The default namespace is there for whoever wants it, and has events of its own."""

    def build_wire(self) -> Wire:
        wire = super().build_wire()

        async def greet(sid: str, _environ: Json, _auth: object = None) -> None:
            await wire.emit("hello", {"server": "shop"}, to=sid, namespace="/")

        wire.on("connect", greet, namespace="/")
        wire.on("connect", greet, namespace="/orders")
        return wire


@legal()
class AsksForAcksItself(HelpCenter):
    """``emitWithAck``: each message is sent to each device with a request to acknowledge it."""

    async def emit(self, event: str, payload: Json, *, to: str) -> None:
        if event != MESSAGE:
            await super().emit(event, payload, to=to)
            return
        for sid in [sid for sid, user in self.users.items() if to in (sid, self.room_of(user))]:
            await self.wire.emit(event, payload, to=sid, namespace=NAMESPACE, callback=lambda *_: None)


@legal()
class RecoversConnections(Recovers):
    """Socket.IO's connection state recovery is on, and whoever comes back is greeted all the same."""


@legal()
class RecoversBeforeItAnswers(Recovers):
    """As Socket.IO itself does it: whoever is recovered is sent what was missed, and only then the answer to CONNECT,
    with the private id of before."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sessions: dict[str, str] = {}
        """By private id: the user."""
        self.recovering: dict[str, str] = {}
        """By transport: the private id."""
        self.private: dict[str, str] = {}
        """By connection."""

    def build_wire(self) -> Wire:
        wire = super().build_wire()
        enter = wire._handle_connect

        async def entering(eio_sid: str, namespace: str | None, data: Any) -> None:
            asked = data if isinstance(data, dict) else {}
            user, offset = self.sessions.get(str(asked.get("pid"))), asked.get("offset")
            if user is not None and isinstance(offset, str) and self.is_of(asked, user):
                self.recovering[eio_sid] = asked["pid"]
                for event, payload, number in self.missed(user, int(offset.removeprefix("o-"), 16)):
                    packet = EventPacket(EVENT, [event, payload, f"o-{number:x}"], namespace=NAMESPACE)
                    await wire._send_packet(eio_sid, packet)
            await enter(eio_sid, namespace, data)

        wire._handle_connect = entering  # type: ignore[method-assign]
        return wire

    def is_of(self, auth: Json, user: str) -> bool:
        """Whether the token is good, and that user's."""
        try:
            return self.user_of(self.auth_token(auth)) == user
        except Problem:
            return False

    def private_id(self, eio_sid: str, sid: str) -> str:
        self.private[sid] = self.recovering.pop(eio_sid, f"private-{sid}")
        return self.private[sid]

    async def join(self, sid: str, user: str) -> None:
        self.sessions[self.private[sid]] = user
        if self.private[sid] != f"private-{sid}":
            self.since.pop(sid, None)  # it was sent already
        await super().join(sid, user)


@legal()
class AnswersWhatItDoesNotKnow(HelpCenter):
    """Unknown events get an error; typing is acked if somebody asks."""

    async def on_unknown(self, event: Event) -> None:
        await self.reject(event, Problem("UNKNOWN_EVENT", "What is that?"))

    async def on_typing(self, event: Event) -> None:
        await self.acknowledge(event, {"ok": True})


@legal()
class EndsPollsEarly(HelpCenter):
    """Between client and server is something that allows a request half a second: an empty packet ends the poll."""

    def build_wire(self) -> Wire:
        wire = super().build_wire()
        handle = wire._handle_eio_connect

        async def connected(eio_sid: str, environ: Json) -> None:
            await handle(eio_sid, environ)
            self.spawn(self.keep_short(eio_sid))

        wire.eio.on("connect", connected)
        return wire

    async def keep_short(self, eio_sid: str) -> None:
        while (engine := self.wire.eio.sockets.get(eio_sid)) is not None and not (engine.upgraded or engine.closed):
            if engine.queue.empty() and not engine.upgrading:
                await engine.send(Packet(NOOP))
            await asyncio.sleep(0.5)


@legal(advice=["DEVICE-COEXIST"])
class KeepsOneSessionForEachUser(HelpCenter):
    """Who connects anew ends what the user had open: the document never speaks of several devices."""

    async def admit(self, sid: str, user: str) -> None:
        for other in [other for other, owner in self.users.items() if owner == user and other != sid]:
            await self.disconnect(other)
        await super().admit(sid, user)


@legal()
class TakesNothingBesides(Fronted):
    """Parameters of a query, and fields of ``auth``, that it does not know are refused; and who leaves the namespace
    cannot enter it again on the same transport."""

    KNOWN = frozenset({"EIO", "transport", "sid", "t"})

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.left: set[str] = set()

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        if parse_qs(scope["query_string"].decode()).keys() <= self.KNOWN:
            await inner(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        else:
            await answer(send, 400, b"unknown parameter")

    def transport_of(self, sid: str) -> str:
        return str(self.wire.manager.eio_sid_from_sid(sid, NAMESPACE))

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        if isinstance(auth, dict) and not auth.keys() <= {"token"}:
            await self.refuse(sid, self.unauthorized("There are unknown fields."))
        elif self.transport_of(sid) not in self.left:
            await super().on_connect(sid, environ, auth)

    async def on_disconnect(self, sid: str, reason: str) -> None:
        self.left.add(self.transport_of(sid))
        await super().on_disconnect(sid, reason)


@legal(advice=["DEVICE-COEXIST"])
class KeepsTwoSessionsForEachUser(HelpCenter):
    """The third device ends the one that has been silent longest, by its transport, and does not wait for it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.spoke: dict[str, float] = {}

    async def admit(self, sid: str, user: str) -> None:
        own = (other for other, owner in self.users.items() if owner == user and other != sid)
        for other in sorted(own, key=lambda one: self.spoke.get(one, 0.0), reverse=True)[1:]:
            # a polling client may have gone: whoever comes does not wait until it collects the end of its session
            self.wire.start_background_task(self.wire.hang_up, other)
        self.spoke[sid] = time.monotonic()
        await super().admit(sid, user)

    async def on_send(self, event: Event) -> None:
        self.spoke[event.sid] = time.monotonic()
        await super().on_send(event)


@legal(advice=["DEVICE-COEXIST"])
class EndsTheOlderSessionLate(HelpCenter):
    """One session for each user; the node that has the older one hears of the newer one a while later."""

    async def admit(self, sid: str, user: str) -> None:
        for other in [other for other, owner in self.users.items() if owner == user and other != sid]:
            self.spawn(self.end_late(other))
        await super().admit(sid, user)

    async def end_late(self, sid: str) -> None:
        await asyncio.sleep(0.2)
        if sid in self.users:
            await self.wire.hang_up(sid)
