"""The names that the document fixes."""

from typing import Any

Json = Any
"""A JSON value, as Python reads it."""

NAMESPACE = "/help-center"
"""Section 2.1."""

CONNECTED = "help_center:connected"
MESSAGE = "help_center:message"
TYPING = "help_center:typing"
ERROR = "help_center:error"
"""Section 3.1, from the server; section 3.2 has ``help_center:typing`` from the client too."""
EMITTED = (CONNECTED, MESSAGE, TYPING, ERROR)
"""All events of section 3.1."""

SEND = "help_center:send"
"""Section 3.2."""

USER, SUPPORT = "user", "support"
"""The senders of section 4.2."""

UNAUTHORIZED = "UNAUTHORIZED"
VALIDATION_ERROR = "VALIDATION_ERROR"
SERVER_ERROR = "SERVER_ERROR"
"""Section 4.4."""

REST_PATH = "/api/help-center/messages"
"""Section 7."""

LONGEST = 2000
"""Characters of a text, after trimming (section 4.5)."""

LARGEST = 10_000
"""Bytes of a packet that a server has to take: the longest text has 8,000 in UTF-8 at most, and there are names around
it. A server may well end a connection for a larger one, of whatever text."""


def is_a_time(value: Json) -> bool:
    """Whether every client can take a value of an Engine.IO handshake for milliseconds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**53
