"""Single exchanges, in the words of the document: a send with its acks, a REST request with its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from conformance.errors import Unverified
from conformance.formatting import preview
from conformance.protocol import Json
from conformance.record.missing import Missing, Need
from conformance.record.packets import Packets
from conformance.record.payloads import History, Message, Problem
from conformance.record.transcript import Entry


@dataclass(frozen=True, slots=True)
class Attempt:
    """One emission of ``help_center:send`` and the acks that answered it."""

    entry: Entry
    acks: Sequence[Entry]


@dataclass(frozen=True)
class Exchange:
    """One ``help_center:send`` of a scenario; its attempts differ only in time (rate limits)."""

    connection: Packets
    attempts: Sequence[Attempt]

    @cached_property
    def entry(self) -> Entry:
        """The last attempt, which counts."""
        return self.attempts[-1].entry

    @cached_property
    def number(self) -> int:
        return int(self.entry.get("send"))

    @property
    def tag(self) -> str:
        return str(self.entry.get("tag"))

    @property
    def valid(self) -> bool:
        return bool(self.entry.get("valid"))

    @property
    def plain(self) -> bool:
        return bool(self.entry.get("plain"))

    @property
    def asked(self) -> bool:
        """Whether an ack was asked for."""
        return self.entry.get("id") is not None

    @property
    def args(self) -> list[Json]:
        return list(self.entry.get("args"))

    @cached_property
    def text(self) -> Json:
        """The text that was sent, as it was sent."""
        return self.args[0].get("text") if self.args and isinstance(self.args[0], dict) else None

    @cached_property
    def acks(self) -> Sequence[Entry]:
        return self.attempts[-1].acks

    @cached_property
    def answer(self) -> Json:
        """The first ack's first argument. Raises Missing when no ack came."""
        if not self.acks:
            raise Missing(Need.ACK, self, f"send #{self.number} was not acked")
        args = self.acks[0].get("args")
        return args[0] if isinstance(args, list) and args else None

    @cached_property
    def accepted(self) -> bool:
        """Whether the ack has a message; one that is null counts as absent."""
        return isinstance(self.answer, dict) and self.answer.get("message") is not None

    @cached_property
    def refused(self) -> bool:
        """Whether the ack has an error and no message; null counts as absent."""
        return isinstance(self.answer, dict) and self.answer.get("error") is not None and not self.accepted

    @cached_property
    def message(self) -> Message:
        """The message of the ack. Raises Missing where it is a refusal."""
        if self.refused:
            raise Missing(Need.MESSAGE, self, f"send #{self.number} was refused")
        message = self.answer.get("message") if isinstance(self.answer, dict) else None
        return Message(message, "ack.message", self.acks[0].serial, "send-ack")

    @property
    def problem(self) -> Problem:
        """The error of a refusing ack. Raises Unverified where it was accepted."""
        if not self.refused:
            raise Unverified("the text was not refused")
        return Problem(self.answer["error"], "ack.error", self.acks[0].serial, "error")

    @property
    def at(self) -> list[int]:
        return [self.entry.serial, *(ack.serial for ack in self.acks)]


@dataclass(frozen=True)
class Fetch:
    """One REST exchange (section 7)."""

    entry: Entry
    before_any_socket: bool = False
    """Whether no connection of the user had been greeted in the scenario by then."""

    @property
    def user(self) -> str:
        return str(self.entry.get("user"))

    @property
    def good(self) -> bool:
        return bool(self.entry.get("good"))

    @property
    def token(self) -> str:
        """The label of the token, for people."""
        return str(self.entry.get("token"))

    @property
    def token_kind(self) -> str:
        return str(self.entry.get("token_kind"))

    @property
    def unjudged(self) -> bool:
        """As of a connection."""
        return bool(self.entry.get("trial"))

    @property
    def tag(self) -> str:
        return str(self.entry.get("tag"))

    @property
    def status(self) -> int:
        return int(self.entry.get("status"))

    @property
    def successful(self) -> bool:
        return 200 <= self.status < 300

    @property
    def body(self) -> Json:
        return self.entry.get("body")

    @property
    def is_json(self) -> bool:
        return bool(self.entry.get("json"))

    @property
    def content_type(self) -> str:
        return str((self.entry.get("headers") or {}).get("content-type", ""))

    @property
    def cache_control(self) -> str:
        return str((self.entry.get("headers") or {}).get("cache-control", ""))

    @property
    def location(self) -> str:
        """Where a redirect points."""
        return str((self.entry.get("headers") or {}).get("location", "")) if 300 <= self.status < 400 else ""

    @property
    def outcome(self) -> str:
        """For a person: status and body, or why there was no answer."""
        if self.status == 0:
            return f"no answer: {self.entry.get('reason')}"
        where = f" to {self.location}" if self.location else ""
        return f"HTTP {self.status}{where} {self.content_type}: {preview(self.body)}"

    @property
    def history(self) -> History:
        """The conversation that was fetched. Raises Missing when REST gave none."""
        if not (self.successful and self.is_json):
            raise Missing(Need.CONVERSATION, self, f"REST gave no conversation ({self.outcome})")
        return History(self.body, "REST body", self.entry.serial, "rest")
