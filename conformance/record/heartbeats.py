"""The pings of Engine.IO: what a handshake announces, and when they are overdue beyond doubt. Pure: it counts."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.protocol import Json, is_a_time

LENIENCE, JITTER = 1.5, 2.0
"""How many times the announced interval and timeout together may pass, and how many seconds more, until a ping that has
not come is missing and not late."""


def announced(handshake: Mapping[str, Json]) -> float | None:
    """The seconds after which official clients hang up that were not pinged; None where the handshake does not say."""
    interval, timeout = (handshake.get(name) for name in ("pingInterval", "pingTimeout"))
    if interval is None or timeout is None or not (is_a_time(interval) and is_a_time(timeout)):
        return None
    return float(interval + timeout) / 1000


def overdue(patience: float) -> float:
    """The seconds without a ping after which it is missing, of those that are ``announced``."""
    return LENIENCE * patience + JITTER
