"""Servers that lose what was said, or list it wrongly (sections 4.1, 4.6, 7 and 9)."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import CONNECTED, MESSAGE, USER, Event, Json
from conformance.reference.store import Conversation, Message, Store
from tests.faults.fault import fault

RESYNC = ("RECONNECT-RESYNC", "TOKEN-REFRESHED", "BURST-AFTER-GREETING", "BURST-AFTER-CONNECT", "CONN-UPGRADE")

# -- what support says -------------------------------------------------------------------------------------------


@fault("SUPPORT-EMITTED")
class ReplyIsNotEmitted(HelpCenter):
    async def reply(self, user: str, message: Message) -> None:
        self.save(user, self.reply_text(message), sender="support")


@fault("SUPPORT-STORED")
class ReplyIsNotStored(HelpCenter):
    async def reply(self, user: str, message: Message) -> None:
        async with self.locks[user]:
            name, owner = self.store.new_id(), self.store.conversation_of(user)
            answer = Message(name, owner.id, "support", self.reply_text(message), self.store.now())
            await self.announce(user, answer, origin=None)


@fault("SUPPORT-STORED")
class ReplyIsStoredAsItsTemplate(HelpCenter):
    """The event carries the text, the table the key of the text."""

    async def reply(self, user: str, message: Message) -> None:
        async with self.locks[user]:
            answer = self.save(user, "auto_reply.default", sender="support")
            payload = self.message_payload(answer) | {"text": self.reply_text(message)}
            await self.emit(MESSAGE, payload, to=self.room_of(user))


@fault("SUPPORT-STORED", also=("SUPPORT-EMITTED",))
class ReplyIsStoredUnderAnotherId(HelpCenter):
    async def reply(self, user: str, message: Message) -> None:
        async with self.locks[user]:
            answer = self.save(user, self.reply_text(message), sender="support")
            await self.emit(MESSAGE, self.message_payload(answer) | {"id": f"reply-{answer.id}"}, to=self.room_of(user))


# -- the list ----------------------------------------------------------------------------------------------------

LOST = (*RESYNC, "SEND-VERBATIM", "SUPPORT-STORED", "REST-SAME", "SEND-UNACKED", "HISTORY-DEPTH")


class Lists(Store):
    """A store that lists messages otherwise; right as it stands."""

    def history(self, conversation: Conversation) -> list[Message]:
        return self.listed(super().history(conversation))

    def listed(self, messages: list[Message]) -> list[Message]:
        return messages


@fault("HISTORY-ORDER", also=("PIPELINE-ORDER",))
class ListsTheNewestFirst(Lists):
    def listed(self, messages: list[Message]) -> list[Message]:
        return messages[::-1]


@fault("HISTORY-ORDER", also=("PIPELINE-ORDER",))
class ListsById(Lists):
    """ORDER BY id, and the ids are random."""

    def listed(self, messages: list[Message]) -> list[Message]:
        return sorted(messages, key=lambda message: message.id)


@fault("HISTORY-DEPTH", also=("PIPELINE-ORDER",))
class ListsTheLastTen(Lists):
    def listed(self, messages: list[Message]) -> list[Message]:
        return messages[-10:]


@fault("HISTORY-DEPTH")
class RestListsTheLastFive(HelpCenter):
    def rest_payload(self, user: str) -> Json:
        payload = self.snapshot(user)
        return payload | {"messages": payload["messages"][-5:]}


@fault("SEND-KEPT", also=LOST)
class ListsTheFirstTwenty(Lists):
    """LIMIT 20 without ORDER BY … DESC."""

    def listed(self, messages: list[Message]) -> list[Message]:
        return messages[:20]


class Silent(HelpCenter):
    """Support does not reply by itself, and the store lists ``messages[:MOST]``."""

    MOST = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options, auto_reply=False)

    def snapshot(self, user: str) -> Json:
        payload = super().snapshot(user)
        return payload | {"messages": payload["messages"][: self.MOST]}


@fault("SEND-KEPT", also=LOST)
class ListsTheFirstHundred(Silent):
    """LIMIT 100"""

    MOST = 100


@fault("SEND-KEPT", also=LOST)
class ListsTheFirst250(Silent):
    MOST = 250


@fault("SEND-KEPT", also=LOST)
class GreetsWithoutRepeats(HelpCenter):
    """The greeting joins archive and live table by UNION instead of UNION ALL: what was said twice is there once."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options, auto_reply=False)

    async def welcome(self, sid: str, user: str) -> None:
        whole = self.snapshot(user)
        said = {(one["sender"], one["text"]): one for one in reversed(whole["messages"])}
        await self.emit(CONNECTED, whole | {"messages": list(said.values())[::-1]}, to=sid)


@fault("SEND-KEPT", also=LOST)
class ListsAllButTheLast(Lists):
    """The cursor of the page excludes the newest message."""

    def listed(self, messages: list[Message]) -> list[Message]:
        return messages[:-2]


