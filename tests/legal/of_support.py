"""Correct servers on which support answers in an unusual order, or late (section 4.2)."""

from __future__ import annotations

import asyncio

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import (
    CONNECTED,
    NAMESPACE,
    SUPPORT,
    TYPING,
    USER,
    Event,
    Json,
    Problem,
)
from conformance.reference.store import Conversation, Message, Store
from tests.legal.legal import legal
from tests.legal.of_order import Announcing


@legal()
class RepliesBeforeTheAck(HelpCenter):
    """Message, reply, and only then the ack."""

    async def on_send(self, event: Event) -> None:
        try:
            user = self.sender_of(event)
            message = await self.deliver(user, self.validate(self.payload_of(event)), sender=USER, origin=event.sid)
        except Problem as problem:
            await self.reject(event, problem)
        else:
            await self.deliver(user, self.reply_text(message), sender=SUPPORT)
            await self.acknowledge(event, self.ack_payload(message))


@legal()
class ReplyOvertakesTheMessage(Announcing):
    """Both are saved in order; the events pass two queues, and that of support is faster."""

    async def tell(self, user: str, message: Message, origin: str | None) -> None:  # noqa: ARG002
        self.spawn(self.emitted_later(user, message, 0.1))


@legal()
class RepliesLongAfter(HelpCenter):
    """A human: two seconds."""

    async def reply(self, user: str, message: Message) -> None:
        await asyncio.sleep(2)
        await super().reply(user, message)


@legal()
class RepliesThrice(HelpCenter):
    """At once, after a moment, and after a second; typing in between, as the document has it."""

    async def reply(self, user: str, message: Message) -> None:
        for seconds in (0.0, 0.1, 1.0):
            await asyncio.sleep(seconds)
            await self.emit(TYPING, {"isTyping": True, "sender": "support"}, to=self.room_of(user))
            await super().reply(user, message)
            await self.emit(TYPING, {"isTyping": False, "sender": "support"}, to=self.room_of(user))


@legal()
class NeverReplies(HelpCenter):
    """Section 9 mentions an auto-reply in passing."""

    def schedule_reply(self, user: str, message: Message) -> None:
        """No one is there."""


@legal()
class RepliesOnceToEachUser(HelpCenter):
    """Only the first message of a conversation is answered automatically."""

    def schedule_reply(self, user: str, message: Message) -> None:
        answered: set[str] = self.__dict__.setdefault("answered", set())
        if user not in answered:
            answered.add(user)
            super().schedule_reply(user, message)


@legal()
class SupportRepeatsTheText(HelpCenter):
    """An echo bot: support's reply is the user's very text."""

    def reply_text(self, message: Message) -> str:
        return message.text


@legal()
class SupportQuotesTheText(HelpCenter):
    """The reply quotes what it answers, and has white space around it, which nothing forbids to support."""

    def reply_text(self, message: Message) -> str:
        return f"  You wrote:\n> {message.text}\n\nWe will look into it.  \n"


@legal()
class SupportWritesBooks(HelpCenter):
    """The limit of 2,000 characters is for what users send."""

    def reply_text(self, message: Message) -> str:  # noqa: ARG002
        return "Terms and conditions. " * 150


@legal()
class SupportBeginsTheConversation(HelpCenter):
    """Every new conversation begins with a welcome, and one more is emitted right after each greeting."""

    class STORE(Store):
        def create(self, user: str) -> Conversation:
            conversation = super().create(user)
            self.add(conversation, "Welcome! How can we help?", sender=SUPPORT)
            return conversation

    async def welcome(self, sid: str, user: str) -> None:
        await super().welcome(sid, user)
        self.spawn(self.deliver_quietly(user))

    async def deliver_quietly(self, user: str) -> None:
        await self.deliver(user, "Good to see you again.", sender=SUPPORT)


