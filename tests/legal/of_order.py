"""Ack, event and support's reply in every order; who is told first; support that speaks for itself."""

from __future__ import annotations

import asyncio
import random

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import (
    CONNECTED,
    MESSAGE,
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

# -- ack and event -------------------------------------------------------------------------------------------------


class Announcing(HelpCenter):
    """Announces the user's messages by a way of its own; support's as ever."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        if message.sender == USER:
            await self.tell(user, message, origin)
        else:
            await super().announce(user, message, origin=origin)

    async def tell(self, user: str, message: Message, origin: str | None) -> None:
        await super().announce(user, message, origin=origin)

    async def told_later(self, user: str, message: Message, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await super().announce(user, message, origin=None)


@legal()
class AcksFirst(Announcing):
    """The event goes through a broker and comes a quarter of a second after the ack, and after support's reply."""

    async def tell(self, user: str, message: Message, origin: str | None) -> None:  # noqa: ARG002
        self.spawn(self.told_later(user, message, 0.25))


@legal()
class EventsPassASlowBroker(HelpCenter):
    """Every message is saved and acked at once, and announced 600 ms later, support's as well."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        self.spawn(self.by_broker(user, message, origin))

    async def by_broker(self, user: str, message: Message, origin: str | None) -> None:
        await asyncio.sleep(0.6)
        await super().announce(user, message, origin=origin)


@legal()
class AcksLate(HelpCenter):
    """The ack waits for a search index; events of later messages overtake it."""

    async def acknowledge(self, event: Event, answer: Json) -> None:
        self.spawn(self.late(event, answer))

    async def late(self, event: Event, answer: Json) -> None:
        await asyncio.sleep(0.25)
        await super().acknowledge(event, answer)


@legal(advice=["PIPELINE-ORDER"])
class HandlersRunSideBySide(HelpCenter):
    """A thread pool: each send takes its own time, so acks and messages come in any order."""

    async def receive(self, event: Event) -> None:
        chance: random.Random = self.__dict__.setdefault("chance", random.Random(7))
        self.spawn(self.handled(event, chance.choice([0.0, 0.03, 0.09])))

    async def handled(self, event: Event, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await super().receive(event)


@legal()
class TellsTheSenderFirst(Announcing):
    """``socket.emit`` and then ``socket.to(room).emit``."""

    async def tell(self, user: str, message: Message, origin: str | None) -> None:
        payload, room = self.message_payload(message), self.room_of(user)
        if origin is None:
            return
        await self.emit(MESSAGE, payload, to=origin)
        await self.wire.emit(MESSAGE, payload, to=room, skip_sid=origin, namespace=NAMESPACE)


@legal()
class TellsTheSenderLast(Announcing):
    """``socket.to(room).emit``, then the ack, and then ``socket.emit``."""

    async def tell(self, user: str, message: Message, origin: str | None) -> None:
        payload, room = self.message_payload(message), self.room_of(user)
        await self.wire.emit(MESSAGE, payload, to=room, skip_sid=origin, namespace=NAMESPACE)
        self.spawn(self.to_sender(payload, origin))

    async def to_sender(self, payload: Json, origin: str | None) -> None:
        await asyncio.sleep(0.05)
        if origin is not None:
            await self.emit(MESSAGE, payload, to=origin)


@legal()
class TellsOtherDevicesLater(Announcing):
    """The sender at once; the others by a broker, each in its own time and always in order."""

    async def tell(self, user: str, message: Message, origin: str | None) -> None:
        payload = self.message_payload(message)
        if origin is not None:
            await self.emit(MESSAGE, payload, to=origin)
        for number, sid in enumerate([s for s, owner in self.users.items() if owner == user and s != origin], 2):
            self.spawn(self.later(sid, payload, 0.15 * number))

    async def later(self, sid: str, payload: Json, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.emit(MESSAGE, payload, to=sid)


@legal(advice=["MESSAGE-DEVICES"])
class TellsOnlyTheSender(Announcing):
    """The document knows one client of a user."""

    async def tell(self, user: str, message: Message, origin: str | None) -> None:  # noqa: ARG002
        if origin is not None:
            await self.emit(MESSAGE, self.message_payload(message), to=origin)


@legal(advice=["MESSAGE-ONCE"])
class TellsEverythingTwice(HelpCenter):
    """A broker that delivers at least once; clients are told to drop duplicates by id."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        await super().announce(user, message, origin=origin)
        await super().announce(user, message, origin=origin)


# -- support -------------------------------------------------------------------------------------------------------


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
        self.spawn(self.told_later(user, message, 0.1))


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
        """Nobody is there."""


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
            told = {"isTyping": payload["isTyping"], "sender": "support"}
            await self.wire.emit(TYPING, told, to=self.room_of(user), skip_sid=event.sid, namespace=NAMESPACE)
