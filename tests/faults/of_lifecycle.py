"""Servers that are wrong about coming back, new tokens and the first contact (sections 4.1 and 6)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from starlette.requests import Request

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MESSAGE, USER, Json, Problem
from conformance.reference.store import Conversation, Message, Store
from conformance.reference.tokens import BadToken, Verifier
from tests.faults.fault import fault
from tests.support.recovery import Recovers

# -- coming back ---------------------------------------------------------------------------------------------------


@fault("RECONNECT-GREETED", also=("CONNECTED-SENT", "AUTH-HEADER", "AUTH-PREFIXED", "FIRST-CONTACT"))
class GreetsAUserOnce(HelpCenter):
    """Keeps who was greeted by user, not by connection."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.greeted: set[str] = set()

    async def welcome(self, sid: str, user: str) -> None:
        if user not in self.greeted:
            self.greeted.add(user)
            await super().welcome(sid, user)


@fault("RECONNECT-GREETED", also=("CONNECTED-SENT", "FIRST-CONTACT"))
class GreetsOnlyWhoWasOffline(HelpCenter):
    """Greets when a user comes online: a device that was cut off, unnoticed, comes back to silence."""

    async def welcome(self, sid: str, user: str) -> None:
        if list(self.users.values()).count(user) == 1:
            await super().welcome(sid, user)


@fault("RECONNECT-GREETED")
class GreetsNobodyItRecovers(Recovers):
    """Leaves it to Socket.IO's connection state recovery: whoever is recovered has heard the greeting before."""

    async def welcome(self, sid: str, user: str) -> None:
        if sid not in self.since:
            await super().welcome(sid, user)


@fault("RECONNECT-GREETED", also=("MESSAGE-ECHO", "MESSAGE-DEVICES", "SUPPORT-EMITTED", "CONN-UPGRADE"))
class TellsTheFirstConnection(HelpCenter):
    """Keeps one connection for each user, and never replaces it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.first: dict[str, str] = {}

    async def admit(self, sid: str, user: str) -> None:
        self.first.setdefault(user, sid)
        await super().admit(sid, user)

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:  # noqa: ARG002
        if self.first.get(user) in self.users:
            await self.emit(MESSAGE, self.message_payload(message), to=self.first[user])


KEPT = ("SEND-KEPT", "SEND-UNACKED", "PARITY-GREETING", "REST-SAME", "SUPPORT-STORED")
"""What a greeting that misses messages breaks besides."""
RESYNC = ("CONN-UPGRADE", "TOKEN-REFRESHED", "BURST-AFTER-GREETING", "BURST-AFTER-CONNECT")


@fault("RECONNECT-RESYNC", also=(*KEPT, *RESYNC, "HISTORY-DEPTH"))
class GreetsFromACache(HelpCenter):
    """The snapshot of the first connection is never made anew."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.cache: dict[str, Json] = {}

    def snapshot(self, user: str) -> Json:
        return self.cache.setdefault(user, super().snapshot(user))


@fault("RECONNECT-RESYNC", also=(*KEPT, *RESYNC, "HISTORY-DEPTH"))
class ShowsTheFirstPage(Store):
    """ORDER BY createdAt ASC LIMIT 3."""

    def history(self, conversation: Conversation) -> list[Message]:
        return super().history(conversation)[:3]


@fault("RECONNECT-RESYNC", also=("MESSAGE-ID", *RESYNC, "HISTORY-ORDER", "PARITY-GREETING", "REST-SAME"))
class ShowsHistoryTwice(Store):
    """A join without DISTINCT."""

    def history(self, conversation: Conversation) -> list[Message]:
        return super().history(conversation) * 2


