"""Servers that accept what has to be refused, or refuse it with a mess (sections 4.4, 4.5 and 9)."""

from __future__ import annotations

from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MAX_LENGTH, MESSAGE, USER, Event, Problem
from conformance.reference.store import Message
from tests.faults.fault import fault

# -- too long, too short -------------------------------------------------------------------------------------------


@fault("SEND-MAX")
class AcceptsOneMore(HelpCenter):
    """Off by one at the upper limit."""

    def length(self, text: str) -> int:
        return len(text) - (len(text) == MAX_LENGTH + 1)


@fault("SEND-MAX")
class HasNoLimit(HelpCenter):
    def length(self, text: str) -> int:
        return min(len(text), MAX_LENGTH)


@fault("SEND-MAX")
class CutsLongTexts(HelpCenter):
    """Shortens in place of refusing."""

    def trim(self, text: str) -> str:
        return super().trim(text)[:MAX_LENGTH]


@fault("SEND-MAX")
class CountsWords(HelpCenter):
    """Counts ideographs by half, as some counters of messages do."""

    def length(self, text: str) -> int:
        return len(text) if text.isascii() else -(-len(text) // 2)


@fault("SEND-EMPTY")
class AcceptsEmpty(HelpCenter):
    def check_length(self, text: str) -> None:
        super().check_length(text or "-")

    def trim(self, text: str) -> str:
        return super().trim(text) or (" " if text else "")

    def length(self, text: str) -> int:
        return len(text.strip())


@fault("SEND-BLANK")
class ChecksBeforeTrimming(HelpCenter):
    """``MinLength(1)``, then trim."""

    def validate(self, payload: object) -> str:
        text = self.text_of(payload)
        if not text:
            self.check_length(text)
        text = self.trim(text)
        self.check_length(text or "-")
        return text


@fault("SEND-BLANK")
class TakesLineBreaksForText(HelpCenter):
    """``/^ *$/`` without the other kinds of white space."""

    def check_length(self, text: str) -> None:
        super().check_length(text or "-")

    def trim(self, text: str) -> str:
        if not text.strip(" "):
            super().check_length("")
        return super().trim(text)


# -- no text at all ------------------------------------------------------------------------------------------------


class Reads(HelpCenter):
    """Makes a text of what is none."""

    def text_of(self, payload: Any) -> str:
        if isinstance(payload, dict) and not isinstance(payload.get("text"), str):
            made = self.made("text" in payload, payload.get("text"))
            if made is not None:
                return made
        return super().text_of(payload)

    def made(self, given: bool, value: Any) -> str | None:
        """The text, or None to go the correct way."""
        return None


@fault("SEND-ABSENT")
class StoresUndefined(Reads):
    """``String(payload.text)``."""

    def made(self, given: bool, value: Any) -> str | None:
        return None if given else "undefined"


@fault("SEND-ABSENT")
class StoresNull(Reads):
    """``@IsOptional()``, then ``String(null)``."""

    def made(self, given: bool, value: Any) -> str | None:
        return "null" if given and value is None else None


@fault("SEND-ABSENT")
class AcceptsTheWrongField(HelpCenter):
    """``payload.text ?? payload.message``, for old clients."""

    def text_of(self, payload: Any) -> str:
        if isinstance(payload, dict) and "message" in payload and "text" not in payload:
            return str(payload["message"])
        return super().text_of(payload)


@fault("SEND-STRUCTURED")
class JoinsArrays(Reads):
    """``String(["a", "b"])``."""

    def made(self, given: bool, value: Any) -> str | None:
        return ",".join(map(str, value)) if isinstance(value, list) else None


@fault("SEND-STRUCTURED")
class ChecksEachOfAnArray(Reads):
    """``@IsString({each: true})``, then the first one."""

    def made(self, given: bool, value: Any) -> str | None:
        return value[0] if isinstance(value, list) and value else None


@fault("SEND-STRUCTURED")
class UnwrapsArraysOfOne(Reads):
    def made(self, given: bool, value: Any) -> str | None:
        return str(value[0]) if isinstance(value, list) and len(value) == 1 else None


@fault("SEND-STRUCTURED")
class PrintsObjects(Reads):
    """``String({})``."""

    def made(self, given: bool, value: Any) -> str | None:
        return "[object Object]" if isinstance(value, dict) else None


@fault("SEND-STRUCTURED")
class UnwrapsObjects(Reads):
    def made(self, given: bool, value: Any) -> str | None:
        return value.get("text") if isinstance(value, dict) else None


@fault("SEND-STRUCTURED")
class MeasuresAnyLength(Reads):
    """``text.length`` in place of a check of the type."""

    def made(self, given: bool, value: Any) -> str | None:
        return str(value.get("toString")) if isinstance(value, dict) and value.get("length") else None


@fault("SEND-STRUCTURED")
class AcceptsEmptyArrays(Reads):
    """``[]`` is truthy, and its text is empty."""

    def made(self, given: bool, value: Any) -> str | None:
        return "[]" if value == [] else None


@fault("SEND-SCALAR")
class CoercesNumbers(Reads):
    """``enableImplicitConversion``."""

    def made(self, given: bool, value: Any) -> str | None:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


@fault("SEND-SCALAR")
class CoercesBooleans(Reads):
    def made(self, given: bool, value: Any) -> str | None:
        return str(value).lower() if isinstance(value, bool) else None


# -- what a refusal leaves behind ----------------------------------------------------------------------------------


@fault("REJECT-STORED")
class SavesBeforeValidating(HelpCenter):
    """The row is written first, and nobody takes it back; null is written as it prints."""

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
class SavesDrafts(SavesBeforeValidating):
    """As before, of long texts only, shortened to what the column holds."""

    def save(self, user: str, text: str, *, sender: str) -> Message:
        if sender == USER and len(text) >= MAX_LENGTH:
            return super().save(user, text[:100], sender=sender)
        if sender == USER and text in ("", "None", "{}") or not text.strip():
            return Message("", "", USER, "", 0)
        return super().save(user, text, sender=sender)


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
class HangsUpOnLongTexts(HelpCenter):
    """A text that is too long is taken for an attack."""

    async def reject(self, event: Event, problem: Problem) -> None:
        await super().reject(event, problem)
        if (problem.details or {}).get("rule") == "maximum":
            await self.wire.hang_up(event.sid)


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
    """Without a callback an error is told to nobody."""

    async def reject(self, event: Event, problem: Problem) -> None:
        if event.ack is not None:
            await super().reject(event, problem)


@fault("REJECT-UNACKED")
class TellsOfLengthOnly(HelpCenter):
    """Without a callback only some errors are told."""

    async def reject(self, event: Event, problem: Problem) -> None:
        if event.ack is not None or (problem.details or {}).get("rule") == "maximum":
            await super().reject(event, problem)


@fault("SEND-MAX", "REJECT-UNACKED")
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
    """An exception that nobody catches takes the connection with it."""

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
