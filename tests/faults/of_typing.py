"""Servers that make too much of typing (sections 3.2 and 4.3)."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MESSAGE, NAMESPACE, SUPPORT, TYPING, USER, Event
from conformance.reference.store import Message
from tests.faults.fault import fault


def documented(event: Event) -> bool:
    """Whether a typing event is one of those that the document describes."""
    return len(event.args) == 1 and isinstance(event.args[0], dict) and isinstance(event.args[0].get("isTyping"), bool)


class Mutes(HelpCenter):
    """Refuses everything on a connection once ``mute`` was called."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.muted: set[str] = set()

    async def on_send(self, event: Event) -> None:
        if event.sid in self.muted:
            await self.reject(event, self.server_problem())
        else:
            await super().on_send(event)


class Emits(HelpCenter):
    """Makes a message of typing."""

    async def emit_typing(self, event: Event) -> None:
        user = self.sender_of(event)
        conversation = self.store.conversation_of(user)
        message = Message(self.store.new_id(), conversation.id, USER, "is typing", self.store.now())
        await self.emit(MESSAGE, self.message_payload(message), to=self.room_of(user))


# -- documented typing ---------------------------------------------------------------------------------------------


@fault("TYPING-HARMLESS", also=("TYPING-ODD", "CONN-STAYS"))
class DisconnectsOnTyping(HelpCenter):
    async def on_typing(self, event: Event) -> None:
        await self.disconnect(event.sid)


@fault("TYPING-HARMLESS", also=("TYPING-ODD", "CONN-STAYS"))
class HangsUpOnTyping(HelpCenter):
    async def on_typing(self, event: Event) -> None:
        await self.wire.hang_up(event.sid)


@fault("TYPING-HARMLESS", also=("CONN-STAYS",))
class FailsToStopTyping(HelpCenter):
    """A timer stops what was not stopped within two seconds; its callback fails, and takes the connection with it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.signals: Counter[str] = Counter()

    async def on_typing(self, event: Event) -> None:
        self.signals[event.sid] += 1
        if documented(event) and event.args[0] == {"isTyping": True}:
            self.spawn(self.stop(event.sid, self.signals[event.sid]))

    async def stop(self, sid: str, signal: int) -> None:
        await asyncio.sleep(2)
        if self.signals[sid] == signal:
            await self.wire.hang_up(sid)


@fault("TYPING-HARMLESS", also=("CONN-STAYS",))
class TakesTypingForAFlood(HelpCenter):
    """The eleventh typing event within ten seconds ends the connection; an app emits one at each key."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.typed: defaultdict[str, deque[float]] = defaultdict(deque)

    async def on_typing(self, event: Event) -> None:
        lately, now = self.typed[event.sid], asyncio.get_running_loop().time()
        lately.append(now)
        while lately[0] < now - 10:
            lately.popleft()
        if len(lately) > 10:
            await self.disconnect(event.sid)


@fault("TYPING-HARMLESS", also=("ERROR-UNPROVOKED",))
class KnowsNoTyping(HelpCenter):
    """Answers events without a handler with an error."""

    async def on_typing(self, event: Event) -> None:
        await self.emit_error(event.sid, self.server_problem())


@fault("TYPING-HARMLESS", also=("TYPING-ODD", "SEND-PLAIN"))
class TakesNoTextAfterTyping(Mutes):
    async def on_typing(self, event: Event) -> None:
        self.muted.add(event.sid)


@fault("ACK-CALLED", also=("TYPING-HARMLESS",))
class DropsWhatFollowsMuchTyping(HelpCenter):
    """Each connection has a bucket of forty typing events, two more a second; while it is empty, nothing is read."""

    MOST, RATE = 40.0, 2.0

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.buckets: dict[str, tuple[float, float]] = {}

    async def receive(self, event: Event) -> None:
        now = asyncio.get_running_loop().time()
        left, since = self.buckets.get(event.sid, (self.MOST, now))
        left = min(self.MOST, left + self.RATE * (now - since))
        if event.name == TYPING:
            left = max(0.0, left - 1)
        self.buckets[event.sid] = (left, now)
        if left >= 1:
            await super().receive(event)


