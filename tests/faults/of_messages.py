"""Servers that tell of messages wrongly, to the wrong devices, or lose them (sections 4.2, 5 and 7)."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import CONNECTED, ERROR, MESSAGE, SUPPORT, USER, Json
from conformance.reference.store import Conversation, Message
from tests.faults.fault import fault
from tests.faults.of_parity import Emits

UNACCOUNTED = ("REJECT-STORED", "REJECT-EMITTED", "SEND-NO-OBJECT", "TYPING-NO-MESSAGE", "TYPING-ODD")
"""They count the user's messages: one more than was sent is one too many."""

# -- the arguments of events -------------------------------------------------------------------------------------


class Packs(HelpCenter):
    """A server that puts something else into one of its events; right as it stands."""

    event = MESSAGE

    async def emit(self, event: str, payload: Json, *, to: str) -> None:
        reported = self.packed(payload) if event == self.event else payload
        await self.wire.emit(event, reported, to=to, namespace=self.wire.namespace)

    def packed(self, payload: Json) -> Any:
        return payload


@fault("EVENT-ARGUMENT")
class GreetingIsJsonText(Packs):
    event = CONNECTED

    def packed(self, payload: Json) -> Any:
        return json.dumps(payload)


@fault("EVENT-ARGUMENT")
class GreetingHasTwoArguments(Packs):
    event = CONNECTED

    def packed(self, payload: Json) -> Any:
        return payload["conversation"], payload["messages"]


@fault("EVENT-ARGUMENT")
class MessageComesWithItsRoom(Packs):
    def packed(self, payload: Json) -> Any:
        return payload, {"room": payload["conversationId"]}


@fault("EVENT-ARGUMENT")
class MessageComesWithItsOffset(Packs):
    """As where Socket.IO recovers connections, but it does not."""

    def packed(self, payload: Json) -> Any:
        return payload, "o-1"


@fault("EVENT-ARGUMENT")
class MessageIsInAnArray(Packs):
    def packed(self, payload: Json) -> Any:
        return [payload]


@fault("EVENT-ARGUMENT", also=("REFUSAL-CODE", "REJECT-UNACKED"))
class ErrorIsAText(Packs):
    event = ERROR

    def packed(self, payload: Json) -> Any:
        return payload["message"]


@fault("EVENT-ARGUMENT", also=("REFUSAL-CODE", "REJECT-UNACKED"))
class ErrorSaysNothing(Packs):
    event = ERROR

    def packed(self, payload: Json) -> Any:  # noqa: ARG002
        return ()


# -- the shape ---------------------------------------------------------------------------------------------------

Change = Callable[[Json], Json]

SPOILED: dict[str, Change] = {
    "EventWithoutId": lambda m: {name: m[name] for name in m if name != "id"},
    "EventWithNumericId": lambda m: m | {"id": 12},
    "EventWithoutConversationId": lambda m: {name: m[name] for name in m if name != "conversationId"},
    "EventWithConversationInside": lambda m: m | {"conversationId": {"id": m["conversationId"]}},
    "EventWithoutSender": lambda m: {name: m[name] for name in m if name != "sender"},
    "EventFromAClient": lambda m: m | {"sender": "client" if m["sender"] == USER else "agent"},
    "EventSenderInCapitals": lambda m: m | {"sender": m["sender"].upper()},
    "EventWithNullText": lambda m: m | {"text": None},
    "EventWithoutCreatedAt": lambda m: {name: m[name] for name in m if name != "createdAt"},
    "EventCreatedAtIsEpoch": lambda m: m | {"createdAt": 1767225600000},
    "EventCreatedAtIsSql": lambda m: m | {"createdAt": m["createdAt"].replace("T", " ")[:19]},
    "EventIsWrapped": lambda m: {"message": m},
}
SNAKE = {"conversationId": "conversation_id", "createdAt": "created_at"}
SPOILED["EventInSnakeCase"] = lambda m: {SNAKE.get(name, name): value for name, value in m.items()}


def _spoiled(name: str, change: Change) -> None:
    fault("MESSAGE-SHAPE")(type(name, (Emits,), {"reported": lambda _, message: change(message)}))


for _name, _change in SPOILED.items():
    _spoiled(_name, _change)


# -- to whom -----------------------------------------------------------------------------------------------------


