"""Total accessors over what the target sent: a missing or mistyped field is a readable Deviation, never a KeyError.

Such a deviation is a *misshapen* one: the law that holds every payload against its schema judges it, so a judgement
that merely stumbles over it reports itself unverified instead of blaming the same bug twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from conformance.errors import Deviation
from conformance.readable import cut, shown
from conformance.transcript import Json

__all__ = ["Conversation", "History", "Message", "Misshapen", "Payload", "Problem", "cut", "shown"]

SHAPE_REQUIREMENTS = {
    "connected": "CONNECTED-SHAPE",
    "message": "MESSAGE-SHAPE",
    "send-ack": "ACK-SHAPE",
    "error": "ERROR-SHAPE",
    "rest": "REST-SHAPE",
}


class Misshapen(Deviation):
    """A payload lacks what the judgement needs to read; ``because`` is the requirement that judges its shape."""

    def __init__(self, expected: str, actual: str, *, at: Sequence[int], because: str) -> None:
        super().__init__(expected, actual, at=at)
        self.because = because


@dataclass(frozen=True, slots=True)
class Payload:
    """An object that the target sent. ``where`` names it ("ack.message"), ``shape`` is its schema's requirement."""

    raw: Json
    where: str
    at: int
    shape: str

    def _field(self, name: str, kind: type, expected: str) -> Any:
        if not isinstance(self.raw, dict):
            raise self._misshapen(f"{self.where} to be an object", shown(self.raw))
        if not isinstance(self.raw.get(name), kind):
            actual = shown(self.raw[name]) if name in self.raw else f"missing in {shown(self.raw)}"
            raise self._misshapen(f"{self.where}.{name} to be {expected}", actual)
        return self.raw[name]

    def _misshapen(self, expected: str, actual: str) -> Misshapen:
        return Misshapen(expected, actual, at=[self.at], because=SHAPE_REQUIREMENTS[self.shape])

    def _text(self, name: str) -> str:
        text: str = self._field(name, str, "a string")
        return text


class Message(Payload):
    """Section 4.2."""

    __slots__ = ()

    @property
    def id(self) -> str:
        return self._text("id")

    @property
    def conversation_id(self) -> str:
        return self._text("conversationId")

    @property
    def sender(self) -> str:
        return self._text("sender")

    @property
    def text(self) -> str:
        return self._text("text")

    @property
    def created_at(self) -> str:
        return self._text("createdAt")


class Conversation(Payload):
    """Section 4.1."""

    __slots__ = ()

    @property
    def id(self) -> str:
        return self._text("id")

    @property
    def user_id(self) -> str:
        return self._text("userId")

    @property
    def status(self) -> str:
        return self._text("status")

    @property
    def created_at(self) -> str:
        return self._text("createdAt")


class Problem(Payload):
    """An error, section 4.4."""

    __slots__ = ()

    @property
    def code(self) -> str:
        return self._text("code")


class History(Payload):
    """A conversation with its messages: ``help_center:connected`` (section 4.1) or the REST body (section 7)."""

    __slots__ = ("__dict__",)  # for what is cached: a history may have thousands of messages

    @property
    def conversation(self) -> Conversation:
        return Conversation(
            self._field("conversation", dict, "an object"), f"{self.where}.conversation", self.at, self.shape
        )

    @cached_property
    def messages(self) -> list[Message]:
        messages = self._field("messages", list, "an array")
        return [
            Message(raw, f"{self.where}.messages[{index}]", self.at, self.shape) for index, raw in enumerate(messages)
        ]

    @cached_property
    def ids(self) -> list[str]:
        return [message.id for message in self.messages]

    def message(self, message_id: str) -> Message | None:
        return next((message for message in self.messages if message.id == message_id), None)
