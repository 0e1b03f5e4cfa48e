"""Servers whose REST shows another conversation than the socket (section 7)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Json
from tests.faults.fault import fault

KEPT = (
    "SEND-KEPT",
    "SUPPORT-STORED",
    "PARITY-REST",
    "RECONNECT-RESYNC",
    "BURST-AFTER-GREETING",
    "SEND-UNACKED",
    "HISTORY-DEPTH",
)
"""What may fail besides when REST lacks messages."""
NOT_SENT = (
    "MESSAGE-SENDER",
    "REJECT-STORED",
    "SEND-NO-OBJECT",
    "TYPING-NO-MESSAGE",
    "TYPING-ODD",
)
"""What may fail besides when REST has messages of the user that were never sent."""


@fault("REST-SAME", also=KEPT)
class KeepsTheFirstSnapshot(HelpCenter):
    """A cache that nothing invalidates."""

    def rest_payload(self, user: str) -> Json:
        cache: dict[str, Json] = self.__dict__.setdefault("cache", {})
        return cache.setdefault(user, super().rest_payload(user))


@fault("SEND-KEPT", "REST-SAME", also=KEPT)
class AsksAReplicaThatHasStopped(HelpCenter):
    """Two replicas in turn, one of which follows no more: who asks again is shown what was missing."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.asked: Counter[str] = Counter()

    def rest_payload(self, user: str) -> Json:
        self.asked[user] += 1
        payload = super().rest_payload(user)
        return payload if self.asked[user] % 2 else {**payload, "messages": []}


@fault("REST-SAME", also=KEPT)
class ShowsTheFirstMessages(HelpCenter):
    """LIMIT 2 from the wrong end."""

    def rest_payload(self, user: str) -> Json:
        payload = super().rest_payload(user)
        return {**payload, "messages": payload["messages"][:2]}


@fault("REST-SAME", also=KEPT)
class ShowsWhatTheUserSaid(HelpCenter):
    """WHERE sender = 'user'."""

    def rest_payload(self, user: str) -> Json:
        payload = super().rest_payload(user)
        return {**payload, "messages": [m for m in payload["messages"] if m["sender"] == "user"]}


@fault("REST-SAME", also=KEPT)
class ShowsWhatSupportSaid(HelpCenter):
    """WHERE sender = 'support'."""

    def rest_payload(self, user: str) -> Json:
        payload = super().rest_payload(user)
        return {**payload, "messages": [m for m in payload["messages"] if m["sender"] == "support"]}


@fault("REST-SAME", also=KEPT)
class ShowsNoMessages(HelpCenter):
    """The relation is not loaded."""

    def rest_payload(self, user: str) -> Json:
        return {**super().rest_payload(user), "messages": []}


@fault("REST-SAME", also=(*KEPT, "HISTORY-ORDER", "PIPELINE-ORDER"))
class ShowsTheNewestFirst(HelpCenter):
    """ORDER BY … DESC, over REST alone."""

    def rest_payload(self, user: str) -> Json:
        payload = super().rest_payload(user)
        return {**payload, "messages": payload["messages"][::-1]}


@fault("REST-SAME", also=("PARITY-REST", "SEND-VERBATIM", "SEND-TRIM", "SEND-FULL", *KEPT))
class ShowsPreviews(HelpCenter):
    """Texts cut for a list."""

    def rest_payload(self, user: str) -> Json:
        payload = super().rest_payload(user)
        return {**payload, "messages": [{**m, "text": m["text"][:20]} for m in payload["messages"]]}


@fault("REST-SAME", also=(*KEPT, *NOT_SENT))
class SaysThatAllIsTheUsers(HelpCenter):
    """The sender by who asks."""

    def rest_payload(self, user: str) -> Json:
        payload = super().rest_payload(user)
        return {**payload, "messages": [{**m, "sender": "user"} for m in payload["messages"]]}


@fault("REST-SAME", also=("PARITY-REST", "PARITY-TIME", "HISTORY-ORDER", "SUPPORT-STORED"))
class SaysWhenItWasAsked(HelpCenter):
    """Dates of the serialisation, a minute off besides."""

    def rest_payload(self, user: str) -> Json:
        payload = super().rest_payload(user)
        now = self.instant(self.store.now() - 60_000)
        return {**payload, "messages": [{**m, "createdAt": now} for m in payload["messages"]]}


@fault("REST-SAME")
class SaysClosed(HelpCenter):
    """Closed as far as REST knows."""

    def rest_payload(self, user: str) -> Json:
        payload = super().rest_payload(user)
        return {**payload, "conversation": {**payload["conversation"], "status": "closed"}}


@fault("REST-SAME", "REST-FIRST", also=("CONNECTED-CONVERSATION", "CONNECTED-USER", *KEPT))
class HasAConversationOfItsOwn(HelpCenter):
    """Another conversation over each channel."""

    def rest_payload(self, user: str) -> Json:
        return super().rest_payload(f"{user} over REST")


@fault(
    "SEND-KEPT",
    also=("RECONNECT-RESYNC", "DEVICE-JOIN", "SUPPORT-STORED", "REST-SAME", "BURST-AFTER-CONNECT", "HISTORY-DEPTH"),
)
class GreetsFromAReplica(HelpCenter):
    """The greeting reads a replica that is 200 ms behind; REST asks the primary."""

    async def welcome(self, sid: str, user: str) -> None:
        payload, now = self.snapshot(user), self.store.now()
        rows = self.store.history(self.store.conversation_of(user))
        new = {one.id for one in rows if one.created_at > now - 200}
        payload["messages"] = [one for one in payload["messages"] if one["id"] not in new]
        await self.emit("help_center:connected", payload, to=sid)


@fault("SEND-KEPT", also=("REST-SAME", "PARITY-REST", "RECONNECT-RESYNC"))
class AnswersNotModified(HelpCenter):
    """The ETag of REST is made of the conversation's id alone: who asks with If-None-Match gets 304 for ever."""

    async def rest_messages(self, request: Request) -> Response:
        answer = await super().rest_messages(request)
        if answer.status_code == 200:
            tag = f'"{self.store.conversation_of(self.rest_user(request)).id}"'
            if request.headers.get("if-none-match") == tag:
                return Response(status_code=304, headers={"ETag": tag})
            answer.headers["etag"] = tag
            answer.headers["cache-control"] = "private, no-cache"
        return answer
