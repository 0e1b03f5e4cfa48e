"""What may be sent."""

from __future__ import annotations

MAX_TEXT_LENGTH = 2000


class Refused(Exception):
    """Why a payload is not a message."""

    @property
    def error(self) -> dict[str, object]:
        return {"code": "VALIDATION_ERROR", "message": str(self), "details": {"text": str(self)}}


def valid_text(payload: object) -> str:
    """The trimmed text of a ``help_center:send``. Raises Refused."""
    text = payload.get("text") if isinstance(payload, dict) else None
    if not isinstance(text, str):
        raise Refused("The text must be a string")
    text = text.strip()
    if not text:
        raise Refused("The text must not be empty")
    if len(text) > MAX_TEXT_LENGTH:
        raise Refused(f"The text must not be longer than {MAX_TEXT_LENGTH} characters")
    return text