class Tells(HelpCenter):
    """A server that chooses the connections it tells of a message, one by one; right as it stands."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        own = [sid for sid, owner in self.users.items() if owner == user]
        for sid in self.listeners(own, origin):
            await self.emit(MESSAGE, self.message_payload(message), to=sid)

    def listeners(self, own: list[str], origin: str | None) -> list[str]:  # noqa: ARG002  for overrides
        return own


@fault("MESSAGE-ECHO", also=("SEND-UNACKED", "CONN-UPGRADE", "DEVICE-COEXIST"))
class TellsTheOthersOnly(Tells):
    """socket.broadcast"""

    def listeners(self, own: list[str], origin: str | None) -> list[str]:
        return [sid for sid in own if sid != origin]


@fault("MESSAGE-ECHO", "MESSAGE-DEVICES", "SUPPORT-EMITTED", also=("SEND-UNACKED", "CONN-UPGRADE", "DEVICE-COEXIST"))
class TellsNobody(Tells):
    """Emits to a room that is empty."""

    def listeners(self, own: list[str], origin: str | None) -> list[str]:  # noqa: ARG002
        return []


@fault("MESSAGE-DEVICES")
class TellsTheSenderOnly(Tells):
    def listeners(self, own: list[str], origin: str | None) -> list[str]:
        return own if origin is None else [origin]


@fault("MESSAGE-DEVICES", also=("SUPPORT-EMITTED",))
class TellsTheLatestDevice(Tells):
    """Remembers one connection for each user, which may have been cut off, and answers whoever sends."""

    def listeners(self, own: list[str], origin: str | None) -> list[str]:
        return list(dict.fromkeys([*([origin] if origin else []), *own[-1:]]))


@fault("MESSAGE-ONCE", also=("CONN-UPGRADE",))
class TellsTheSenderTwice(Tells):
    """The room, and then the sender, who is in it."""

    def listeners(self, own: list[str], origin: str | None) -> list[str]:
        return [*own, *([origin] if origin else [])]


@fault("MESSAGE-ONCE", also=("CONN-UPGRADE",))
class TellsTheSecondDeviceTwice(HelpCenter):
    """Each connection subscribes its user's room again."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        for _ in [sid for sid, owner in self.users.items() if owner == user]:
            await super().announce(user, message, origin=origin)


# -- the conversation and the sender of a message ----------------------------------------------------------------


@fault("MESSAGE-CONVERSATION", "PARITY-EVENT", also=("SUPPORT-STORED",))
class EventNamesTheUser(HelpCenter):
    """The event's conversationId is the name of the room it is emitted to."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:  # noqa: ARG002
        payload = self.message_payload(message) | {"conversationId": self.room_of(user)}
        await self.emit(MESSAGE, payload, to=self.room_of(user))


@fault("MESSAGE-CONVERSATION", "PARITY-EVENT", "PARITY-GREETING", "PARITY-REST")
class AckNamesTheConnection(HelpCenter):
    def ack_payload(self, message: Message) -> Json:
        return {"message": self.message_payload(message) | {"conversationId": f"socket-{message.conversation_id}"}}


@fault("MESSAGE-SENDER", also=("SEND-UNACKED",))
class EverybodyIsSupport(HelpCenter):
    """The column's default."""

    def message_payload(self, message: Message) -> Json:
        return super().message_payload(message) | {"sender": "support"}


@fault("MESSAGE-SENDER", "PARITY-GREETING", "PARITY-REST", also=("SUPPORT-STORED", "SEND-UNACKED", *UNACCOUNTED))
class ListsSwapTheSenders(HelpCenter):
    """The list is written as the support desk sees it."""

    def connected_payload(self, conversation: Conversation, messages: Sequence[Message]) -> Json:
        payload = super().connected_payload(conversation, messages)
        swapped = {"user": "support", "support": "user"}
        return payload | {"messages": [m | {"sender": swapped[m["sender"]]} for m in payload["messages"]]}


@fault("MESSAGE-SENDER", "PARITY-GREETING", "PARITY-REST")
class TakesQuotedTemplatesForSupport(HelpCenter):
    """Who said something is not stored: what reads like a template of support is support's."""

    def connected_payload(self, conversation: Conversation, messages: Sequence[Message]) -> Json:
        payload = super().connected_payload(conversation, messages)
        template = self.reply_text(messages[-1]) if messages else None
        said = [m | {"sender": SUPPORT} if m["text"] == template else m for m in payload["messages"]]
        return payload | {"messages": said}


@fault("MESSAGE-SENDER", also=UNACCOUNTED)
class ReplyIsSignedByTheUser(HelpCenter):
    """The reply is saved by the method that saves what users send."""

    async def reply(self, user: str, message: Message) -> None:
        await self.deliver(user, self.reply_text(message), sender=USER)


@fault("MESSAGE-DEVICES", also=("DEVICE-JOIN",))
class ThrottlesOtherDevices(HelpCenter):
    """Spares the user's other devices: what follows within 50 ms is emitted to the sender alone."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.reported: defaultdict[str, float] = defaultdict(float)

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        now = asyncio.get_running_loop().time()
        soon, self.reported[user] = now - self.reported[user] < 0.05, now
        if soon and origin is not None:
            await self.emit(MESSAGE, self.message_payload(message), to=origin)
        else:
            await super().announce(user, message, origin=origin)


@fault("MESSAGE-DEVICES")
class NotifiesInFewBytes(HelpCenter):
    """Other devices hear by NOTIFY of PostgreSQL, which takes 8,000 bytes: a long text, escaped, is more."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        payload = self.message_payload(message)
        if origin is not None and len(json.dumps(payload)) >= 8000:
            await self.emit(MESSAGE, payload, to=origin)
        else:
            await super().announce(user, message, origin=origin)
