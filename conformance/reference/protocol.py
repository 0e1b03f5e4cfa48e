"""The words of the document: names of events and error codes, what arrives, and what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NAMESPACE = "/help-center"
"""Section 1."""

REST_PATH = "/api/help-center/messages"
"""Section 7."""

# Section 3. SEND and TYPING come from clients; TYPING is also reserved for the server (section 4.3).
CONNECTED = "help_center:connected"
MESSAGE = "help_center:message"
ERROR = "help_center:error"
SEND = "help_center:send"
TYPING = "help_center:typing"

# Section 4.4.
UNAUTHORIZED = "UNAUTHORIZED"
VALIDATION_ERROR = "VALIDATION_ERROR"
SERVER_ERROR = "SERVER_ERROR"

MAX_LENGTH = 2000
"""Characters of a text after trimming; section 4.5."""

USER = "user"
SUPPORT = "support"
"""The two senders; section 4.2."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Event:
    """One event as a client sent it: nothing about `name` and `args` has been checked."""

    sid: str
    """The connection, as Socket.IO names it."""
    name: object
    args: tuple[object, ...]
    ack: int | None
    """The id to answer to, or None when the client asked for no acknowledgement."""


def is_utf8(text: str) -> bool:
    """Whether a text can be stored and sent: half of a surrogate pair has no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Problem(Exception):
    """An error that is sent to the client, in the shape of section 4.4."""

    def __init__(self, code: str, message: str, *, details: Json | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details
