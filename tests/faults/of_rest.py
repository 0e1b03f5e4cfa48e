"""Servers that are wrong over REST (section 7)."""

# ruff: noqa: ARG002  what an overridden method ignores is its fault

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import REST_PATH, Json, Problem
from conformance.reference.store import Conversation
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
"""What may fail besides when REST has messages of the user that nobody sent."""

# -- open --------------------------------------------------------------------------------------------------------


@fault("REST-OPEN")
class HasNoRest(HelpCenter):
    """The route was never mounted."""

    def rest_routes(self) -> list[Route]:
        return []


@fault("REST-OPEN")
class MountsRestElsewhere(HelpCenter):
    """Without the global prefix."""

    def rest_routes(self) -> list[Route]:
        return [Route(REST_PATH.removeprefix("/api"), self.rest_messages)]


@fault("REST-OPEN", "AUTH-SHARED")
class WantsAnApiKeyForRest(HelpCenter):
    """REST knows the tokens of another issuer."""

    def rest_user(self, request: Request) -> str:
        raise self.unauthorized("Not one of ours.")


@fault("REST-OPEN")
class AnswersInYaml(HelpCenter):
    """A body that is not JSON."""

    def rest_answer(self, status: int, payload: Json) -> Response:
        return PlainTextResponse(repr(payload), status_code=status)


@fault("REST-OPEN")
class AnswersNoContent(HelpCenter):
    """204, and clients may guess."""

    def rest_answer(self, status: int, payload: Json) -> Response:
        return Response(status_code=204) if status == 200 else super().rest_answer(status, payload)


@fault("REST-OPEN")
class CountsCharactersForContentLength(HelpCenter):
    """The length of the string, not of its UTF-8: where a text is not of ASCII alone, the end is cut off."""

    def rest_answer(self, status: int, payload: Json) -> Response:
        text = json.dumps(payload, ensure_ascii=False)
        return Response(text.encode()[: len(text)], status_code=status, media_type="application/json")


@fault("REST-OPEN")
class CountsEscapesForContentLength(HelpCenter):
    """The length of what ``json.dumps`` writes by itself, and then the characters as they are: the end never comes."""

    def rest_answer(self, status: int, payload: Json) -> Response:
        body, length = json.dumps(payload, ensure_ascii=False).encode(), len(json.dumps(payload))
        headers = {"content-length": str(length)}
        return Response(body, status_code=status, media_type="application/json", headers=headers)


@fault("REST-OPEN")
class EncodesInLatin1(HelpCenter):
    """A view that fails beyond the characters of western Europe."""

    def rest_answer(self, status: int, payload: Json) -> Response:
        try:
            json.dumps(payload, ensure_ascii=False).encode("latin-1")
        except UnicodeEncodeError:
            return PlainTextResponse("Internal Server Error", 500)
        return super().rest_answer(status, payload)


# -- first -------------------------------------------------------------------------------------------------------


@fault("REST-FIRST", also=("FIRST-CONTACT",))
class KnowsNobodyBeforeTheirSocket(HelpCenter):
    """404 until the socket has made a conversation."""

    def rest_payload(self, user: str) -> Json:
        if self.store.find(user) is None:
            raise Problem("NOT_FOUND", "There is no conversation.")
        return super().rest_payload(user)

    def rest_status(self, problem: Problem) -> int:
        return 404 if problem.code == "NOT_FOUND" else super().rest_status(problem)


@fault("REST-FIRST", also=("CONNECTED-CONVERSATION", "CONNECTED-OWN", "FIRST-CONTACT"))
class InventsAConversationForRest(HelpCenter):
    """A draft that is not saved."""

    def rest_payload(self, user: str) -> Json:
        if self.store.find(user) is None:
            now = self.store.now()
            return self.connected_payload(Conversation("draft", user, "open", now, now), [])
        return super().rest_payload(user)


@fault("REST-SHAPE")
class HasNullBeforeTheFirstSocket(HelpCenter):
    """No conversation yet, so null."""

    def rest_payload(self, user: str) -> Json:
        return super().rest_payload(user) if self.store.find(user) else {"conversation": None, "messages": []}


# -- shape and media ---------------------------------------------------------------------------------------------


@fault("REST-SHAPE")
class WrapsInData(HelpCenter):
    """The interceptor that wraps all answers."""

    def rest_payload(self, user: str) -> Json:
        return {"data": super().rest_payload(user)}


@fault("REST-SHAPE")
class ListsMessagesAlone(HelpCenter):
    """The path says messages, so messages it is."""

    def rest_payload(self, user: str) -> Json:
        return super().rest_payload(user)["messages"]


@fault("REST-SHAPE")
class WritesSnakeCase(HelpCenter):
    """Columns, not fields."""

    def rest_payload(self, user: str) -> Json:
        payload = super().rest_payload(user)
        payload["conversation"]["created_at"] = payload["conversation"].pop("createdAt")
        return payload


@fault("REST-SHAPE", also=("PARITY-REST",))
class WritesEpochMilliseconds(HelpCenter):
    """Numbers for dates."""

    def rest_payload(self, user: str) -> Json:
        payload = super().rest_payload(user)
        payload["messages"] = [{**message, "createdAt": 1_750_000_000_000} for message in payload["messages"]]
        return payload


@fault("REST-MEDIA")
class SaysHtml(HelpCenter):
    """JSON by another name."""

    media = "text/html; charset=utf-8"

    def rest_answer(self, status: int, payload: Json) -> Response:
        answer = super().rest_answer(status, payload)
        answer.headers["content-type"] = self.media
        return answer


@fault("REST-MEDIA")
class SaysPlainText(SaysHtml):
    """A string was returned."""

    media = "text/plain"


# -- the same ----------------------------------------------------------------------------------------------------


@fault("REST-SAME", also=KEPT)
class KeepsTheFirstSnapshot(HelpCenter):
    """A cache that nothing invalidates."""

    def rest_payload(self, user: str) -> Json:
        cache: dict[str, Json] = self.__dict__.setdefault("cache", {})
        return cache.setdefault(user, super().rest_payload(user))


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


@fault("REST-SAME", also=("PARITY-REST", "SEND-VERBATIM", "SEND-FULL", *KEPT))
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
