"""Servers whose message ids are not unique, or that list a message twice (sections 4.1, 4.2 and 5)."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Json
from conformance.reference.store import Conversation, Message
from tests.faults.fault import fault

RESYNC = ("RECONNECT-RESYNC", "TOKEN-REFRESHED", "BURST-AFTER-GREETING", "BURST-AFTER-CONNECT", "CONN-UPGRADE")


@fault("MESSAGE-ID", also=("MESSAGE-ONCE", "HISTORY-ORDER", "PARITY-TIME", "SEND-TWICE", *RESYNC))
class IdsAreSeconds(HelpCenter):
    """The id is the time."""

    def message_payload(self, message: Message) -> Json:
        return super().message_payload(message) | {"id": str(message.created_at // 1000)}


@fault("MESSAGE-ID")
class CountsInTwoTables(HelpCenter):
    """What users say and what support says has a table each, with an AUTO_INCREMENT of its own."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.counted: dict[str, int] = {}
        self.numbers: defaultdict[str, Iterator[int]] = defaultdict(lambda: itertools.count(1))

    def save(self, user: str, text: str, *, sender: str) -> Message:
        message = super().save(user, text, sender=sender)
        self.counted[message.id] = next(self.numbers[sender])
        return message

    def message_payload(self, message: Message) -> Json:
        return super().message_payload(message) | {"id": str(self.counted[message.id])}


@fault("MESSAGE-ID")
class ReplyHasTheIdOfTheQuestion(HelpCenter):
    """The reply is made by copying the question."""

    async def reply(self, user: str, message: Message) -> None:
        copied = self.__dict__.setdefault("copied", {})
        async with self.locks[user]:
            answer = self.save(user, self.reply_text(message), sender="support")
            copied[answer.id] = message.id
            await self.announce(user, answer, origin=None)

    def message_payload(self, message: Message) -> Json:
        name = self.__dict__.get("copied", {}).get(message.id, message.id)
        return super().message_payload(message) | {"id": name}


@fault("MESSAGE-ID", also=("MESSAGE-ONCE", *RESYNC))
class ListsMessagesTwice(HelpCenter):
    """A join with the attachments table multiplies the rows."""

    def connected_payload(self, conversation: Conversation, messages: Sequence[Message]) -> Json:
        return super().connected_payload(conversation, [m for m in messages for _ in range(2)])
