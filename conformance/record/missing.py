"""What a judgement builds on, and the record does not have: ``checks.blame`` says why, and who judges that."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from conformance.errors import Unverified


class Need(StrEnum):
    """What is missing, and of what: the subject."""

    GREETING = "greeting"
    """A connection was not greeted."""
    ACK = "ack"
    """A send was not acked."""
    MESSAGE = "message"
    """A send was refused."""
    ECHO = "echo"
    """The sender did not hear its own message."""
    CONVERSATION = "conversation"
    """A REST exchange gave no conversation."""
    PART = "part"
    """The scenario of a record ended before it came to something."""


class Missing(Unverified):
    """Raised by the accessors of a record. ``subject``: the view that lacks it."""

    def __init__(self, need: Need, subject: Any, what: str) -> None:
        super().__init__(what)
        self.need = need
        self.subject = subject
