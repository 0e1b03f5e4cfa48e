"""One event that the target emitted, with its payload as the document names it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from conformance.protocol import Json
from conformance.record.payloads import History, Message, Problem
from conformance.record.transcript import Entry


def is_typing(entry: Entry) -> bool:
    """Whether a packet is an event that tells that somebody types, by whatever name."""
    args = entry.get("args")
    says_so = isinstance(args, list) and any(isinstance(one, dict) and "isTyping" in one for one in args)
    return says_so or "typing" in str(entry.get("event")).lower()


@dataclass(frozen=True)
class Event:
    """One event that the target emitted."""

    name: Json
    args: Sequence[Json]
    entry: Entry

    @property
    def payload(self) -> Json:
        """The only argument; None when there is none (EVENT-ARGUMENT judges that)."""
        return self.args[0] if self.args else None

    @cached_property
    def message(self) -> Message:
        return Message(self.payload, str(self.name), self.entry.serial, "message")

    @property
    def problem(self) -> Problem:
        return Problem(self.payload, str(self.name), self.entry.serial, "error")

    @property
    def history(self) -> History:
        return History(self.payload, str(self.name), self.entry.serial, "connected")
