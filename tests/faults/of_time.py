"""Servers whose messages have a wrong instant over every channel, or are emitted and not kept (section 4.2)."""

from __future__ import annotations

import itertools
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import USER
from conformance.reference.store import Message, Store
from tests.faults.fault import fault

HOUR = 3600 * 1000
"""Milliseconds."""


@fault("MESSAGE-TIME")
class WritesLocalTimeWithZ(HelpCenter):
    """Two hours east of Greenwich."""

    def instant(self, milliseconds: int) -> str:
        return super().instant(milliseconds + 2 * HOUR)


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


@fault("MESSAGE-STORED", also=("CONN-UPGRADE", "MESSAGE-ONCE", "PARITY-EVENT", "REJECT-EMITTED"))
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
