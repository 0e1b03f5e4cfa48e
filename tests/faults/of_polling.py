"""Servers that are right over WebSocket, and over long-polling only as far as valid texts with acks go (section 1)."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import NAMESPACE, USER, Event, Problem
from tests.faults.fault import fault
from tests.faults.of_bursts import GreetsLate
from tests.legal.middleware import Fronted, answer


class Knowing(HelpCenter):
    """Knows which connections poll; right as it stands."""

    def polls(self, sid: str) -> bool:
        engine = self.wire.eio.sockets.get(self.wire.manager.eio_sid_from_sid(sid, NAMESPACE))
        return engine is not None and not (engine.upgraded or engine.upgrading)


@fault("SEND-UNACKED", also=("CONN-POLLING", "REJECT-UNACKED"))
class PostsWithoutAckAreDropped(Knowing):
    """The handler of POSTs looks for the id of an ack first, and throws away what has none."""

    async def on_send(self, event: Event) -> None:
        if not (event.ack is None and self.polls(event.sid)):
            await super().on_send(event)


@fault("TYPING-HARMLESS", also=("CONN-STAYS", "CONN-POLLING"))
class TypingEndsPollingSessions(Knowing):
    """What types is taken to have a WebSocket: its session is not found there, and ended."""

    async def on_typing(self, event: Event) -> None:
        if self.polls(event.sid):
            await self.wire.hang_up(event.sid)


@fault("TYPING-NO-MESSAGE", also=("MESSAGE-SENDER", "PARITY-EVENT"))
class PollersTypeMessages(Knowing):
    """One handler for all that is posted: typing is a message without a text."""

    async def on_typing(self, event: Event) -> None:
        if self.polls(event.sid) and event.sid in self.users:
            await self.deliver(self.users[event.sid], "undefined", sender=USER, origin=event.sid)


@fault("SEND-MAX", "SEND-EMPTY", also=("SEND-BLANK", "CONN-POLLING"))
class PollingIsNotValidated(Knowing):
    """The middleware that validates is on the path of WebSockets alone."""

    async def on_send(self, event: Event) -> None:
        self.loose = self.polls(event.sid)
        await super().on_send(event)

    def check_length(self, text: str) -> None:
        try:
            super().check_length(text)
        except Problem:
            if not self.loose:
                raise


@fault("REJECT-SURVIVED", also=("CONN-STAYS", "CONN-POLLING"))
class PollersAreHungUpForWrongTexts(Knowing):
    """A refused POST is answered, and its session ended."""

    async def reject(self, event: Event, problem: Problem) -> None:
        await super().reject(event, problem)
        if self.polls(event.sid):
            await asyncio.sleep(0.05)
            await self.wire.hang_up(event.sid)


@fault("REJECT-SURVIVED", also=("CONN-STAYS",))
class RefusalsEndOtherDevices(HelpCenter):
    """Who sends what is refused is logged out everywhere but here."""

    async def reject(self, event: Event, problem: Problem) -> None:
        await super().reject(event, problem)
        user = self.users.get(event.sid)
        for sid in [sid for sid, other in self.users.items() if other == user and sid != event.sid]:
            await self.wire.hang_up(sid)


@fault("BURST-AFTER-CONNECT")
class EarlyPostsAreDropped(GreetsLate, Knowing):
    """What is posted before the history was read has no handler yet; sockets get theirs at once."""

    async def on_send(self, event: Event) -> None:
        if event.sid in self.ready or not self.polls(event.sid):
            await super().on_send(event)


@fault("CONN-POLLING", also=("BURST-AFTER-GREETING", "CONN-STAYS"))
class SmallBodiesOnly(Fronted):
    """A proxy takes bodies of 12 kB, whatever the handshake announces: a buffered burst of long texts is larger."""

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        length = int(dict(scope["headers"]).get(b"content-length", b"0"))
        if scope["type"] == "http" and length > 12_000:
            await answer(send, 413, b"too large", (b"connection", b"close"))
        else:
            await inner(scope, receive, send)


# -- the header (2.2) ----------------------------------------------------------------------------------------------


@fault("AUTH-HEADER", also=("CONN-UPGRADE", "SEND-PLAIN"))
class UpgradeForgetsTheHeader(Knowing):
    """Who came by the header is filed under the request of the handshake, which the upgrade replaces."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.by_header: set[str] = set()

    async def on_connect(self, sid: str, environ: dict[str, object], auth: object = None) -> None:
        if self.auth_token(auth) is None and "transport=polling" in str(environ.get("QUERY_STRING", "")):
            self.by_header.add(sid)
        await super().on_connect(sid, environ, auth)

    def sender_of(self, event: Event) -> str:
        if event.sid in self.by_header and not self.polls(event.sid):
            raise self.unauthorized("Who are you?")
        return super().sender_of(event)


@fault("AUTH-HEADER")
class HeaderKnowsOnlyWhoWasHere(HelpCenter):
    """The older way in asks the table of users, into which only the newer one inserts."""

    def authenticate(self, environ: dict[str, object], auth: object) -> str:
        user = super().authenticate(environ, auth)
        if self.auth_token(auth) is None and self.store.find(user) is None:
            raise self.unauthorized("Unknown user.")
        return user
