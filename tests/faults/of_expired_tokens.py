"""Servers that are wrong about tokens whose time is up, also while a device is connected (sections 2.2 and 6)."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import USER, Event, Json, Problem
from conformance.reference.store import Message
from conformance.reference.tokens import BadToken, Verifier
from tests.faults.fault import fault


@fault("AUTH-EXPIRED", "REST-EXPIRY")
class IgnoresExpiry(Verifier):
    """Verifies the signature, and that is that."""

    def check_expiry(self, claims: dict[str, Any]) -> None:
        pass


@fault("AUTH-EXPIRED", "REST-EXPIRY")
class TakesMillisecondsForSeconds(Verifier):
    """Divides the clock once too often."""

    def now(self) -> float:
        return super().now() / 1000


@fault("AUTH-EXPIRED", "REST-EXPIRY")
class ExpiresInLocalTime(Verifier):
    """Compares the clock on a wall in Berlin, in winter, with one in Greenwich: every token lives an hour longer."""

    def check_expiry(self, claims: dict[str, Any]) -> None:
        if "exp" in claims and self.instant(claims["exp"]) + 3600 <= self.now():
            raise BadToken("The token has expired.")


@fault("AUTH-EXPIRED")
class IgnoresExpiryOnTheSocket(HelpCenter):
    """The socket's guard is another one than REST's."""

    def authenticate(self, environ: Json, auth: object) -> str:
        try:
            return super().authenticate(environ, auth)
        except Problem:
            token = self.token_of(environ, auth)
            try:
                return self.verifier.subject(self.verifier.claims(self.verifier.text(token)))
            except BadToken as bad:
                raise self.unauthorized(str(bad)) from bad


# -- while their device is connected -------------------------------------------------------------------------------


class KnowsWhenTheyExpire(HelpCenter):
    """A correct server that keeps when the token of each connection expires."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.ends: dict[str, float] = {}

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        with suppress(BadToken):
            claims = self.verifier.claims(self.verifier.text(self.token_of(environ, auth)))
            self.ends[sid] = claims.get("exp", math.inf)
        await super().on_connect(sid, environ, auth)

    def has_expired(self, sid: str) -> bool:
        return time.time() >= self.ends.get(sid, math.inf)


@fault("SEND-KEPT")
class AcksTheExpiredAndDrops(KnowsWhenTheyExpire):
    """What comes on such a connection is acked and emitted; the policy of the database refuses the row, and nobody
    looks."""

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        if origin is None or not self.has_expired(origin):
            return await super().deliver(user, text, sender=sender, origin=origin)
        conversation = self.store.conversation_of(user)
        message = Message(self.store.new_id(), conversation.id, sender, text, self.store.now())
        await self.announce(user, message, origin=origin)
        return message


@fault("ACK-CALLED")
class NoAckForTheExpired(KnowsWhenTheyExpire):
    """What comes on such a connection is dropped: no ack, no error, no disconnect."""

    async def on_send(self, event: Event) -> None:
        if not self.has_expired(event.sid):
            await super().on_send(event)


@fault("REJECT-STORED")
class ExpiredAreHeardAgain(KnowsWhenTheyExpire):
    """What comes on such a connection is answered with an error, and stored all the same."""

    async def on_send(self, event: Event) -> None:
        if self.has_expired(event.sid):
            self.save(self.sender_of(event), self.validate(self.payload_of(event)), sender=USER)
            await self.reject(event, self.unauthorized("The token has expired."))
        else:
            await super().on_send(event)
