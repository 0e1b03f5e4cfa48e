"""Who hears what happens on a connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from conformance.transport.close_reason import CloseReason
from conformance.transport.engineio import Transport


class Listener(Protocol):
    """Hears everything that happens on a connection, in order, before anything else does."""

    def on_handshake(self, handshake: Mapping[str, Any], via: Transport) -> None: ...
    def on_message(self, text: str, via: Transport) -> None: ...
    def on_attachment(self, data: bytes, via: Transport) -> None: ...
    def on_engine(self, direction: str, packet: str, via: Transport, *, status: int | None = None) -> None: ...
    def on_garbled(self, text: str, why: str) -> None: ...
    def on_closed(self, ending: CloseReason) -> None: ...
