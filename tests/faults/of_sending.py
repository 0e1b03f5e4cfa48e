"""Servers that refuse good texts or save other ones (sections 3.2 and 4.5)."""

from __future__ import annotations

from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MAX_LENGTH, Event, Json, Problem
from conformance.reference.store import Conversation, Message, Store
from tests.faults.fault import fault

# -- what is accepted ----------------------------------------------------------------------------------------------


@fault("SEND-PLAIN")
class TakesChecksForSpam(HelpCenter):
    """A spam filter refuses ordinary words."""

    def check_length(self, text: str) -> None:
        super().check_length(text)
        if "conformance" in text:
            raise self.invalid("This looks like spam.", rule="spam")


# Of a text that is refused or not trimmed, SEND-VERBATIM's property speaks too: it draws texts of all lengths.


@fault("SEND-MIN", also=("SEND-VERBATIM",))
class WantsTwoCharacters(HelpCenter):
    """Off by one at the lower limit."""

    def check_length(self, text: str) -> None:
        super().check_length(text)
        if self.length(text) < 2:
            raise self.invalid("The text is too short.", rule="minimum")


@fault("SEND-MIN", also=("SEND-VERBATIM",))
class TakesZeroForNothing(HelpCenter):
    """``empty("0")`` is true in PHP."""

    def check_length(self, text: str) -> None:
        super().check_length("" if text == "0" else text)


@fault("SEND-FULL", also=("SEND-PADDED-FULL", "SEND-VERBATIM"))
class RefusesTwoThousand(HelpCenter):
    """``<`` for ``<=``."""

    def length(self, text: str) -> int:
        return len(text) + (len(text) == MAX_LENGTH)


@fault("SEND-FULL", also=("SEND-PADDED-FULL", "SEND-VERBATIM"))
class CountsBytes(HelpCenter):
    """A limit in UTF-8 bytes."""

    def length(self, text: str) -> int:
        return len(text.encode())


@fault("SEND-FULL", "SEND-PADDED-FULL", also=("SEND-VERBATIM",))
class LimitsToAThousand(HelpCenter):
    """The limit of an older document."""

    def length(self, text: str) -> int:
        return 2 * len(text) - (len(text) == 1)


@fault("SEND-PADDED-FULL", also=("SEND-VERBATIM",))
class CountsPadding(HelpCenter):
    """Validates the length before it trims."""

    def trim(self, text: str) -> str:
        self.check_length(text)
        return super().trim(text)


# -- trimming ------------------------------------------------------------------------------------------------------


@fault("SEND-TRIM", also=("SEND-VERBATIM",))
class KeepsWhiteSpace(HelpCenter):
    """Validates the trimmed text but saves it as it came."""

    def validate(self, payload: Any) -> str:
        super().validate(payload)
        return str(payload["text"])


@fault("SEND-TRIM", also=("SEND-VERBATIM",))
class TrimsLeft(HelpCenter):
    def validate(self, payload: Any) -> str:
        super().validate(payload)
        return str(payload["text"]).lstrip()


@fault("SEND-TRIM", also=("SEND-VERBATIM",))
class TrimsRight(HelpCenter):
    def validate(self, payload: Any) -> str:
        super().validate(payload)
        return str(payload["text"]).rstrip()


@fault("SEND-TRIM", "SEND-BLANK", also=("SEND-PADDED-FULL", "SEND-VERBATIM"))
class TrimsSpacesOnly(HelpCenter):
    """The TRIM of SQL."""

    def trim(self, text: str) -> str:
        return text.strip(" ")


@fault("SEND-TRIM", also=("SEND-VERBATIM",))
class TrimsOneLineBreak(HelpCenter):
    """``chomp``, and spaces."""

    def validate(self, payload: Any) -> str:
        super().validate(payload)
        return str(payload["text"]).removesuffix("\n").strip(" \t")


