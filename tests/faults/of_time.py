"""Servers whose messages or conversations have a wrong instant over every channel, or whose messages are emitted and
not kept (sections 4.1 and 4.2)."""

from __future__ import annotations

import itertools
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import SUPPORT, USER, Json
from conformance.reference.store import Conversation, Message, Store
from tests.faults.fault import fault

HOUR = 3600 * 1000
"""Milliseconds."""


@fault("MESSAGE-TIME", also=("CONNECTED-TIME",))
class WritesLocalTimeWithZ(HelpCenter):
    """Two hours east of Greenwich."""

    def instant(self, milliseconds: int) -> str:
        return super().instant(milliseconds + 2 * HOUR)


@fault("MESSAGE-TIME")
class SupportIsInAnotherTimeZone(HelpCenter):
    """The worker that answers runs on another machine, three hours west of Greenwich."""

    def message_payload(self, message: Message) -> Json:
        payload = super().message_payload(message)
        if message.sender == SUPPORT:
            payload["createdAt"] = self.instant(message.created_at - 3 * HOUR)
        return payload


@fault("MESSAGE-TIME")
class ReadsTheColumnAsLocalTime(HelpCenter):
    """Five and a half hours east of Greenwich, in either direction."""

    def instant(self, milliseconds: int) -> str:
        return super().instant(milliseconds - 11 * HOUR // 2)


@fault("MESSAGE-TIME")
class ForgetsTheAfternoon(HelpCenter):
    """A clock of twelve hours without am and pm, at a place where it is past noon."""

    def instant(self, milliseconds: int) -> str:
        return super().instant(milliseconds - 12 * HOUR)


@fault("MESSAGE-TIME")
class DefaultIsEvaluatedOnce(Store):
    """``createdAt = Column(default=now())``"""

    def __init__(self) -> None:
        super().__init__()
        self.started = super().now()

    def now(self) -> int:
        return self.started


@fault("MESSAGE-TIME")
class MessagesAreAsOldAsTheirConversation(HelpCenter):
    """The join takes the wrong createdAt."""

    def message_payload(self, message: Message) -> Any:
        began = self.store.db.execute("SELECT created_at FROM conversations WHERE id = ?", (message.conversation_id,))
        return super().message_payload(message) | {"createdAt": self.instant(began.fetchone()[0])}


@fault("MESSAGE-STORED", also=("MESSAGE-ONCE", "PARITY-EVENT", "REJECT-EMITTED"))
class EmitsInsideTheTransaction(HelpCenter):
    """Every fifth transaction is rolled back, after its event, and tried again."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.transactions = itertools.count(1)
        super().__init__(*arguments, **options)

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        if message.sender == USER and next(self.transactions) % 5 == 0:
            values = (self.store.new_id(), message.conversation_id, USER, message.text, message.created_at)
            await super().announce(user, Message(*values), origin=origin)
        await super().announce(user, message, origin=origin)


@fault("CONNECTED-TIME")
class LeavesTheTimeUnset(HelpCenter):
    """The zero of Go's ``time.Time``."""

    def conversation_payload(self, conversation: Conversation) -> Json:
        return super().conversation_payload(conversation) | {"updatedAt": "0001-01-01T00:00:00Z"}


@fault("CONNECTED-TIME")
class ConversationsBeginInLocalTime(HelpCenter):
    """The table of conversations has another type of column than that of messages; nine hours east of Greenwich."""

    def conversation_payload(self, conversation: Conversation) -> Json:
        began = self.instant(conversation.created_at + 9 * HOUR)
        return super().conversation_payload(conversation) | {"createdAt": began}


@fault("CONNECTED-TIME")
class BeginsWithItsLastMessage(HelpCenter):
    """The wrong column of the two: every message makes the conversation a new one."""

    def conversation_payload(self, conversation: Conversation) -> Json:
        return super().conversation_payload(conversation) | {"createdAt": self.instant(conversation.updated_at)}


BURSTS = ("BURST-AFTER-CONNECT", "BURST-AFTER-GREETING", "RECONNECT-RESYNC", "SEND-UNACKED")


@fault("SEND-KEPT", also=("SUPPORT-STORED", *BURSTS))
class SortKeyIsTheMillisecond(Store):
    """PRIMARY KEY (conversation, created_at), and an insert is an upsert: of two in one millisecond the last stays."""

    def _insert(self, conversation: Conversation, texts: Any, sender: str) -> list[Message]:
        messages = super()._insert(conversation, texts, sender)
        same = "DELETE FROM messages WHERE conversation_id = ? AND created_at = ? AND id != ?"
        with self._lock, self.db:
            for one in messages:
                self.db.execute(same, (conversation.id, one.created_at, one.id))
        return messages
