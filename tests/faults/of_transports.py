"""Servers that are wrong about WebSocket or long-polling (section 1)."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from engineio.exceptions import SocketIsClosedError

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MESSAGE, NAMESPACE, Event, Json
from conformance.reference.wire import Wire
from tests.faults.fault import fault

TICK = 0.5
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
    """Writes twice a second to whoever polls. What waits for a poll waits in a queue of sixteen, and what
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
            if engine.upgraded and not batch:
                await send(packet)
                return
            batch.append(packet)
            if len(batch) == 1:
                self.wire.start_background_task(write)

        engine.send = wait
