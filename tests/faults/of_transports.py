"""Servers that are wrong about WebSocket, long-polling, or the way from one to the other (section 1)."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from engineio.exceptions import SocketIsClosedError
from engineio.packet import MESSAGE as ENGINE_MESSAGE

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MESSAGE, NAMESPACE, Event, Json
from conformance.reference.wire import Wire
from tests.faults.fault import fault

TICK = 0.05
"""Seconds between two writes of a server that gathers what it has to say."""


@fault("CONN-PACKETS")
class UpgradesAreNull(HelpCenter):
    """An empty list of upgrades is null, as a nil slice of Go is in JSON."""

    def build_wire(self) -> Wire:
        wire = super().build_wire()
        wire.eio._upgrades = lambda *_: None
        return wire


# -- transports ----------------------------------------------------------------------------------------------------


class Engines(HelpCenter):
    """A correct server whose Engine.IO sockets faults may change as they come."""

    def build_wire(self) -> Wire:
        wire = super().build_wire()
        handle = wire._handle_eio_connect

        async def connected(eio_sid: str, environ: Json) -> None:
            self.change(wire.eio.sockets[eio_sid])
            await handle(eio_sid, environ)

        wire.eio.on("connect", connected)
        return wire

    def change(self, engine: Any) -> None:
        """Override one connection's methods: `send`, `receive`, …"""

    def engine_of(self, event: Event) -> Any:
        """The Engine.IO socket that an event came by; `upgraded` means WebSocket."""
        return self.wire.eio.sockets[self.wire.manager.eio_sid_from_sid(event.sid, NAMESPACE)]


@fault("CONN-WEBSOCKET")
class RefusesWebSocket(HelpCenter):
    def wire_options(self) -> dict[str, Any]:
        return {"transports": ["polling"]}


@fault("CONN-WEBSOCKET", also=("ACK-CALLED", "MESSAGE-DEVICES"))
class IsDeafOnWebSocket(Engines):
    """Reads the bodies of polling requests only."""

    async def on_send(self, event: Event) -> None:
        if not self.engine_of(event).upgraded:
            await super().on_send(event)


@fault("CONN-WEBSOCKET", also=("MESSAGE-ECHO", "MESSAGE-DEVICES", "SEND-UNACKED", "SUPPORT-EMITTED"))
class IsMuteOnWebSocket(Engines):
    """Acks over WebSocket, but the broadcast waits for a poll."""

    def change(self, engine: Any) -> None:
        send = engine.send

        async def not_messages(packet: Any) -> None:
            if not (engine.upgraded and MESSAGE in str(packet.data)):
                await send(packet)

        engine.send = not_messages


@fault("CONN-POLLING")
class RefusesPolling(HelpCenter):
    def wire_options(self) -> dict[str, Any]:
        return {"transports": ["websocket"]}


@fault("CONN-POLLING", also=("ACK-CALLED", "CONN-UPGRADE"))
class ReadsOnePacketOfAPost(Engines):
    """Does not split a polling request at the separator."""

    def change(self, engine: Any) -> None:
        receive, posted = engine.receive, engine.handle_post_request

        async def post(environ: Json) -> None:
            engine.taken = 0
            await posted(environ)

        async def first_only(packet: Any) -> None:
            engine.taken = getattr(engine, "taken", 0) + 1
            if engine.upgraded or engine.taken == 1:
                await receive(packet)

        engine.handle_post_request, engine.receive = post, first_only


@fault("CONN-POLLING", also=("ACK-CALLED",))
class IsDeafOnPolling(Engines):
    async def on_send(self, event: Event) -> None:
        if self.engine_of(event).upgraded:
            await super().on_send(event)


@fault("CONN-POLLING", also=("MESSAGE-ECHO", "MESSAGE-DEVICES", "SUPPORT-EMITTED", "CONN-UPGRADE"))
class IsMuteOnPolling(Engines):
    """Acks over polling, but the broadcast reaches WebSockets only."""

    def change(self, engine: Any) -> None:
        send = engine.send

        async def not_messages(packet: Any) -> None:
            if engine.upgraded or MESSAGE not in str(packet.data):
                await send(packet)

        engine.send = not_messages


# -- the upgrade ---------------------------------------------------------------------------------------------------


@fault("CONN-UPGRADE", also=("ACK-CALLED", "MESSAGE-ECHO", "MESSAGE-DEVICES", "SUPPORT-EMITTED"))
class UpgradeLosesWhatWaits(Engines):
    """What is to be sent while an upgrade is under way is not carried over."""

    def change(self, engine: Any) -> None:
        send = engine.send

        async def not_now(packet: Any) -> None:
            if not (engine.upgrading and packet.packet_type == ENGINE_MESSAGE):
                await send(packet)

        engine.send = not_now


@fault("CONN-UPGRADE", also=("ACK-ONCE", "MESSAGE-ONCE"))
class UpgradeRepeatsWhatWaits(Engines):
    """The buffer is flushed on both transports."""

    def change(self, engine: Any) -> None:
        send = engine.send

        async def twice(packet: Any) -> None:
            await send(packet)
            if engine.upgrading and packet.packet_type == ENGINE_MESSAGE:
                await send(packet)

        engine.send = twice


