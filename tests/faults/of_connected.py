"""Servers whose greeting is missing, late, doubled or wrong (sections 4.1 and 9)."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable, Sequence

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import CONNECTED, MESSAGE, Event, Json
from conformance.reference.store import Conversation, Message
from tests.faults.fault import fault


class Greeting(HelpCenter):
    """A server that writes something else into its greeting than into REST; right as it stands."""

    async def welcome(self, sid: str, user: str) -> None:
        await self.emit(CONNECTED, self.greeting(sid, self.snapshot(user)), to=sid)

    def greeting(self, sid: str, payload: Json) -> Json:  # noqa: ARG002  for overrides
        return payload


# -- whether and when --------------------------------------------------------------------------------------------


@fault("CONNECTED-SENT", also=("RECONNECT-GREETED",))
class NeverGreets(HelpCenter):
    async def welcome(self, sid: str, user: str) -> None:
        """The room is joined, and that is all."""


@fault("CONNECTED-SENT", also=("RECONNECT-GREETED",))
class GreetsNobodyWithoutMessages(HelpCenter):
    """Has nothing to show to a user who never wrote, and so says nothing."""

    async def welcome(self, sid: str, user: str) -> None:
        if self.snapshot(user)["messages"]:
            await super().welcome(sid, user)


@fault("CONNECTED-SENT", also=("RECONNECT-GREETED", "AUTH-PREFIXED", "AUTH-HEADER", "FIRST-CONTACT", "TOKEN-REFRESHED"))
class GreetsEachUserOnce(HelpCenter):
    """Remembers whom it has greeted, by user and not by connection."""

    async def welcome(self, sid: str, user: str) -> None:
        seen = self.__dict__.setdefault("seen", set())
        if user not in seen:
            seen.add(user)
            await super().welcome(sid, user)


@fault("CONNECTED-FIRST", also=("MESSAGE-DEVICES",))
class RobotSpeaksFirst(HelpCenter):
    """Support says hello before the conversation is shown."""

    async def welcome(self, sid: str, user: str) -> None:
        message = self.save(user, "Hello! How can we help you?", sender="support")
        await self.emit(MESSAGE, self.message_payload(message), to=sid)
        await super().welcome(sid, user)


@fault("CONNECTED-FIRST", also=("MESSAGE-ONCE",))
class ReplaysTheMessagesFirst(HelpCenter):
    """Sends the old messages one by one, then the greeting."""

    async def welcome(self, sid: str, user: str) -> None:
        for message in self.snapshot(user)["messages"]:
            await self.emit(MESSAGE, message, to=sid)
        await super().welcome(sid, user)


@fault("CONNECTED-FIRST")
class SaysReadyFirst(HelpCenter):
    async def welcome(self, sid: str, user: str) -> None:
        await self.emit("ready", {"ok": True}, to=sid)
        await super().welcome(sid, user)


@fault("CONNECTED-ONCE")
class GreetsTwice(HelpCenter):
    """The handler is registered twice."""

    async def welcome(self, sid: str, user: str) -> None:
        await super().welcome(sid, user)
        await super().welcome(sid, user)


@fault("CONNECTED-ONCE")
class GreetsAgainAfterASend(HelpCenter):
    """Shows the whole conversation again whenever it has changed."""

    async def on_send(self, event: Event) -> None:
        await super().on_send(event)
        if event.sid in self.users:
            await self.welcome(event.sid, self.users[event.sid])


@fault("CONNECTED-ONCE")
class GreetsTheOtherDevicesToo(HelpCenter):
    """Emits the greeting to the room instead of the connection."""

    async def welcome(self, sid: str, user: str) -> None:  # noqa: ARG002
        await self.emit(CONNECTED, self.snapshot(user), to=self.room_of(user))


# -- the shape ---------------------------------------------------------------------------------------------------

EPOCH = 1767225600000
SQL = "2026-01-01 00:00:00"
Change = Callable[[Json], object]


def _drop(part: str, field: str) -> Change:
    return lambda payload: [one.pop(field) for one in _parts(payload, part)]


def _put(part: str, field: str, value: object) -> Change:
    return lambda payload: [one.update({field: value}) for one in _parts(payload, part)]


def _parts(payload: Json, part: str) -> list[Json]:
    """The payload itself, its conversation, or each of its messages."""
    return {"payload": [payload], "conversation": [payload["conversation"]], "messages": payload["messages"]}[part]


SPOILED: dict[str, Change] = {
    "GreetingWithoutConversation": _drop("payload", "conversation"),
    "GreetingWithoutMessages": _drop("payload", "messages"),
    "GreetingWithNullMessages": _put("payload", "messages", None),
    "GreetingWithMessagesAsAnObject": _put("payload", "messages", {"items": [], "total": 0}),
    "GreetingWithoutConversationId": _drop("conversation", "id"),
    "GreetingWithNumericConversationId": _put("conversation", "id", 17),
    "GreetingWithoutUserId": _drop("conversation", "userId"),
    "GreetingWithNumericUserId": _put("conversation", "userId", 42),
    "GreetingWithoutStatus": _drop("conversation", "status"),
    "GreetingWithStatusInCapitals": _put("conversation", "status", "OPEN"),
    "GreetingWithoutCreatedAt": _drop("conversation", "createdAt"),
    "GreetingWithCreatedAtAsEpoch": _put("conversation", "createdAt", EPOCH),
    "GreetingWithoutUpdatedAt": _drop("conversation", "updatedAt"),
    "GreetingWithNullUpdatedAt": _put("conversation", "updatedAt", None),
    "GreetingWithUpdatedAtAsSql": _put("conversation", "updatedAt", SQL),
    "GreetingMessagesWithoutId": _drop("messages", "id"),
    "GreetingMessagesWithNumericId": _put("messages", "id", 1),
    "GreetingMessagesWithoutConversationId": _drop("messages", "conversationId"),
    "GreetingMessagesWithNullSender": _put("messages", "sender", None),
    "GreetingMessagesFromClient": _put("messages", "sender", "client"),
    "GreetingMessagesWithoutText": _drop("messages", "text"),
    "GreetingMessagesWithCreatedAtAsSql": _put("messages", "createdAt", SQL),
}


def _spoiled(name: str, change: Change) -> None:
    def greeting(self: Greeting, sid: str, payload: Json) -> Json:
        change(payload := copy.deepcopy(payload))
        return payload

    fault("CONNECTED-SHAPE", also=("SEND-UNACKED",))(type(name, (Greeting,), {"greeting": greeting}))


for _name, _change in SPOILED.items():
    _spoiled(_name, _change)


# -- whose conversation ------------------------------------------------------------------------------------------


@fault("CONNECTED-USER", also=("REST-SAME", "REST-FIRST"))
class RestKnowsTheUserByEmail(HelpCenter):
    def rest_payload(self, user: str) -> Json:
        payload = self.snapshot(user)
        payload["conversation"]["userId"] = f"{user}@example.com"
        return payload


@fault("CONNECTED-USER", also=("RECONNECT-RESYNC", "TOKEN-REFRESHED", "REST-SAME", "REST-FIRST"))
class UserIdIsTheSocketId(Greeting):
    def greeting(self, sid: str, payload: Json) -> Json:
        payload["conversation"]["userId"] = sid
        return payload


@fault("CONNECTED-USER")
class EveryUserIsTheSame(HelpCenter):
    """Writes the role where the user belongs."""

    def conversation_payload(self, conversation: Conversation) -> Json:
        return super().conversation_payload(conversation) | {"userId": "customer"}


@fault(
    *("CONNECTED-CONVERSATION", "SEND-KEPT"),
    also=(
        "RECONNECT-RESYNC",
        "TOKEN-REFRESHED",
        "FIRST-CONTACT",
        "REST-SAME",
        "REST-FIRST",
        "SUPPORT-STORED",
        "HISTORY-DEPTH",
        "MESSAGE-CONVERSATION",
        "SEND-UNACKED",
    ),
)
class StartsANewConversation(HelpCenter):
    """Opens a new conversation for each connection."""

    async def welcome(self, sid: str, user: str) -> None:
        self.store.db.execute("UPDATE conversations SET user_id = id WHERE user_id = ?", (user,))
        await super().welcome(sid, user)


@fault(
    "CONNECTED-CONVERSATION",
    also=("MESSAGE-CONVERSATION", "PARITY-GREETING", "RECONNECT-RESYNC", "TOKEN-REFRESHED", "REST-SAME", "REST-FIRST"),
)
class ConversationIdIsNewEachTime(Greeting):
    """Makes up the id when it writes the greeting."""

    def greeting(self, sid: str, payload: Json) -> Json:  # noqa: ARG002
        return renamed(payload, uuid.uuid4().hex)


@fault("CONNECTED-CONVERSATION", also=("PARITY-REST", "REST-SAME", "REST-FIRST", "AUTH-SHARED"))
class RestHasAnotherConversation(HelpCenter):
    def rest_payload(self, user: str) -> Json:
        payload = self.snapshot(user)
        return renamed(payload, f"rest-{payload['conversation']['id']}")


def renamed(payload: Json, name: str) -> Json:
    messages = [message | {"conversationId": name} for message in payload["messages"]]
    return {"conversation": payload["conversation"] | {"id": name}, "messages": messages}


@fault("CONNECTED-CONVERSATION")
class OneConversationForAll(HelpCenter):
    """The id of the support room, for every user."""

    def conversation_payload(self, conversation: Conversation) -> Json:
        return super().conversation_payload(conversation) | {"id": "help-center"}

    def message_payload(self, message: Message) -> Json:
        return super().message_payload(message) | {"conversationId": "help-center"}


@fault("CONNECTED-OWN", also=("PARITY-GREETING", "PARITY-REST", "SUPPORT-STORED"))
class ListedMessagesNameTheUser(HelpCenter):
    """The foreign key of the list is the user's id."""

    def connected_payload(self, conversation: Conversation, messages: Sequence[Message]) -> Json:
        payload = super().connected_payload(conversation, messages)
        listed = [message | {"conversationId": conversation.user_id} for message in payload["messages"]]
        return payload | {"messages": listed}


@fault("CONNECTED-OWN")
class ListsATemplateOfAnotherConversation(HelpCenter):
    """A welcome text that belongs to a template conversation stands at the top of every list."""

    def connected_payload(self, conversation: Conversation, messages: Sequence[Message]) -> Json:
        template = Message("welcome", "template", "support", "Welcome!", conversation.created_at)
        return super().connected_payload(conversation, [template, *messages])


@fault("CONNECTED-SENT", also=("RECONNECT-GREETED",))
class HangsUpInsteadOfGreeting(HelpCenter):
    """An exception on the way to the greeting closes the connection without a word."""

    async def welcome(self, sid: str, user: str) -> None:  # noqa: ARG002
        await self.wire.hang_up(sid)