@fault("TYPING-NO-MESSAGE", also=("TYPING-ODD",))
class StoresTyping(HelpCenter):
    """One handler for both events."""

    async def on_typing(self, event: Event) -> None:
        self.save(self.sender_of(event), "undefined", sender=USER)


@fault("TYPING-NO-MESSAGE", also=("TYPING-ODD", "MESSAGE-ECHO"))
class EmitsTypingAsMessage(Emits):
    async def on_typing(self, event: Event) -> None:
        await self.emit_typing(event)


@fault("TYPING-ECHO")
class RelaysTypingToAllDevices(HelpCenter):
    """To the room of the user, where support will be one day."""

    async def on_typing(self, event: Event) -> None:
        if documented(event):
            typing = {"isTyping": event.args[0]["isTyping"], "sender": SUPPORT}  # type: ignore[index]
            await self.emit(TYPING, typing, to=self.room_of(self.sender_of(event)))


@fault("TYPING-ECHO")
class RelaysTypingToOtherDevices(HelpCenter):
    """``socket.to(room)``."""

    async def on_typing(self, event: Event) -> None:
        if documented(event):
            typing = {"isTyping": event.args[0]["isTyping"], "sender": SUPPORT}  # type: ignore[index]
            room = self.room_of(self.sender_of(event))
            await self.wire.emit(TYPING, typing, to=room, skip_sid=event.sid, namespace=NAMESPACE)


@fault("TYPING-ECHO")
class ReturnsTyping(HelpCenter):
    """What the handler returns is emitted to the client, as NestJS does."""

    async def on_typing(self, event: Event) -> None:
        if documented(event):
            await self.emit(TYPING, {"isTyping": True, "sender": SUPPORT}, to=event.sid)


@fault("TYPING-SHAPE")
class RelaysTypingAsItCame(HelpCenter):
    async def on_typing(self, event: Event) -> None:
        if documented(event):
            await self.emit(TYPING, event.args[0], to=event.sid)  # type: ignore[arg-type]


@fault("TYPING-SHAPE")
class RelaysTypingOfTheUser(HelpCenter):
    """With the sender that the document does not have here."""

    async def on_typing(self, event: Event) -> None:
        if documented(event):
            await self.emit(TYPING, {"isTyping": True, "sender": USER}, to=event.sid)


@fault("TYPING-SHAPE")
class SupportTypesInWords(HelpCenter):
    """Support's typing comes before its answer, and its flag is a string."""

    async def reply(self, user: str, message: Message) -> None:
        await self.emit(TYPING, {"isTyping": "true", "sender": SUPPORT}, to=self.room_of(user))
        await super().reply(user, message)


# -- odd typing ----------------------------------------------------------------------------------------------------


@fault("TYPING-ODD")
class DisconnectsOnOddTyping(HelpCenter):
    async def on_typing(self, event: Event) -> None:
        if not documented(event):
            await self.disconnect(event.sid)


@fault("TYPING-ODD")
class HangsUpOnTypingWithoutPayload(HelpCenter):
    """An exception that is not caught."""

    async def on_typing(self, event: Event) -> None:
        if not event.args or event.args[0] is None:
            await self.wire.hang_up(event.sid)


@fault("TYPING-ODD")
class TakesNoTextAfterOddTyping(Mutes):
    async def on_typing(self, event: Event) -> None:
        if not documented(event):
            self.muted.add(event.sid)


@fault("TYPING-ODD")
class StoresOddTyping(HelpCenter):
    """A string is a string."""

    async def on_typing(self, event: Event) -> None:
        if event.args and isinstance(event.args[0], str):
            self.save(self.sender_of(event), event.args[0], sender=USER)


@fault("TYPING-ODD", also=("MESSAGE-ECHO",))
class EmitsOddTypingAsMessage(Emits):
    async def on_typing(self, event: Event) -> None:
        if not documented(event):
            await self.emit_typing(event)
