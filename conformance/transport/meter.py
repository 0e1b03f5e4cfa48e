"""What a run costs its target: what is opened, asked and sent there, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Meter:
    """Of a whole run. Bytes are those of payloads: frames of WebSockets and bodies of HTTP, not compressed. Headers,
    TLS and TCP come on top."""

    connections: int = 0
    """Engine.IO connections that were begun, the refused ones included."""
    devices_at_once: int = 0
    """The most connections that were open at the same time."""
    messages: int = 0
    """``help_center:send`` events."""
    requests: int = 0
    """HTTP requests outside of Engine.IO: REST, and looks at whether the target is there."""
    bytes_sent: int = 0
    bytes_received: int = 0
    _open: int = 0

    def opened(self) -> None:
        """A connection has shaken hands."""
        self._open += 1
        self.devices_at_once = max(self.devices_at_once, self._open)

    def ended(self) -> None:
        """One that had shaken hands has ended."""
        self._open -= 1

    def sent(self, payload: str) -> None:
        self.bytes_sent += _size(payload)

    def received(self, payload: object) -> None:
        """A body, or what a frame holds: one that ends a connection holds a code."""
        self.bytes_received += _size(payload) if isinstance(payload, str | bytes | bytearray) else 0

    def reading(self) -> dict[str, int]:
        """As verdict.json has it."""
        return {
            "devices_at_once": self.devices_at_once,
            "connections": self.connections,
            "messages": self.messages,
            "requests": self.requests,
            "bytes_sent": self.bytes_sent,
            "bytes_received": self.bytes_received,
        }


def _size(payload: str | bytes | bytearray) -> int:
    if not isinstance(payload, str) or payload.isascii():
        return len(payload)
    return len(payload.encode(errors="surrogatepass"))
