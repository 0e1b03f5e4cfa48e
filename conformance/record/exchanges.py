"""Single exchanges, in the words of the document: an event, a send with its acks, a REST request with its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from conformance.errors import Deviation, Unverified
from conformance.protocol import MESSAGE, Json
from conformance.record.descriptions import problem, said
from conformance.record.payloads import History, Message, Problem, shown
from conformance.record.rate_limits import SLOWER, busy, not_for_its_pace
from conformance.record.transcript import Entry
from conformance.record.waits import is_acked, no_doubt

if TYPE_CHECKING:
    from conformance.record.views import Connection, Record


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


@dataclass(frozen=True, slots=True)
class Attempt:
    """One emission of ``help_center:send`` and the acks that answered it."""

    entry: Entry
    acks: Sequence[Entry]


@dataclass(frozen=True)
class Send:
    """One ``help_center:send`` of a scenario; its attempts differ only in time (rate limits)."""

    record: Record
    connection: Connection
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
        """The first ack's first argument. Raises Unverified when no ack came (ACK-CALLED judges that)."""
        if not is_acked(self):
            end = said([end]) if (end := self.connection.ended_by_target) is not None else ""
            told = f"send #{self.number} was not acked{f' before the connection ended: {end}' if end else ''}"
            raise Unverified(told, because=self.unanswered_for())
        args = self.acks[0].get("args")
        return args[0] if isinstance(args, list) and args else None

    def unanswered_for(self) -> str | None:
        """The requirement that judges why no ack came: that of acks where the connection lasted."""
        if self.connection.ended_by_target is None:
            return "ACK-CALLED"
        if self.connection.displaced:
            return "DEVICE-COEXIST"
        return "CONN-STAYS" if self.record.transcript.wave == 1 and not self.connection.trial else None

    def refused_for(self) -> str:
        """The requirement that judges why a plain text was refused: where one had been accepted on the connection,
        that of what came in between."""
        sends = (send for send in self.record.sends if send.connection is self.connection)
        before = [send for send in sends if send.number < self.number]
        taken = next((send.number for send in reversed(before) if send.plain and send.acks and send.accepted), None)
        wrong = [send for send in before if taken is not None and send.number > taken and not send.valid]
        if not wrong:
            return "SEND-PLAIN"
        payloads = all(len(send.args) == 1 and isinstance(send.args[0], dict) for send in wrong)
        return "REJECT-SURVIVED" if payloads else "REJECT-NO-OBJECT"

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
        """The message of the ack. A refusal of a plain text is judged by SEND-PLAIN; of a stimulus it is a Deviation;
        of a closed conversation it is nobody's fault."""
        if self.refused:
            raise self._refusal()
        message = self.answer.get("message") if isinstance(self.answer, dict) else None
        return Message(message, "ack.message", self.acks[0].serial, "send-ack")

    def _refusal(self) -> Exception:
        if self.connection.conversation_closed:
            return Unverified("the conversation is closed and takes no messages: lend the run another user")
        try:
            not_for_its_pace(self)
        except Unverified as limit:
            return limit
        if self.plain:
            told = problem(self.answer.get("error")) if isinstance(self.answer, dict) else shown(self.answer)
            return Unverified(f"a plain text was refused with {told}", because=self.refused_for())
        return Deviation(
            "ack: {message: …} (the text is valid)",
            f"ack: {shown(self.answer)}",
            at=[self.entry.serial, self.acks[0].serial],
            unless="SEND-PLAIN",
        )

    @property
    def problem(self) -> Problem:
        """The error of a refusing ack. Raises Unverified where it was accepted."""
        if not self.refused:
            raise Unverified("the text was not refused")
        return Problem(self.answer["error"], "ack.error", self.acks[0].serial, "error")

    @property
    def event(self) -> Event:
        """The ``help_center:message`` that told the sending connection of this accepted message."""
        message_id = self.message.id
        for event in self.connection.events(MESSAGE):
            if event.message.id == message_id:
                return event
        raise Unverified(f"no event told the sender of message {message_id}", because="MESSAGE-ECHO")

    @property
    def at(self) -> list[int]:
        return [self.entry.serial, *(ack.serial for ack in self.acks)]


@dataclass(frozen=True)
class Fetch:
    """One REST exchange (section 7)."""

    entry: Entry

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
    def trial(self) -> bool:
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
    def location(self) -> str:
        """Where a redirect points."""
        return str((self.entry.get("headers") or {}).get("location", "")) if 300 <= self.status < 400 else ""

    @property
    def outcome(self) -> str:
        """For a person: status and body, or why there was no answer."""
        if self.status == 0:
            return f"no answer: {self.entry.get('reason')}"
        where = f" to {self.location}" if self.location else ""
        return f"HTTP {self.status}{where} {self.content_type}: {shown(self.body)}"

    @property
    def history(self) -> History:
        """The conversation that was fetched. Raises Unverified when REST gave none: REST-OPEN judges that, unless it
        was asked too often."""
        no_doubt(self.entry, "the answer of REST")
        if self.status in SLOWER:
            raise busy(self)
        if not (self.successful and self.is_json):
            raise Unverified(f"REST gave no conversation ({self.outcome})", because="REST-OPEN")
        return History(self.body, "REST body", self.entry.serial, "rest")
