"""Servers as developers of other languages would write them: each has the habits of its house, all at once."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from starlette.responses import Response

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MESSAGE, Event, Json, Problem
from conformance.reference.store import Message, Store
from tests.legal.legal import legal
from tests.legal.of_dates import go, java
from tests.legal.of_history import Windowed
from tests.legal.of_ids import IdsAreObjectIds, IdsAreUlids
from tests.legal.of_texts import TRIMS, code_points, graphemes, utf16


class Rows(Store):
    """An auto-increment column for each table, here one for both."""

    def __init__(self) -> None:
        self._rows = itertools.count(4711)
        super().__init__()

    def new_id(self) -> str:
        return str(next(self._rows))


class House(HelpCenter):
    """What the houses differ in."""

    language: ClassVar[str]

    def trim(self, text: str) -> str:
        return TRIMS[self.language](text)

    def instant(self, milliseconds: int) -> str:
        return self.dated(datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds))

    def dated(self, moment: datetime) -> str:
        return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"

    def rest_answer(self, status: int, payload: Json) -> Response:
        body = self.written(payload).encode("utf-8", "surrogatepass")
        return Response(body, status_code=status, media_type="application/json; charset=utf-8")

    def written(self, payload: Json) -> str:
        return json.dumps(payload)


@legal()
class InJava(House):
    """Spring and netty-socketio: String.trim, UTF-16, LocalDateTime, Jackson's nulls, closed by transport."""

    language = "java"
    STORE = Rows

    def length(self, text: str) -> int:
        return utf16(text)

    def dated(self, moment: datetime) -> str:
        return java(moment)

    def ack_payload(self, message: Message) -> Json:
        return {"error": None} | super().ack_payload(message)

    def error_payload(self, problem: Problem) -> Json:
        return {"code": problem.code, "message": "size must be between 1 and 2000", "details": {}}

    def error_ack_payload(self, problem: Problem) -> Json:
        return {"message": None} | super().error_ack_payload(problem)

    async def disconnect(self, sid: str) -> None:
        await self.wire.hang_up(sid)


@legal()
class InGo(House):
    """TrimSpace, runes, RFC3339Nano, ULIDs, ack before event, a replaced surrogate, sorted keys."""

    language = "go"
    STORE = IdsAreUlids

    def length(self, text: str) -> int:
        return code_points(text)

    def dated(self, moment: datetime) -> str:
        return go(moment)

    async def on_send(self, event: Event) -> None:
        try:
            user = self.sender_of(event)
            text = self.validate(self.payload_of(event))
        except Problem as problem:
            await self.reject(event, problem)
            return
        async with self.locks[user]:
            message = self.save(user, text, sender="user")
            await self.acknowledge(event, self.ack_payload(message))
            await self.announce(user, message, origin=event.sid)
        self.schedule_reply(user, message)

    def check_storable(self, text: str) -> None:
        """encoding/json replaces halves of pairs."""

    def text_of(self, payload: object) -> str:
        return super().text_of(payload).encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def written(self, payload: Json) -> str:
        reported = json.dumps(payload, sort_keys=True, ensure_ascii=False)
        return reported.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026") + "\n"


@legal()
class InCSharp(House):
    """Trim, UTF-16, seven digits and +00:00, problem details, whatever is not ASCII escaped."""

    language = "c_sharp"

    def length(self, text: str) -> int:
        return utf16(text)

    def dated(self, moment: datetime) -> str:
        return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "0+00:00"

    def error_payload(self, problem: Problem) -> Json:
        errors = {"type": "https://tools.ietf.org/html/rfc9110", "errors": {"Text": ["The field Text is invalid."]}}
        return {"code": problem.code, "message": "One or more validation errors occurred.", "details": errors}


@legal()
class InJavaScript(House):
    """Nest and Mongoose: trim, UTF-16, ObjectIds, `_id` and `__v`, errors from a filter beside those in the ack."""

    language = "javascript"
    STORE = IdsAreObjectIds

    def length(self, text: str) -> int:
        return utf16(text)

    def message_payload(self, message: Message) -> Json:
        return super().message_payload(message) | {"_id": message.id, "__v": 0}

    async def reject(self, event: Event, problem: Problem) -> None:
        await super().reject(event, problem)
        if event.ack is not None:
            await self.emit_error(event.sid, problem)

    def check_storable(self, text: str) -> None:
        """JavaScript has no quarrel with halves of pairs; what is stored has lost them."""

    def text_of(self, payload: object) -> str:
        return super().text_of(payload).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@legal()
class InPhp(House):
    """Laravel: trim, mb_strlen, ATOM dates to the second, rows, slashes and all beyond ASCII escaped."""

    language = "php"
    STORE = Rows

    def dated(self, moment: datetime) -> str:
        return f"{moment:%Y-%m-%dT%H:%M:%S}+00:00"

    def message_payload(self, message: Message) -> Json:
        payload = super().message_payload(message)
        return payload | {"created_at": payload["createdAt"], "conversation": {"id": message.conversation_id}}

    def error_payload(self, problem: Problem) -> Json:
        details = {"errors": {"text": ["validation.max.string"]}}
        return {"code": problem.code, "message": "The given data was invalid.", "details": details}

    def written(self, payload: Json) -> str:
        return json.dumps(payload).replace("/", "\\/")


@legal()
class InRuby(House):
    """Rails: strip, microseconds, rows, 403 never, snake_case beside camelCase."""

    language = "ruby"
    STORE = Rows

    def dated(self, moment: datetime) -> str:
        return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

    def conversation_payload(self, conversation: Any) -> Json:
        payload = super().conversation_payload(conversation)
        return payload | {"user_id": int(conversation.id), "created_at": payload["createdAt"], "archived": False}


@legal()
class InElixir(House, Windowed):
    """Phoenix: String.trim, graphemes, microseconds, a window of 50, events by PubSub to each device."""

    language = "elixir"
    on_socket = on_rest = 50

    def length(self, text: str) -> int:
        return graphemes(text)

    def dated(self, moment: datetime) -> str:
        return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:  # noqa: ARG002
        for sid in reversed([sid for sid, owner in self.users.items() if owner == user]):
            await self.emit(MESSAGE, self.message_payload(message), to=sid)
