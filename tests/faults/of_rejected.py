"""Servers that refuse with a mess, or stumble over what is not an object (sections 4.4, 4.5 and 9)."""

from __future__ import annotations

import asyncio
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MAX_LENGTH, MESSAGE, USER, Event, Problem
from conformance.reference.store import Message
from tests.faults.fault import fault
from tests.legal.middleware import Bounded

# -- what a refusal leaves behind ----------------------------------------------------------------------------------


@fault("REJECT-STORED")
class SavesBeforeValidating(HelpCenter):
    """The row is written first, and not taken back; null is written as it prints."""

    def validate(self, payload: Any) -> str:
        try:
            return super().validate(payload)
        except Problem:
            if isinstance(payload, dict):
                self.save(self.last, str(payload.get("text"))[:MAX_LENGTH], sender=USER)
            raise

    def sender_of(self, event: Event) -> str:
        self.last = super().sender_of(event)
        return self.last


@fault("REJECT-STORED")
class SavesDrafts(HelpCenter):
    """Keeps the beginning of a text that is too long, for later."""

    user = ""

    def sender_of(self, event: Event) -> str:
        self.user = super().sender_of(event)
        return self.user

    def check_length(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            self.keep(self.user, text[:100])
        super().check_length(text)

    def keep(self, user: str, draft: str) -> None:
        self.save(user, draft, sender=USER)


@fault("REJECT-STORED")
class SavesDraftsLater(SavesDrafts):
    """By a queue, a while after the refusal."""

    def keep(self, user: str, draft: str) -> None:
        self.spawn(self.work(user, draft))

    async def work(self, user: str, draft: str) -> None:
        await asyncio.sleep(1.5)
        super().keep(user, draft)


@fault("REJECT-EMITTED")
class EmitsBeforeValidating(HelpCenter):
    """The room hears of a message that is then refused."""

    async def reject(self, event: Event, problem: Problem) -> None:
        payload = event.args[0] if event.args else None
        if isinstance(payload, dict) and event.ack is not None:
            user = self.sender_of(event)
            conversation = self.store.conversation_of(user)
            message = Message(self.store.new_id(), conversation.id, USER, str(payload.get("text")), self.store.now())
            await self.emit(MESSAGE, self.message_payload(message), to=self.room_of(user))
        await super().reject(event, problem)


@fault("REJECT-SURVIVED", also=("REJECT-NO-OBJECT",))
class DisconnectsAfterRefusals(HelpCenter):
    """An exception filter that ends the connection."""

    async def reject(self, event: Event, problem: Problem) -> None:
        await super().reject(event, problem)
        await self.disconnect(event.sid)


@fault("REJECT-SURVIVED")
class LeavesTheTransactionAborted(HelpCenter):
    """A CHECK of the table refuses a text, and nothing rolls that back: the next text of the connection fails, which
    does."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.aborted: set[str] = set()

    async def on_send(self, event: Event) -> None:
        if event.sid in self.aborted:
            self.aborted.remove(event.sid)
            await super().reject(event, self.server_problem())
        else:
            await super().on_send(event)

    async def reject(self, event: Event, problem: Problem) -> None:
        self.aborted.add(event.sid)
        await super().reject(event, problem)


@fault("REJECT-SURVIVED")
class HangsUpOnLongTexts(HelpCenter):
    """A text that is too long is taken for an attack."""

    async def reject(self, event: Event, problem: Problem) -> None:
        await super().reject(event, problem)
        if (problem.details or {}).get("rule") == "maximum":
            await self.wire.hang_up(event.sid)


@fault("CONN-STAYS", "REJECT-SURVIVED", also=("SEND-FULL", "SEND-VERBATIM", "SEND-MAX", "SEND-UNACKED"))
class TakesTooSmallFrames(Bounded):
    """4 kB at most, as if every character were one or two bytes: 2,000 ideographs end the connection, and 2,001 do."""

    LIMIT = 4_096


@fault("REJECT-SURVIVED", also=("REJECT-NO-OBJECT",))
class StaysOffended(HelpCenter):
    """A state that a refusal leaves in the connection has the next text refused as well."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offended: set[str] = set()

    async def on_send(self, event: Event) -> None:
        if event.sid in self.offended:
            await super().reject(event, self.server_problem())
        else:
            await super().on_send(event)

    async def reject(self, event: Event, problem: Problem) -> None:
        self.offended.add(event.sid)
        await super().reject(event, problem)


@fault("REJECT-CODE")
class SaysBadRequest(HelpCenter):
    def invalid(self, message: str, *, rule: str, **facts: int) -> Problem:
        return Problem("BAD_REQUEST", message, details={"rule": rule, **facts})


@fault("REJECT-CODE")
class FailsOnOddTypes(HelpCenter):
    """``payload.text.trim is not a function``."""

    def text_of(self, payload: Any) -> str:
        return str(payload["text"].strip and payload["text"]) if isinstance(payload, dict) else super().text_of(payload)


@fault("REJECT-UNACKED")
class KeepsErrorsToItself(HelpCenter):
    """Without a callback an error is not reported."""

    async def reject(self, event: Event, problem: Problem) -> None:
        if event.ack is not None:
            await super().reject(event, problem)


@fault("REJECT-UNACKED")
class TellsOfLengthOnly(HelpCenter):
    """Without a callback only some errors are reported."""

    async def reject(self, event: Event, problem: Problem) -> None:
        if event.ack is not None or (problem.details or {}).get("rule") == "maximum":
            await super().reject(event, problem)


@fault("SEND-MAX", also=("SEND-TRIM",))
class ValidatesOnlyWhatItAcks(HelpCenter):
    async def on_send(self, event: Event) -> None:
        if event.ack is None and isinstance(event.args[0], dict):
            await self.deliver(self.sender_of(event), str(event.args[0]["text"]), sender=USER, origin=event.sid)
        else:
            await super().on_send(event)


# -- no object at all ----------------------------------------------------------------------------------------------


class Unpacks(HelpCenter):
    """Makes an object of a payload that is none."""

    def payload_of(self, event: Event) -> object:
        payload = super().payload_of(event)
        return payload if isinstance(payload, dict) else self.unpacked(payload)

    def unpacked(self, payload: Any) -> object:
        return payload


@fault("SEND-NO-OBJECT", also=("REJECT-NO-OBJECT",))
class TakesBareStrings(Unpacks):
    def unpacked(self, payload: Any) -> object:
        return {"text": payload} if isinstance(payload, str) else payload


@fault("SEND-NO-OBJECT", also=("REJECT-NO-OBJECT",))
class UnpacksLists(Unpacks):
    """``validate`` of class-validator takes arrays of payloads as well."""

    def unpacked(self, payload: Any) -> object:
        return payload[0] if isinstance(payload, list) and payload else payload


@fault("SEND-NO-OBJECT", also=("REJECT-NO-OBJECT",))
class PrintsPayloads(Unpacks):
    """``String(payload?.text ?? payload)``."""

    def unpacked(self, payload: Any) -> object:
        return {"text": "undefined" if payload is None else str(payload)}


@fault("SEND-NO-OBJECT")
class EmitsOddPayloads(HelpCenter):
    """Emits, then refuses."""

    async def reject(self, event: Event, problem: Problem) -> None:
        if not event.args or not isinstance(event.args[0], dict):
            user = self.sender_of(event)
            message = Message(self.store.new_id(), self.store.conversation_of(user).id, USER, "null", self.store.now())
            await self.emit(MESSAGE, self.message_payload(message), to=self.room_of(user))
        await super().reject(event, problem)


@fault("SEND-NO-OBJECT")
class SavesOddPayloads(HelpCenter):
    """Saves, then refuses."""

    async def reject(self, event: Event, problem: Problem) -> None:
        if not event.args or event.args[0] is None:
            self.save(self.sender_of(event), "null", sender=USER)
        await super().reject(event, problem)


@fault("SEND-NO-OBJECT", "REJECT-NO-OBJECT")
class BlocksUsersForNull(HelpCenter):
    """A failure is kept in the user's session, and a new connection finds it again."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.blocked: set[str] = set()

    async def on_send(self, event: Event) -> None:
        if not event.args or event.args[0] is None:
            self.blocked.add(self.sender_of(event))
        if self.sender_of(event) in self.blocked:
            await self.reject(event, self.server_problem())
        else:
            await super().on_send(event)


@fault("REJECT-NO-OBJECT")
class HangsUpOnNull(HelpCenter):
    """An exception that is not caught takes the connection with it."""

    async def on_send(self, event: Event) -> None:
        if not event.args or event.args[0] is None:
            await self.wire.hang_up(event.sid)
        else:
            await super().on_send(event)


@fault("REJECT-NO-OBJECT")
class IgnoresOddPayloads(HelpCenter):
    """An exception that the framework logs, and no more."""

    async def on_send(self, event: Event) -> None:
        if event.args and isinstance(event.args[0], dict):
            await super().on_send(event)
