"""Servers that are wrong about devices that leave, are cut off, or come and go (sections 4.2 and 6)."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter, defaultdict
from typing import Any

from engineio.packet import PONG

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MESSAGE, NAMESPACE, Event, Json, Problem
from conformance.reference.store import Message
from tests.faults.fault import fault
from tests.faults.of_transports import Engines

TAKES = 0.05
"""Seconds that a query or a push notification takes."""

# -- cut off in flight ---------------------------------------------------------------------------------------------


class SendsInTasks(HelpCenter):
    """A correct server that handles each send in a task of its own, those of one user one after the other."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sending: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def on_send(self, event: Event) -> None:
        self.spawn(super().on_send(event))


@fault("ACK-CALLED")
class CutOffKeepsItsLock(SendsInTasks):
    """The send of a device that is cut off ends with its connection, and leaves the user's lock held."""

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        if origin is None:
            return await super().deliver(user, text, sender=sender)
        await self.sending[user].acquire()
        message = await super().deliver(user, text, sender=sender, origin=origin)
        await asyncio.sleep(TAKES)
        if origin in self.users:
            self.sending[user].release()
        return message


@fault("MESSAGE-DEVICES")
class SendsEndWithTheirConnection(SendsInTasks):
    """The send of a device that is cut off is cancelled after it has been saved, and before it is emitted."""

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        if origin is None:
            return await super().deliver(user, text, sender=sender)
        async with self.sending[user]:
            message = self.save(user, text, sender=sender)
            await asyncio.sleep(TAKES)
            if origin in self.users:
                await self.announce(user, message, origin=origin)
        return message


@fault("CONNECTED-SENT")
class LeavingBeforeItsGreetingKeepsTheLock(HelpCenter):
    """The greeting of a device that has left fails while the user's lock is held."""

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        try:
            user = self.authenticate(environ, auth)
        except Problem as problem:
            await self.refuse(sid, problem)
        else:
            self.spawn(self.admit(sid, user))

    async def admit(self, sid: str, user: str) -> None:
        self.users[sid] = user
        await self.locks[user].acquire()
        await self.join(sid, user)
        await asyncio.sleep(TAKES)
        if sid not in self.users:
            raise ConnectionError("the socket is closed")
        await self.welcome(sid, user)
        self.locks[user].release()


# -- tokens that expire, and time ----------------------------------------------------------------------------------


class KnowsExpiries(HelpCenter):
    """A correct server that knows when each token that it lets in expires."""

    def authenticate(self, environ: Json, auth: object) -> str:
        user = super().authenticate(environ, auth)
        claims = self.verifier.unverified(self.verifier.text(self.token_of(environ, auth)))
        self.lets_in(user, float(claims["exp"]))
        return user

    def lets_in(self, user: str, until: float) -> None:
        """A good token of a user, which expires then, has been presented."""


@fault("TOKEN-REFRESHED", also=("SEND-PLAIN",))
class KeepsTheFirstExpiry(KnowsExpiries):
    """The session of a user ends when its first token does, whatever came since."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.until: dict[str, float] = {}

    def lets_in(self, user: str, until: float) -> None:
        self.until.setdefault(user, until)

    def sender_of(self, event: Event) -> str:
        user = super().sender_of(event)
        if self.until[user] < time.time():
            raise self.unauthorized("The session has expired.")
        return user


@fault("CONN-STAYS")
class ExpiryEndsTheRoom(KnowsExpiries):
    """When a token expires, all devices of its user are disconnected."""

    def lets_in(self, user: str, until: float) -> None:
        self.spawn(self.end(user, until - time.time()))

    async def end(self, user: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        for sid in [sid for sid, other in self.users.items() if other == user]:
            await self.disconnect(sid)


@fault("MESSAGE-DEVICES", also=("CONN-UPGRADE", "DEVICE-JOIN"))
class PresenceExpires(HelpCenter):
    """Whoever has sent nothing for five seconds is taken to be offline."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.seen: dict[str, float] = {}

    async def join(self, sid: str, user: str) -> None:  # noqa: ARG002
        self.seen[sid] = time.monotonic()

    async def receive(self, event: Event) -> None:
        self.seen[event.sid] = time.monotonic()
        await super().receive(event)

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:  # noqa: ARG002
        for sid in [sid for sid, other in self.users.items() if other == user]:
            if self.seen.get(sid, 0) > time.monotonic() - 5:
                await self.emit(MESSAGE, self.message_payload(message), to=sid)


