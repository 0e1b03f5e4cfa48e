"""Servers that our own connections get along with, and a standard Socket.IO client does not (section 5)."""

from __future__ import annotations

import asyncio
from typing import Any

from engineio.packet import MESSAGE as ENGINE_MESSAGE
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Json
from tests.faults.fault import fault
from tests.faults.of_transports import Engines


@fault("STANDARD-CLIENT")
class AnswersAProbeOnceAPollIsOpen(Engines):
    """Ends the running poll before it answers the probe of an upgrade, and waits for one where there is none: the
    JavaScript client polls while it probes, others do not."""

    def change(self, engine: Any) -> None:
        get, handle, polled = engine.handle_get_request, engine._websocket_handler, asyncio.Event()

        async def poll(environ: Json) -> Any:
            if "HTTP_UPGRADE" in environ:
                return await get(environ)
            polled.set()
            try:
                return await get(environ)
            finally:
                polled.clear()

        async def upgrade(ws: Any) -> None:
            if engine.connected:
                send = ws.send

                async def answer(packet: str) -> None:
                    ws.send = send
                    await polled.wait()
                    await send(packet)

                ws.send = answer
            await handle(ws)

        engine.handle_get_request, engine._websocket_handler = poll, upgrade


@fault("STANDARD-CLIENT")
class LosesConnectAfterAnUpgrade(Engines):
    """Hands on what comes after an upgrade only where a namespace was entered before it."""

    def change(self, engine: Any) -> None:
        receive, polled = engine.receive, []

        async def joined(packet: Any) -> None:
            message = packet.packet_type == ENGINE_MESSAGE
            if message and not engine.upgraded:
                polled.append(packet)
            if not (message and engine.upgraded and engine.moved and not polled):
                await receive(packet)

        engine.moved, handle = False, engine._websocket_handler

        async def upgrade(ws: Any) -> None:
            engine.moved = bool(engine.connected)
            await handle(ws)

        engine.receive, engine._websocket_handler = joined, upgrade


class Gateways(HelpCenter):
    """A gateway in front of a correct server refuses some requests of Socket.IO."""

    def build_app(self) -> ASGIApp:
        inner = super().build_app()

        async def gateway(scope: Scope, receive: Receive, send: Send) -> None:
            refused = scope["type"] == "http" and scope["path"].startswith("/socket.io") and self.refuses(scope)
            await (PlainTextResponse("Bad Request", 400) if refused else inner)(scope, receive, send)

        return gateway

    def refuses(self, scope: Scope) -> bool:
        """Whether the gateway refuses a request."""
        raise NotImplementedError


@fault("STANDARD-CLIENT")
class ReadsTheQueryByItsBeginning(Gateways):
    """Lets only those through whose query begins with the protocol's version."""

    def refuses(self, scope: Scope) -> bool:
        return not scope["query_string"].startswith(b"EIO=4&transport=")


@fault("STANDARD-CLIENT")
class KnowsNoTimestamps(Gateways):
    """Refuses parameters that it does not know: clients add a timestamp against caches."""

    def refuses(self, scope: Scope) -> bool:
        return b"&t=" in scope["query_string"]


@fault("STANDARD-CLIENT")
class WantsACharset(Gateways):
    """Offers no upgrade, and takes posts only where their media type has a charset."""

    def wire_options(self) -> dict[str, Any]:
        return {"allow_upgrades": False}

    def refuses(self, scope: Scope) -> bool:
        media_type = dict(scope["headers"]).get(b"content-type", b"")
        return scope["method"] == "POST" and b"charset" not in media_type
