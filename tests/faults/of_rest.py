"""Servers that are wrong over REST (section 7)."""

# ruff: noqa: ARG002  what an overridden method ignores is its fault

from __future__ import annotations

import asyncio
import json

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import REST_PATH, Json, Problem
from conformance.reference.store import Conversation
from tests.faults.fault import fault

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


@fault("REST-OPEN")
class AnswersInUtf16(HelpCenter):
    """A framework whose strings are UTF-16, and written as they are."""

    def rest_answer(self, status: int, payload: Json) -> Response:
        body = json.dumps(payload).encode("utf-16")
        return Response(body, status_code=status, media_type="application/json; charset=utf-16")


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


@fault("REST-OPEN", also=("FIRST-CONTACT",))
class RestFailsTheSecondAtOnce(HelpCenter):
    """A lock for each token that nobody waits for: a second request meanwhile fails."""

    async def rest_messages(self, request: Request) -> Response:
        busy: set[str] = self.__dict__.setdefault("busy", set())
        token = request.headers.get("authorization", "")
        if token in busy:
            return self.rest_answer(500, {"code": "SERVER_ERROR", "message": "Busy."})
        busy.add(token)
        try:
            await asyncio.sleep(0.01)
            return await super().rest_messages(request)
        finally:
            busy.discard(token)