class ChangesTheFirstPacketAfterAnUpgrade(Engines):
    times = 1

    def change(self, engine: Any) -> None:
        receive, polling = engine.receive, []

        async def changed(packet: Any) -> None:
            if not engine.upgraded:
                polling.append(packet)
            first = engine.upgraded and polling and packet.packet_type == ENGINE_MESSAGE
            for _ in range(self.times if first else 1):
                await receive(packet)
            if first:
                polling.clear()

        engine.receive = changed


@fault("CONN-UPGRADE", also=("ACK-CALLED",))
class UpgradeLosesTheFirstPacket(ChangesTheFirstPacketAfterAnUpgrade):
    """The listener of the new transport is attached too late."""

    times = 0


@fault("CONN-UPGRADE", also=("ACK-ONCE",))
class UpgradeTakesAPacketTwice(ChangesTheFirstPacketAfterAnUpgrade):
    """Both transports hand the same packet on."""

    times = 2


@fault("CONN-UPGRADE", also=("MESSAGE-ECHO", "MESSAGE-DEVICES", "SUPPORT-EMITTED"))
class UpgradeLeavesTheRoom(Engines):
    """Acks after an upgrade, but the room knew the old transport."""

    def change(self, engine: Any) -> None:
        send, polling = engine.send, []

        async def to_the_old_transport(packet: Any) -> None:
            if not engine.upgraded:
                polling.append(packet)
            if not (polling and engine.upgraded and MESSAGE in str(packet.data)):
                await send(packet)

        engine.send = to_the_old_transport


# -- what characters become ----------------------------------------------------------------------------------------


@fault("CONN-POLLING")
class ReadsPostsAsLatin1(Engines):
    """The body of a polling request is read with the servlet's default encoding; WebSockets are UTF-8 by themselves."""

    def change(self, engine: Any) -> None:
        post = engine.handle_post_request

        async def misreads(environ: Json) -> None:
            misread = (await environ["wsgi.input"].read()).decode("latin-1").encode()
            body = asyncio.StreamReader()
            body.feed_data(misread)
            body.feed_eof()
            await post({**environ, "wsgi.input": body, "CONTENT_LENGTH": str(len(misread))})

        engine.handle_post_request = misreads


@fault("CONN-POLLING")
class FiltersMarkupOfPosts(Engines):
    """A filter against scripts in front of all HTTP requests; what comes by WebSocket passes it by."""

    def change(self, engine: Any) -> None:
        receive = engine.receive

        async def filtered(packet: Any) -> None:
            if not engine.upgraded and isinstance(packet.data, str):
                packet.data = packet.data.replace("<", "&lt;").replace(">", "&gt;")
            await receive(packet)

        engine.receive = filtered


# -- what waits for a poll -----------------------------------------------------------------------------------------


@fault("CONN-POLLING", also=("ACK-CALLED", "MESSAGE-ECHO", "SUPPORT-EMITTED", "MESSAGE-DEVICES", "CONN-UPGRADE"))
class KeepsSixteenPackets(Engines):
    """Writes twenty times a second what it has to say. What waits for a poll waits in a queue of sixteen, and what
    finds it full is dropped."""

    def change(self, engine: Any) -> None:
        send, batch = engine.send, list[Any]()

        async def write() -> None:
            await asyncio.sleep(TICK)
            packets, batch[:] = list(batch), []
            with contextlib.suppress(SocketIsClosedError):
                for packet in packets:
                    if engine.upgraded or engine.queue.qsize() < 16:
                        await send(packet)

        async def wait(packet: Any) -> None:
            batch.append(packet)
            if len(batch) == 1:
                self.wire.start_background_task(write)

        engine.send = wait


# -- an upgrade that is given up -----------------------------------------------------------------------------------


@fault("CONN-UPGRADE", also=("ACK-CALLED",))
class ProbingIsUpgrading(Engines):
    """Polls are answered with NOOP from the probe on, also where the WebSocket has ended without an upgrade."""

    def change(self, engine: Any) -> None:
        handle = engine._websocket_handler

        async def upgrades(websocket: Any) -> None:
            connected = engine.connected
            try:
                await handle(websocket)
            finally:
                engine.upgrading = connected and not engine.upgraded

        engine._websocket_handler = upgrades


@fault("CONN-UPGRADE", also=("MESSAGE-ECHO", "SUPPORT-EMITTED"))
class ProbingMovesTheEvents(Engines):
    """Events go to the WebSocket from its probe on, and there is none where it has ended without an upgrade."""

    def change(self, engine: Any) -> None:
        handle, send = engine._websocket_handler, engine.send
        probed = []

        async def upgrades(websocket: Any) -> None:
            probed.append(websocket)
            await handle(websocket)

        async def to_the_websocket(packet: Any) -> None:
            if engine.upgraded or not probed or MESSAGE not in str(packet.data):
                await send(packet)

        engine._websocket_handler, engine.send = upgrades, to_the_websocket