@fault("CONN-STAYS", also=("DEVICE-COEXIST",))
class PongsOverPollingAreLost(Engines):
    """Pings every five seconds, waits for five, and reads no pong that is posted."""

    def wire_options(self) -> dict[str, Any]:
        return {"ping_interval": 5, "ping_timeout": 5}

    def change(self, engine: Any) -> None:
        receive = engine.receive

        async def but_pongs(packet: Any) -> None:
            if packet.packet_type != PONG or engine.upgraded:
                await receive(packet)

        engine.receive = but_pongs


# -- beside each other ---------------------------------------------------------------------------------------------


@fault("MESSAGE-ECHO", "MESSAGE-DEVICES", also=("SUPPORT-EMITTED", "RECONNECT-GREETED"))
class PollersShareAMailbox(Engines):
    """What a user's polling devices are to hear waits in one mailbox: whoever polls next takes it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.turns = itertools.count()

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:  # noqa: ARG002
        own = [sid for sid, other in self.users.items() if other == user]
        polling = [sid for sid in own if self.polls(sid)]
        others = [sid for sid in own if sid not in polling]
        for sid in [*others, *polling[next(self.turns) % max(1, len(polling)) :][:1]]:
            await self.emit(MESSAGE, self.message_payload(message), to=sid)

    def polls(self, sid: str) -> bool:
        engine = self.wire.eio.sockets.get(self.wire.manager.eio_sid_from_sid(sid, NAMESPACE))
        return engine is not None and not (engine.upgraded or engine.upgrading)


@fault("REFUSAL-EVENT")
class OneRefusalForEachToken(HelpCenter):
    """A job writes the refusal, and there is one for each token at a time: whoever shows it meanwhile is cut off."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.shown: dict[str, str] = {}
        self.jobs: set[str] = set()

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        self.shown[sid] = repr((auth, environ.get("HTTP_AUTHORIZATION")))
        await super().on_connect(sid, environ, auth)

    async def refuse(self, sid: str, problem: Problem) -> None:
        if self.shown[sid] in self.jobs:
            await self.disconnect(sid)
            return
        self.jobs.add(self.shown[sid])
        await asyncio.sleep(TAKES)
        await super().refuse(sid, problem)
        self.jobs.discard(self.shown[sid])


# -- many come and go ----------------------------------------------------------------------------------------------


@fault("MESSAGE-ECHO", also=("SUPPORT-EMITTED", "MESSAGE-DEVICES"))
class KeepsTheLastFiveConnections(HelpCenter):
    """LPUSH and LTRIM when a device comes, and nothing when it goes."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.last: defaultdict[str, list[str]] = defaultdict(list)

    async def join(self, sid: str, user: str) -> None:
        self.last[user] = [sid, *self.last[user]][:5]

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:  # noqa: ARG002
        for sid in self.last[user]:
            await self.emit(MESSAGE, self.message_payload(message), to=sid)


@fault("MESSAGE-ECHO", also=("SUPPORT-EMITTED", "MESSAGE-DEVICES"))
class NeverUnsubscribes(HelpCenter):
    """The broker allows twelve subscriptions to each user, and those of devices that have gone stay."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.subscribed: Counter[str] = Counter()

    async def join(self, sid: str, user: str) -> None:
        self.subscribed[user] += 1
        if self.subscribed[user] <= 12:
            await super().join(sid, user)