@fault("SEND-KEPT", also=LOST)
class ListsWhatSupportSaid(Lists):
    """The query joins the agents' table."""

    def listed(self, messages: list[Message]) -> list[Message]:
        return [message for message in messages if message.sender != USER]


@fault("SEND-KEPT", also=LOST)
class ForgetsEveryFifth(HelpCenter):
    """An insert is rolled back now and then, after the ack."""

    numbers = itertools.count(1)

    async def on_send(self, event: Event) -> None:
        await super().on_send(event)
        if next(self.numbers) % 5 == 0:
            self.store.db.execute("DELETE FROM messages WHERE number = (SELECT max(number) FROM messages)")


@fault("SEND-KEPT", also=(*LOST, "DEVICE-JOIN"))
class ListsWhatIsOlderThanThisSecond(Lists):
    """``created_at <= NOW()``, which is a whole second in MySQL."""

    def listed(self, messages: list[Message]) -> list[Message]:
        now = self.now() // 1000 * 1000
        return [message for message in messages if message.created_at <= now]


@fault("SEND-KEPT", also=(*LOST, "REST-FIRST"))
class RestIsCached(HelpCenter):
    """REST answers each user from a cache that no send empties."""

    def rest_payload(self, user: str) -> Json:
        cache = self.__dict__.setdefault("cache", {})
        return dict(cache.setdefault(user, self.snapshot(user)))


@fault("SEND-KEPT", also=LOST)
class ListsNothing(Lists):
    """The greeting is there, and its list is always empty."""

    def listed(self, messages: list[Message]) -> list[Message]:  # noqa: ARG002
        return []


@fault("SEND-KEPT", also=(*LOST, "HISTORY-ORDER", "PIPELINE-ORDER", "DEVICE-JOIN", "SUPPORT-EMITTED"))
class WritesBehind(HelpCenter):
    """Messages reach the database a second after the ack; until then they are only in memory."""

    def save(self, user: str, text: str, *, sender: str) -> Message:
        conversation = self.store.conversation_of(user)
        message = Message(self.store.new_id(), conversation.id, sender, text, self.store.now())
        self.spawn(self.written(message))
        return message

    async def written(self, message: Message) -> None:
        await asyncio.sleep(1)
        row = (message.id, message.conversation_id, message.sender, message.text, message.created_at)
        self.store.db.execute(
            "INSERT INTO messages (id, conversation_id, sender, text, created_at) VALUES (?, ?, ?, ?, ?)", row
        )


@fault("RECONNECT-RESYNC", also=("BURST-AFTER-GREETING", "CONN-UPGRADE", "PIPELINE-ORDER"))
class HandlesAgainWhatIsNotConfirmed(HelpCenter):
    """A queue that delivers at least once: the confirmation of each user's first message is lost, and seconds later it
    is saved once more. Its event is not repeated."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.confirmed: set[str] = set()

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        message = await super().deliver(user, text, sender=sender, origin=origin)
        if user not in self.confirmed:
            self.confirmed.add(user)
            self.spawn(self.again(user, text))
        return message

    async def again(self, user: str, text: str) -> None:
        await asyncio.sleep(2.5)
        self.save(user, text, sender=USER)


# -- after a while ---------------------------------------------------------------------------------------------------


@fault("SEND-KEPT")
class HidesLinksLater(HelpCenter):
    """Who moderates takes two seconds; what has a link is flagged then, and not shown any more."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.flagged: set[str] = set()

    def snapshot(self, user: str) -> Json:
        conversation = self.store.conversation_of(user)
        shown = [m for m in self.store.history(conversation) if m.id not in self.flagged]
        return self.connected_payload(conversation, shown)

    def save(self, user: str, text: str, *, sender: str) -> Message:
        message = super().save(user, text, sender=sender)
        if "://" in text:
            self.spawn(self.flag(message.id))
        return message

    async def flag(self, name: str) -> None:
        await asyncio.sleep(2)
        self.flagged.add(name)


@fault("SEND-KEPT", also=("CONNECTED-CONVERSATION", "MESSAGE-CONVERSATION", *RESYNC, "REST-SAME", "SUPPORT-STORED"))
class KeepsAHundredConversations(Store):
    """A cache is the database: ``new LRUCache({max: 100})`` forgets whoever was not here for the longest."""

    def __init__(self) -> None:
        super().__init__()
        self.recent: dict[str, str] = {}

    def conversation_of(self, user: str) -> Conversation:
        with self._lock:
            found = super().conversation_of(user)
            self.recent.pop(user, None)
            self.recent[user] = found.id
            if len(self.recent) > 100:
                oldest = self.recent.pop(next(iter(self.recent)))
                with self.db:
                    self.db.execute("DELETE FROM messages WHERE conversation_id = ?", (oldest,))
                    self.db.execute("DELETE FROM conversations WHERE id = ?", (oldest,))
        return found