@legal()
class SupportNeverStops(HelpCenter):
    """A campaign: everybody who is there gets the same message, three times a second."""

    async def welcome(self, sid: str, user: str) -> None:
        await super().welcome(sid, user)
        if not self.__dict__.get("campaigning"):
            self.__dict__["campaigning"] = True
            self.spawn(self.campaign())

    async def campaign(self) -> None:
        while True:
            await asyncio.sleep(0.35)
            for user in set(self.users.values()):
                await self.deliver(user, "Our office is closed on Sunday.", sender=SUPPORT)


@legal()
class SupportTypesWheneverSomebodyConnects(HelpCenter):
    """An agent sees the user come, begins to type, and thinks better of it."""

    async def emit(self, event: str, payload: Json, *, to: str) -> None:
        await super().emit(event, payload, to=to)
        if event == CONNECTED:
            self.spawn(self.hesitates(to))

    async def hesitates(self, sid: str) -> None:
        for typing in (True, False):
            await super().emit(TYPING, {"isTyping": typing, "sender": "support", "agent": "Ada"}, to=sid)
            await asyncio.sleep(0.02)


@legal()
class TypesWhenAUserComes(HelpCenter):
    """An agent sees that a user comes, and begins and stops with each of five words."""

    INTERVAL = 0.25
    SIGNALS = (True, False) * 5

    async def welcome(self, sid: str, user: str) -> None:
        await super().welcome(sid, user)
        self.spawn(self.types(user))

    async def types(self, user: str) -> None:
        for typing in self.SIGNALS:
            await asyncio.sleep(self.INTERVAL)
            await self.emit(TYPING, {"isTyping": typing, "sender": "support"}, to=self.room_of(user))


@legal()
class RepeatsThatSupportTypes(TypesWhenAUserComes):
    """While an agent types: at a user who comes, and at each message."""

    INTERVAL = 0.4
    SIGNALS = (*(True,) * 7, False)

    async def reply(self, user: str, message: Message) -> None:
        await self.types(user)
        await super().reply(user, message)


@legal()
class AgentsTypeUnderAnotherName(HelpCenter):
    """The document's typing event is for the future; today's has a name of its own, and comes before each reply."""

    async def welcome(self, sid: str, user: str) -> None:
        await super().welcome(sid, user)
        await self.types(sid)

    async def reply(self, user: str, message: Message) -> None:
        await self.types(self.room_of(user))
        await super().reply(user, message)

    async def types(self, to: str) -> None:
        for typing in (True, False):
            await self.emit("support:typing", {"isTyping": typing, "sender": "Ada"}, to=to)


@legal(advice=["TYPING-ECHO"])
class RelaysTypingToOtherDevices(HelpCenter):
    """In the only shape that the document has for it."""

    async def on_typing(self, event: Event) -> None:
        payload = self.payload_of(event)
        user = self.users.get(event.sid)
        if isinstance(payload, dict) and isinstance(payload.get("isTyping"), bool) and user is not None:
            reported = {"isTyping": payload["isTyping"], "sender": "support"}
            await self.wire.emit(TYPING, reported, to=self.room_of(user), skip_sid=event.sid, namespace=NAMESPACE)


@legal()
class SupportAnswersWhoLeft(HelpCenter):
    """By mail, and in the conversation: a moment after the user's last device has left. Nobody is there to hear it."""

    def schedule_reply(self, user: str, message: Message) -> None:  # noqa: ARG002
        self.__dict__.setdefault("asked", set()).add(user)

    async def on_disconnect(self, sid: str, reason: str) -> None:
        user = self.users.get(sid)
        await super().on_disconnect(sid, reason)
        if user in self.__dict__.get("asked", ()):
            self.spawn(self.write(str(user)))

    async def write(self, user: str) -> None:
        await asyncio.sleep(0.2)
        if user in self.asked and user not in self.users.values():
            self.asked.discard(user)
            self.save(user, "We have answered you by mail.", sender=SUPPORT)
