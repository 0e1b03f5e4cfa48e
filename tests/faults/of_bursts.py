"""Servers that lose, double or mix up messages sent at once, or too early for them (section 6)."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import SUPPORT, USER, Event, Json, Problem
from conformance.reference.store import Message
from tests.faults.fault import fault

DATABASE = 0.03
"""Seconds that a query of a real database may take."""
MOMENT = 0.2
"""Seconds within which two messages count as one burst; less than a quiet window."""
SLOW = 0.5
"""Seconds that reading a long history may take."""

# -- bursts --------------------------------------------------------------------------------------------------------


BURSTS = ("BURST-AFTER-CONNECT", "CONN-WEBSOCKET", "CONN-POLLING", "PIPELINE-ORDER")


@fault("BURST-AFTER-GREETING", also=(*BURSTS, "ACK-CALLED", "ACK-MATCH", "REJECT-UNACKED", "REJECT-NO-OBJECT"))
class TakesOnlyTheLastOfABurst(HelpCenter):
    """Debounces sends."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.latest: dict[str, Event] = {}

    async def on_send(self, event: Event) -> None:
        self.latest[event.sid] = event
        self.spawn(self.debounced(event))

    async def debounced(self, event: Event) -> None:
        await asyncio.sleep(DATABASE)
        if self.latest[event.sid] is event:
            await super().on_send(event)


@fault("BURST-AFTER-GREETING", also=(*BURSTS, "ACK-MATCH", "PARITY-EVENT", "MESSAGE-ECHO", "SEND-VERBATIM"))
class AcksWithTheNewest(HelpCenter):
    """Answers each send with the newest message of the user, read from the database after saving."""

    async def acknowledge(self, event: Event, answer: Json) -> None:
        self.spawn(self.later(event, answer))

    async def later(self, event: Event, answer: Json) -> None:
        await asyncio.sleep(DATABASE)
        user = self.users.get(event.sid)
        if user is not None and "message" in answer:
            own = [m for m in self.store.history(self.store.conversation_of(user)) if m.sender != SUPPORT]
            answer = self.ack_payload(own[-1])
        await super().acknowledge(event, answer)


@fault(
    "BURST-AFTER-GREETING",
    also=(*BURSTS, "SEND-KEPT", "SEND-UNACKED", "PARITY-GREETING", "PARITY-REST", "RECONNECT-RESYNC"),
)
class SavesTheLastOfABurst(HelpCenter):
    """Acks and emits every message, but writes to the database in batches, keyed by second and sender."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.last: defaultdict[str, tuple[float, str]] = defaultdict(lambda: (0.0, ""))

    def save(self, user: str, text: str, *, sender: str) -> Message:
        message = super().save(user, text, sender=sender)
        if sender == USER:
            at, former = self.last[user]
            if time.monotonic() - at < MOMENT:
                with self.store.db:
                    self.store.db.execute("DELETE FROM messages WHERE id = ?", (former,))
            self.last[user] = (time.monotonic(), message.id)
        return message


@fault("BURST-AFTER-GREETING", also=(*BURSTS, "RECONNECT-RESYNC", "HISTORY-ORDER", "SEND-KEPT", "PARITY-GREETING"))
class SavesABurstTwice(HelpCenter):
    """Tries a write again that only took long because others were under way."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.written: defaultdict[str, float] = defaultdict(float)

    def save(self, user: str, text: str, *, sender: str) -> Message:
        if sender == USER and time.monotonic() - self.written[user] < MOMENT:
            super().save(user, text, sender=sender)
        self.written[user] = time.monotonic()
        return super().save(user, text, sender=sender)


class GreetsLate(HelpCenter):
    """Greets once the history has been read; correct by itself."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.ready: set[str] = set()

    async def welcome(self, sid: str, user: str) -> None:
        self.spawn(self.greet_late(sid, user))

    async def greet_late(self, sid: str, user: str) -> None:
        await asyncio.sleep(SLOW)
        self.ready.add(sid)
        await super().welcome(sid, user)


@fault("BURST-AFTER-CONNECT")
class IgnoresSendsBeforeTheGreeting(GreetsLate):
    """The handler is attached after the history was read."""

    async def on_send(self, event: Event) -> None:
        if event.sid in self.ready:
            await super().on_send(event)


@fault("BURST-AFTER-CONNECT")
class RefusesSendsBeforeTheGreeting(GreetsLate):
    """The user is known after the history was read."""

    def sender_of(self, event: Event) -> str:
        if event.sid not in self.ready:
            raise self.unauthorized("This connection has not been let in.")
        return super().sender_of(event)


@fault("BURST-AFTER-CONNECT")
class IsNotReadyBeforeTheGreeting(GreetsLate):
    def sender_of(self, event: Event) -> str:
        if event.sid not in self.ready:
            raise Problem("NOT_READY", "Please wait for the conversation.")
        return super().sender_of(event)


@fault("BURST-AFTER-CONNECT", also=("SEND-KEPT",))
class ForgetsSendsBeforeTheGreeting(GreetsLate):
    """Acks and emits them, but has no conversation yet to save them to."""

    async def on_send(self, event: Event) -> None:
        early = event.sid not in self.ready
        await super().on_send(event)
        if early:
            with self.store.db:
                self.store.db.execute("DELETE FROM messages WHERE text = ?", (self.payload_of(event)["text"],))


@fault("BURST-AFTER-CONNECT")
class AcksEarlySendsWithTheFirst(GreetsLate):
    """Keeps one pending answer for a connection that is not ready."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.pending: dict[str, Json] = {}

    async def acknowledge(self, event: Event, answer: Json) -> None:
        early = event.sid not in self.ready
        await super().acknowledge(event, self.pending.setdefault(event.sid, answer) if early else answer)