@fault("SEND-TRIM", also=("PARITY-GREETING", "PARITY-REST", "SEND-KEPT", "SEND-VERBATIM"))
class StoresWhiteSpace(HelpCenter):
    """Announces the trimmed text but saves it as it came, which the history shows."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.raw: dict[str, str] = {}

    def trim(self, text: str) -> str:
        trimmed = super().trim(text)
        self.raw[trimmed] = text
        return trimmed

    def save(self, user: str, text: str, *, sender: str) -> Message:
        saved = super().save(user, self.raw.get(text, text), sender=sender)
        return Message(saved.id, saved.conversation_id, sender, text, saved.created_at)


@fault("SEND-TRIM", also=("SEND-PADDED-FULL", "SEND-UNACKED", "SEND-VERBATIM", "ERROR-UNPROVOKED"))
class RefusesPadding(HelpCenter):
    """Holds that clients have to trim."""

    def trim(self, text: str) -> str:
        if super().trim(text) and super().trim(text) != text:
            raise self.invalid("The text must be trimmed.", rule="trimmed")
        return super().trim(text)


# -- without an ack ------------------------------------------------------------------------------------------------


@fault("SEND-UNACKED", also=("REJECT-UNACKED",))
class IgnoresUnackedSends(HelpCenter):
    """``if (!callback) return``."""

    async def on_send(self, event: Event) -> None:
        if event.ack is not None:
            await super().on_send(event)


@fault("SEND-UNACKED", also=("SUPPORT-EMITTED",))
class SavesUnackedSendsInSilence(HelpCenter):
    """Emits only where it acks."""

    async def on_send(self, event: Event) -> None:
        self.__dict__.setdefault("asked", {})[event.sid] = event.ack is not None
        await super().on_send(event)

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        if origin is None or self.__dict__["asked"][origin]:
            await super().announce(user, message, origin=origin)


@fault("SEND-UNACKED")
class NeverSavesUnackedSends(HelpCenter):
    """Saves where it acks; the event is all that comes of the others."""

    async def on_send(self, event: Event) -> None:
        if event.ack is not None:
            await super().on_send(event)
            return
        try:
            user, text = self.sender_of(event), self.validate(self.payload_of(event))
        except Problem as problem:
            await self.reject(event, problem)
            return
        conversation = self.store.conversation_of(user)
        message = Message(self.store.new_id(), conversation.id, "user", text, self.store.now())
        await self.announce(user, message, origin=event.sid)


@fault("SEND-UNACKED", also=("ERROR-UNPROVOKED",))
class CallsWhatIsNoFunction(HelpCenter):
    """``callback(...)`` without a callback raises before anything is saved, and a filter reports it."""

    async def on_send(self, event: Event) -> None:
        if event.ack is None:
            await self.reject(event, self.server_problem())
        else:
            await super().on_send(event)


# -- the database --------------------------------------------------------------------------------------------------


@fault("SEND-VERBATIM", also=("PARITY-GREETING", "PARITY-REST", "SEND-KEPT"))
class KeepsThousandCharacters(Store):
    """A column that is too short and cuts in silence: the answer is from memory, the history is not."""

    def history(self, conversation: Conversation) -> list[Message]:
        found = super().history(conversation)
        return [Message(m.id, m.conversation_id, m.sender, m.text[:1000], m.created_at) for m in found]


@fault("SEND-VERBATIM", also=("PARITY-GREETING", "PARITY-REST", "SEND-KEPT"))
class KeepsThreeByteCharacters(Store):
    """MySQL's utf8."""

    def history(self, conversation: Conversation) -> list[Message]:
        found = super().history(conversation)
        texts = ["".join(c if c <= "\uffff" else "?" for c in m.text) for m in found]
        return [
            Message(m.id, m.conversation_id, m.sender, text, m.created_at) for m, text in zip(found, texts, strict=True)
        ]


@fault("SEND-VERBATIM", also=("PARITY-REST", "REST-SAME", "SEND-KEPT"))
class EscapesHtmlInRest(HelpCenter):
    """REST goes through a template engine."""

    def rest_payload(self, user: str) -> Json:
        payload = super().rest_payload(user)
        for message in payload["messages"]:
            message["text"] = message["text"].replace("&", "&amp;").replace("<", "&lt;")
        return payload


@fault("SEND-VERBATIM", also=("PARITY-EVENT",))
class CutsEvents(HelpCenter):
    """The event is made from the push notification, which is short."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        short = Message(message.id, message.conversation_id, message.sender, message.text[:140], message.created_at)
        await super().announce(user, short, origin=origin)


@fault("SEND-TRIM", also=("SEND-UNACKED",))
class TrimsOnlyWhatItAcks(HelpCenter):
    """The pipe that trims and checks belongs to the method that acks; the other one only looks at the length."""

    async def on_send(self, event: Event) -> None:
        self.unacked = event.ack is None
        await super().on_send(event)

    def trim(self, text: str) -> str:
        return text if self.unacked and text.strip() else super().trim(text)
