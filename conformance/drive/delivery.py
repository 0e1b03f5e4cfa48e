"""One payload of ``help_center:send``, sent until it is clear what becomes of it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from conformance.drive.retry import growing_pauses
from conformance.drive.session import Session
from conformance.protocol import CONNECTED, ERROR, MESSAGE, SEND, VALIDATION_ERROR, Json
from conformance.record.rate_limits import CONTROL, wanted_pause
from conformance.record.timeouts import ACK, EARLY_ACK, EARLY_MESSAGE, REFUSING_ACK, Taken
from conformance.record.transcript import first, only
from conformance.record.waits import ack_of, ack_of_control, message_of

HELD_OUT = 2
"""After so many texts that were refused to the last pause, the others of a scenario are not tried again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: the ack's argument, None without one."""

    answer: Json

    @property
    def wanted_pause(self) -> float | None:
        """After how many seconds a refusal asks for the next attempt."""
        return wanted_pause(self.answer.get("error")) if isinstance(self.answer, dict) else None


class Delivery:
    """``valid``: whether the payload must be accepted. ``ack``: whether an ack is asked for. ``plain``, ``tag``: for
    the record."""

    def __init__(
        self, session: Session, payload: Json, *, tag: str, ack: bool = True, valid: bool = True, plain: bool = False
    ) -> None:
        self._session = session
        self._context = session.context
        self._payload = payload
        self._tag, self._ack, self._valid, self._plain = tag, ack, valid, plain
        self._number = next(session.context.sends)
        self._attempts = itertools.count(1)

    async def answer(self) -> Json:
        """The ack's argument, None without one. A valid text refused for a reason that is not validation (a rate
        limit, a busy server) is tried again with growing pauses."""
        outcome, turns = await self._attempt(), self._context.resending
        if not self._throttled(outcome) or turns.given_up >= HELD_OUT:
            return outcome.answer
        pauses = growing_pauses(self._context.run.deadline)
        outcome = await turns.retry(
            self._attempt, last=outcome, refused=self._throttled, pause=self._pause_after, pauses=pauses
        )
        if self._valid and self._ack and self._throttled(outcome) and self._context.controls < HELD_OUT:
            self._context.controls += 1
            outcome = await self._controlled(outcome)
        return outcome.answer

    def emit(self, *, control: int | None = None) -> int | None:
        """Send it and go on. The id of the ack that was asked for, if one was. ``control``: the number of the send
        that it is a control of."""
        notes: dict[str, Json] = {"tag": self._tag, "valid": self._valid, "plain": self._plain}
        if control is not None:
            notes["control"] = control
        attempt = next(self._attempts)
        return self._session.emit(SEND, self._payload, ack=self._ack, send=self._number, attempt=attempt, **notes)

    async def until_acked(self, ack_id: int, *, since: int) -> Json:
        """What the ack of an attempt says, None without one; and for an accepted message the event that tells of it.
        ``since``: how many entries were recorded when it was sent."""
        inbox, until = self._session.inbox, self._session.waiting.until
        greeted = any(greeting.serial < since for greeting in inbox.heard(CONNECTED))
        kind = REFUSING_ACK if not self._valid else ACK if greeted else EARLY_ACK
        entry = await until(kind, ack_of(self._number), lambda: inbox.acks.get(ack_id))
        answer = only(entry.get("args")) if entry else None
        if isinstance(answer, dict) and isinstance(answer.get("message"), dict):
            message_id = answer["message"].get("id")
            if isinstance(message_id, str):
                self._context.taken.append(Taken(self._session.user.name, message_id, since))
                kind = "message" if greeted else EARLY_MESSAGE
                await until(kind, message_of(self._number), lambda: inbox.messages.get(message_id))
        return answer

    # -- attempts ----------------------------------------------------------------------------------------------

    async def _attempt(self) -> Outcome:
        recorder = self._context.recorder
        received, recorded = len(self._session.inbox.received), len(recorder.transcript.entries)
        ack_id = self.emit()
        if ack_id is None:
            answer = await self._answer_without_ack(since=received)
        else:
            answer = await self.until_acked(ack_id, since=recorded)
        return Outcome(answer)

    async def _answer_without_ack(self, *, since: int) -> Json:
        """What an ack would have said of a valid text, as the events say it: its message, or an error."""
        text, inbox = self._payload.get("text"), self._session.inbox

        def answered() -> Json:
            for entry in inbox.received[since:]:
                message = first(entry.get("args"))
                said = message.get("text") if entry.get("event") == MESSAGE and isinstance(message, dict) else None
                if isinstance(said, str) and said.strip() == text.strip():
                    return {"message": message}
            errors = [e for e in inbox.received[since:] if e.get("event") == ERROR]
            return {"error": first(errors[0].get("args"))} if errors else None

        if self._valid and isinstance(text, str):
            return await self._session.waiting.until("message without ack", message_of(self._number), answered)
        return None

    # -- trying again ------------------------------------------------------------------------------------------

    def _throttled(self, outcome: Outcome) -> bool:
        """Whether a refusal may be about the pace and not about the text."""
        answer = outcome.answer
        error = answer.get("error") if isinstance(answer, dict) and answer.get("message") is None else None
        code = error.get("code") if isinstance(error, dict) else None
        if not isinstance(code, str) or code == VALIDATION_ERROR or self._session.closed or self._conversation_closed():
            return False
        codes = self._context.run.throttle_codes
        if self._valid:
            codes.add(code)
        return code in codes

    def _conversation_closed(self) -> bool:
        """Whether the greeting said so (section 4.1): no patience opens it."""
        greetings = [first(entry.get("args")) for entry in self._session.inbox.heard(CONNECTED)[:1]]
        conversations = [greeting.get("conversation") for greeting in greetings if isinstance(greeting, dict)]
        return any(isinstance(one, dict) and one.get("status") == "closed" for one in conversations)

    async def _controlled(self, refused: Outcome) -> Outcome:
        """Whether it is the text: another one is sent, and, where that is taken, this one again, each as long after the
        last one as the pauses were."""
        longest = sum(growing_pauses(self._context.run.deadline)) / 2
        pause = max(longest, self._context.requested_pauses.grant(refused.wanted_pause))
        await self._pause(pause)
        control = Delivery(self._session, {"text": self._context.words()}, tag=CONTROL, plain=True)
        ack_id = control.emit(control=self._number)
        inbox = self._session.inbox
        entry = await self._session.waiting.until(
            ACK, ack_of_control(self._number), lambda: None if ack_id is None else inbox.acks.get(ack_id)
        )
        answer = only(entry.get("args")) if entry else None
        if not isinstance(answer, dict) or answer.get("message") is None:
            return refused
        await self._pause(pause)
        return await self._attempt()

    async def _pause_after(self, refused: Outcome, seconds: float, waited: float) -> None:
        await self._pause(max(seconds, self._context.requested_pauses.grant(refused.wanted_pause, waited=waited)))

    async def _pause(self, seconds: float) -> None:
        await self._context.recorder.until(lambda: self._session.closed or None, within=seconds)
