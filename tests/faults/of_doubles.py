"""Servers that take a text for another one that was sent just before (sections 4.5 and 4.6)."""

from __future__ import annotations

import time

from conformance.reference.help_center import HelpCenter
from conformance.reference.store import Message
from tests.faults.fault import fault


class DoubleTaps(HelpCenter):
    """Who says nearly the same within five seconds is answered with the message that is there; right where only the
    very same text has a ``key`` like it, but for the advice to save it again."""

    def key(self, text: str) -> str:
        return text

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        if origin is None:
            return await super().deliver(user, text, sender=sender)
        last = self.__dict__.setdefault("last", {})
        key = (user, self.key(text))
        message, at = last.get(key, (None, 0.0))
        if message is None or message.text == text or time.monotonic() - at > 5.0:
            message = await super().deliver(user, text, sender=sender, origin=origin)
            last[key] = (message, time.monotonic())
        return message


@fault("SEND-VERBATIM", also=("SEND-TWICE", "ACK-MATCH"))
class DoubleTapsIgnoreCase(DoubleTaps):
    """A guard against double taps that compares as its column does, without case."""

    def key(self, text: str) -> str:
        return text.casefold()


@fault("SEND-VERBATIM", also=("SEND-TWICE", "ACK-MATCH"))
class DoubleTapsByBeginning(DoubleTaps):
    """A guard against double taps that compares the first hundred characters."""

    def key(self, text: str) -> str:
        return text[:100]
