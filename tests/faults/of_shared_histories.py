"""Servers that show one user the conversation of another (sections 4.1 and 7)."""

# ruff: noqa: ARG002  what an overridden method ignores is its fault

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import CONNECTED, SUPPORT, USER, Json
from conformance.reference.store import Conversation, Message, Store
from tests.faults.fault import fault
from tests.faults.of_isolation import DATABASE, SHARED, SHOWN


@fault("ISOLATION-HISTORY", also=SHOWN)
class ForgotTheWhere(Store):
    """Lists the messages of all conversations."""

    def history(self, conversation: Conversation) -> list[Message]:
        query = "SELECT id, conversation_id, sender, text, created_at FROM messages ORDER BY number"
        with self._lock:
            return [Message(*row) for row in self.db.execute(query).fetchall()]


@fault("ISOLATION-HISTORY", also=SHOWN)
class HistoryByPrefixOfTheUser(Store):
    """``WHERE user_id LIKE :user || '%'``."""

    def history(self, conversation: Conversation) -> list[Message]:
        query = (
            "SELECT m.id, conversation_id, sender, text, m.created_at FROM messages m"
            " JOIN conversations c ON c.id = conversation_id WHERE user_id LIKE ? || '%' ORDER BY number"
        )
        with self._lock:
            return [Message(*row) for row in self.db.execute(query, (conversation.user_id,)).fetchall()]


@fault("ISOLATION-HISTORY", also=SHOWN)
class RestOfAllConversations(HelpCenter):
    """REST filters by the status of the conversation, not by its user; messages look like one's own."""

    def rest_payload(self, user: str) -> Json:
        body = self.snapshot(user)
        others = [self.snapshot(other)["messages"] for other in dict.fromkeys(self.users.values()) if other != user]
        own = {"conversationId": body["conversation"]["id"]}
        foreign = [message | own for messages in others for message in messages]
        return body | {"messages": [*foreign, *body["messages"]]}


@fault("ISOLATION-HISTORY", also=SHARED)
class RestCachedByPath(HelpCenter):
    """A cache in front of REST whose key is the path."""

    cached: Json | None = None

    def rest_payload(self, user: str) -> Json:
        snapshot = self.snapshot(user)
        if self.cached is None or len(self.cached["messages"]) < len(snapshot["messages"]):
            self.cached = snapshot
        return self.cached


@fault("ISOLATION-HISTORY", also=SHARED)
class RestOfTheCurrentUser(HelpCenter):
    """The guard leaves the user in a global; by the time the query is made, it is somebody else."""

    current = ""

    async def rest_messages(self, request: Request) -> Response:
        if request.headers.get("authorization"):
            await asyncio.sleep(DATABASE)
        return await super().rest_messages(request)

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        await super().on_connect(sid, environ, auth)
        self.current = self.users.get(sid, self.current)

    def rest_payload(self, user: str) -> Json:
        return self.snapshot(self.current or user)


@fault("ISOLATION-HISTORY", also=SHARED)
class GreetsWithTheConversationOfAnother(HelpCenter):
    """Finds the conversation with ``find(c => user.startsWith(c.user))``."""

    async def welcome(self, sid: str, user: str) -> None:
        shorter = [other for other in self.users.values() if user.startswith(other)]
        await self.emit(CONNECTED, self.snapshot(min(shorter, key=len)), to=sid)


@fault("ISOLATION-HISTORY", "ISOLATION-MESSAGES", also=SHARED)
class ConversationOfThePrefix(HelpCenter):
    """Users are cut to a column's length: two that begin alike share conversation and room."""

    def user_of(self, token: object) -> str:
        return "-".join(super().user_of(token).split("-")[:4])


@fault("ISOLATION-HISTORY", "ISOLATION-MESSAGES", also=(*SHARED, "CONNECTED-SENT", "ACK-CALLED"))
class UserFromASharedClaim(HelpCenter):
    """The conversation is found by a claim that all tokens share."""

    def user_of(self, token: object) -> str:
        super().user_of(token)
        return "mobile-app"


@fault("ISOLATION-MESSAGES", also=(*SHARED, "SEND-TWICE"))
class TakesTheTextForTheKey(HelpCenter):
    """A key against double taps: the hash of the text, without the user. Who says what somebody else has just said is
    answered with the message of that one."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.recent: dict[str, Message] = {}

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        if sender == SUPPORT:
            return await super().deliver(user, text, sender=sender, origin=origin)
        if text not in self.recent:
            self.recent[text] = await super().deliver(user, text, sender=sender, origin=origin)
        return self.recent[text]


@fault("ISOLATION-MESSAGES", also=SHARED)
class SharesWhatIsUnderWay(HelpCenter):
    """Who says what somebody else is saying at that moment waits for the same promise, filed by the text alone."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.pending: dict[str, asyncio.Task[Message]] = {}

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        if sender == SUPPORT:
            return await super().deliver(user, text, sender=sender, origin=origin)
        if text not in self.pending:
            self.pending[text] = asyncio.create_task(self.saved(user, text, origin))
        return await self.pending[text]

    async def saved(self, user: str, text: str, origin: str | None) -> Message:
        await asyncio.sleep(DATABASE)
        try:
            return await super().deliver(user, text, sender=USER, origin=origin)
        finally:
            del self.pending[text]
