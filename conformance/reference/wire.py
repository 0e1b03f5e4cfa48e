"""Socket.IO itself: python-socketio, with events and acknowledgements in our own hands.

The only module that touches python-socketio's private methods; `tests/unit/reference` pins what it relies on.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

import socketio  # ships no types
from engineio.packet import NOOP, Packet  # ships no types
from engineio.payload import Payload  # ships no types
from socketio import packet
from starlette.types import ASGIApp

from conformance.reference.protocol import Event

# python-engineio drops the connection over a polling request of more than 16 packets, so a client that
# pipelines its sends over polling would find a correct server at fault. The limit is global to the process.
Payload.max_decode_packets = max(Payload.max_decode_packets, 1000)

# Malformed packets are the client's business: python-engineio would print a traceback for each.
_quiet = logging.getLogger("conformance.reference.wire")
_quiet.setLevel(logging.CRITICAL + 1)

Connect = Callable[..., Awaitable[None]]
Receive = Callable[[Event], Awaitable[None]]

DEFAULTS: dict[str, Any] = {
    "async_mode": "asgi",
    # CONNECT is answered before the token is looked at, so that a refusal can be sent as an event.
    "always_connect": True,
    # One event of a connection after the other: pipelined sends stay in order.
    "async_handlers": False,
    "cors_allowed_origins": "*",
    "max_http_buffer_size": 1_000_000,
    "logger": _quiet,
    "engineio_logger": _quiet,
}


class Wire(socketio.AsyncServer):  # type: ignore[misc]  # the base class has no types
    """A Socket.IO server with one namespace.

    Handlers of python-socketio never learn the id of the acknowledgement they answer, and a client
    could call the connect handler by sending an event of that name. Here every event of a client
    goes to `receive`, and `answer` is called with the id of its acknowledgement.
    """

    def __init__(self, namespace: str, receive: Receive, **options: Any) -> None:
        super().__init__(namespaces=[namespace], **(DEFAULTS | options))
        self.namespace = namespace
        self.receive = receive

    def app(self, other: ASGIApp) -> ASGIApp:
        """The ASGI application: Socket.IO, and `other` for all other paths."""
        return cast(ASGIApp, socketio.ASGIApp(self, other_asgi_app=other))

    async def answer(self, sid: str, ack: int, *args: object) -> None:
        """Call a client's acknowledgement number `ack`."""
        eio_sid = self.manager.eio_sid_from_sid(sid, self.namespace)
        if eio_sid is not None:
            pkt = self.packet_class(packet.ACK, namespace=self.namespace, id=ack, data=list(args))
            await self._send_packet(eio_sid, pkt)

    async def hang_up(self, sid: str) -> None:
        """Close a connection's transport with no word of Socket.IO; the reference itself never does."""
        eio_sid = self.manager.eio_sid_from_sid(sid, self.namespace)
        if eio_sid is not None:
            await self.eio.disconnect(eio_sid)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        await super()._handle_eio_disconnect(eio_sid, reason)
        # A client that closes its polling session waits for its pending poll, which the Engine.IO protocol
        # ends with NOOP; python-engineio leaves it hanging for 45 seconds.
        connection = self.eio.sockets.get(eio_sid)
        if connection is not None and not connection.upgraded:
            connection.queue.put_nowait(Packet(NOOP))

    async def _handle_event_internal(
        self, _server: object, sid: str, _eio_sid: str, data: list[object], _namespace: str, id: int | None
    ) -> None:
        await self.receive(Event(sid=sid, name=data[0], args=tuple(data[1:]), ack=id))
