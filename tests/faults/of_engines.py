"""Servers whose Engine.IO is not what official clients need: their pings, and their answers to POSTs (section 1)."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from engineio.packet import PING, Packet
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.faults.fault import fault
from tests.faults.of_transports import Engines
from tests.legal.middleware import Fronted

SECONDS = 4
"""Of the announced interval, and of the announced timeout."""

# -- pings ---------------------------------------------------------------------------------------------------------


@fault("CONN-STAYS")
class PingsTooLate(Fronted):
    """A gateway announces other figures in the handshake of WebSocket, four seconds each; the server pings every 25."""

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        async def announcing(message: Message) -> None:
            if (text := message.get("text") or "").startswith("0{"):
                text = text.replace('"pingInterval":25000', '"pingInterval":4000')
                message = {**message, "text": text.replace('"pingTimeout":20000', '"pingTimeout":4000')}
            await send(message)

        await inner(scope, receive, announcing)


class AnnouncesPings(Engines):
    """A server that announces pings every four seconds, and four for the answer, and has other times itself."""

    def change(self, engine: Any) -> None:
        for packet in engine.queue._queue:  # the handshake has not been written yet
            packet.data |= {"pingInterval": 1000 * SECONDS, "pingTimeout": 1000 * SECONDS}


@fault("CONN-STAYS")
class NeverPings(AnnouncesPings):
    """Waits for the client's pings, as Engine.IO 3 has it."""

    def change(self, engine: Any) -> None:
        super().change(engine)
        engine.last_ping, engine.schedule_ping = None, lambda: None


@fault("CONN-STAYS")
class NeverPingsOverPolling(AnnouncesPings):
    """The timer belongs to the WebSocket."""

    def change(self, engine: Any) -> None:
        super().change(engine)

        async def over_websocket() -> None:
            await asyncio.sleep(SECONDS)
            if engine.upgraded and not engine.closed:
                engine.last_ping = time.time()
                await engine.send(Packet(PING))

        engine._send_ping = over_websocket


# -- answers to POSTs ----------------------------------------------------------------------------------------------


@fault("CONN-POLLING")
class PostsAnswer204(Fronted):
    """POSTs over long-polling are answered with No Content, which the JavaScript client takes for the session's end."""

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        async def without_content(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                message = {**message, "status": 204, "headers": []}
            elif message["type"] == "http.response.body" and message.get("body") == b"OK":
                message = {**message, "body": b""}
            await send(message)

        await inner(scope, receive, without_content if scope.get("method") == "POST" else send)