@fault("RECONNECT-RESYNC", also=(*KEPT, *RESYNC, "HISTORY-ORDER"))
class SavesTheLastMessageAgain(HelpCenter):
    """Replays its outbox when a device comes back."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.outbox: dict[str, str] = {}

    def save(self, user: str, text: str, *, sender: str) -> Message:
        if sender == USER:
            self.outbox[user] = text
        return super().save(user, text, sender=sender)

    async def admit(self, sid: str, user: str) -> None:
        if user in self.outbox:
            self.save(user, self.outbox[user], sender=USER)
        await super().admit(sid, user)


NEW_CONVERSATION = ("CONNECTED-CONVERSATION", "MESSAGE-CONVERSATION", "REST-FIRST", "FIRST-CONTACT", "PARITY-REST")


@fault("RECONNECT-RESYNC", also=(*KEPT, *RESYNC, *NEW_CONVERSATION, "HISTORY-DEPTH"))
class ConnectsToANewConversation(HelpCenter):
    """Makes a conversation whenever a device connects."""

    async def admit(self, sid: str, user: str) -> None:
        with self.store.db:
            self.store.db.execute("DELETE FROM conversations WHERE user_id = ?", (user,))
        await super().admit(sid, user)


# -- new tokens ----------------------------------------------------------------------------------------------------


@fault(
    "TOKEN-REFRESHED",
    also=(*KEPT, *RESYNC, *NEW_CONVERSATION, "RECONNECT-RESYNC", "CONNECTED-USER", "MESSAGE-DEVICES", "HISTORY-DEPTH"),
)
class KeepsConversationsByToken(Verifier):
    """The user is known by the token's own id."""

    def subject(self, claims: dict[str, Any]) -> str:
        return str(claims.get("jti") or super().subject(claims))


@fault(
    "TOKEN-REFRESHED",
    also=("AUTH-BARE", "AUTH-HEADER", "AUTH-PREFIXED", "AUTH-SHARED", "CONNECTED-SENT", "FIRST-CONTACT"),
)
class PinsTheFirstToken(HelpCenter):
    """Takes a second token of a user for a stolen one."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.pinned: dict[str, object] = {}

    def authenticate(self, environ: Json, auth: object) -> str:
        user = super().authenticate(environ, auth)
        if self.pinned.setdefault(user, self.token_of(environ, auth)) != self.token_of(environ, auth):
            raise self.unauthorized("This account is in use.")
        return user


@fault("TOKEN-REFRESHED")
class ShowsWhatWasSaidSinceTheLogin(HelpCenter):
    """The messages of a session are those since its token was issued: who refreshes the token begins anew."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.issued: dict[str, int] = {}

    def user_of(self, token: object) -> str:
        user = super().user_of(token)
        self.issued[user] = 1000 * int(self.verifier.unverified(self.verifier.text(token)).get("iat", 0))
        return user

    def snapshot(self, user: str) -> Json:
        conversation = self.store.conversation_of(user)
        since = self.issued.get(user, 0)
        recent = [message for message in self.store.history(conversation) if message.created_at >= since]
        return self.connected_payload(conversation, recent)


@fault("TOKEN-REFRESHED")
class BansAfterAnExpiredToken(Verifier):
    """Remembers by user that a session has expired."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.banned: set[object] = set()

    def check_expiry(self, claims: dict[str, Any]) -> None:
        try:
            super().check_expiry(claims)
        except BadToken:
            self.banned.add(claims.get("sub"))
            raise
        if claims.get("sub") in self.banned:
            raise BadToken("The session has expired.")


@fault("TOKEN-REFRESHED")
class RestBansAfterAnExpiredToken(HelpCenter):
    """The same, in a gateway that is in front of REST alone."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.banned: set[object] = set()

    def rest_user(self, request: Request) -> str:
        claims: Json = {}
        with suppress(BadToken):
            claims = self.verifier.claims(self.verifier.text(self.header_token(request.headers.get("authorization"))))
        try:
            user = super().rest_user(request)
        except Problem:
            self.banned.add(claims.get("sub"))
            raise
        if user in self.banned:
            raise self.unauthorized("The session has expired.")
        return user
