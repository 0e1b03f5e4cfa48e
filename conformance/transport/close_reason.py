"""Why a connection ended, or could not be opened."""

from __future__ import annotations

from dataclasses import dataclass, replace

from conformance.formatting import printable

REDIRECTED = "redirected to "


@dataclass(frozen=True, slots=True)
class CloseReason:
    """How a connection ended. ``by``: target, harness or network; ``code``: of the WebSocket's close frame;
    ``status``: HTTP's, where it was not 200 (or 101); ``retry_after``: the seconds that it asked for then. The reason
    may quote the target, in one printable line (``quoted``), secrets and all."""

    by: str
    code: int | None = None
    status: int | None = None
    reason: str = ""
    retry_after: float | None = None
    oversized: int | None = None
    """The limit, in bytes, that a message exceeded inside a session."""
    engine_io: int | None = None
    """The version of the protocol that is spoken there, where it is another one."""


class TransportClosed(Exception):
    """Nothing more can be read from a transport, or written to it."""

    def __init__(self, reason: CloseReason) -> None:
        super().__init__(reason.reason)
        self.reason = reason


class HandshakeFailed(Exception):
    """The transport could not be opened. The listener does not hear of it: there never was a connection."""

    def __init__(self, close_reason: CloseReason) -> None:
        code, status, reason = close_reason.code, close_reason.status, close_reason.reason
        where = f", {reason}" if reason.startswith(REDIRECTED) else ""
        closed = f"closed with code {code}" if code else reason
        super().__init__(f"HTTP {status}{where}" if status else closed)
        self.close_reason = replace(close_reason, oversized=None)  # no handshake needs more than the limit


class HandshakeTimeout(HandshakeFailed):
    """No handshake came within so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(CloseReason("network", reason=f"no handshake within {seconds:.1f} s"))
        self.seconds = round(seconds, 2)


def quoted(text: str) -> str:
    """What a target sent, in one line that no terminal obeys."""
    return printable(" ".join(text.split()))


def describe_error(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
