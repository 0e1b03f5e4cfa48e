"""Observations tell servers apart: each is made of the reference server and of one that does everything otherwise."""

from __future__ import annotations

import asyncio
import time
import unicodedata
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from starlette.responses import PlainTextResponse, Response

from conformance.errors import Unverified
from conformance.observations import run
from conformance.observations.lateness import lateness
from conformance.record.views import Everything
from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import NAMESPACE, TYPING, USER, Event, Json, Problem
from conformance.reference.store import Conversation, Store
from conformance.reference.tokens import Verifier
from conformance.requirements import Level, catalogue
from tests.faults.battery import SECRET, VERDICT_ONLY, certify_app
from tests.support.handmade import Handmade

WHITE_IN_JAVASCRIPT = "\t\n\v\f\r \u00a0\u2003\u2028\u3000\ufeff"

DAY = 24 * 3600
QUERY = 0.05
"""Seconds from entering the room to the greeting."""

EXPECTED = {
    "OBS-COUNT-EMOJI": ("1", "2"),
    "OBS-COUNT-COMBINING": ("2", "1 if composable"),
    "OBS-TRIM": (
        "trims U+000B U+000C U+001C U+0085 U+00A0 U+2003 U+2028 U+3000",
        "trims U+000B U+000C U+00A0 U+2003 U+2028 U+3000 U+FEFF",
    ),
    "OBS-EXTRA": ("ignored", "kept"),
    "OBS-NUL": ("kept", "removed"),
    "OBS-SURROGATE": ("refused", "replaced"),
    "OBS-REFUSAL-END": ("a DISCONNECT packet", "closing the transport"),
    "OBS-BEARER-CASE": ("accepted", "refused"),
    "OBS-BOTH-OPTIONS": ("auth.token", "header"),
    "OBS-EXPIRY": ("nothing", "refused"),
    "OBS-HUGE-TEXT": ("refused", "ended"),
    "OBS-LONG-TOKEN": ("accepted", "refused"),
    "OBS-REST-BODY": ("HTTP 401 and an error as on the socket", "HTTP 403 and no JSON"),
    "OBS-REST-CACHE": ("nothing", "60 s, shared"),
    "OBS-DATES": ("UTC with Z, milliseconds", "offset +00:00, no fraction"),
    "OBS-CLOCK": ("on time", "5 min ahead"),
    "OBS-USER-ID": ("sub", "none"),
    "OBS-WINDOW": ("all", "last 1"),
    "OBS-EARLY-EVENTS": ("none", "some"),
    "OBS-ACK-ORDER": ("event first", "ack first"),
    "OBS-RETRIED": ("none", "SERVER_ERROR"),
    "OBS-SUPPORT": ("at once", "none"),
    "OBS-TYPING-RELAY": ("nobody", "relayed"),
    "OBS-ERROR-ROADS": ("ack", "ack and event"),
    "OBS-ID-FORM": ("UUID version 4", "number"),
    "OBS-PING": ("every 25 s, 20 s for the answer", "every 7 s, 3 s for the answer"),
    "OBS-UNKNOWN-EVENT": ("ignored", "acked"),
}
"""The values of the reference server and of the contrary one."""


class Counted(Store):
    """Ids are numbers."""

    last = 10**6

    def new_id(self) -> str:
        self.last += 1
        return str(self.last)


class Contrary(HelpCenter):
    """As right as the reference server, and different wherever the document is silent."""

    def __init__(self) -> None:
        super().__init__(Verifier(SECRET), store=Counted(), auto_reply=False)
        self.ends: dict[str, float] = {}
        self.known: set[str] = set()

    def wire_options(self) -> Json:
        return {"ping_interval": 7, "ping_timeout": 3, "max_http_buffer_size": 10_000}

    def length(self, text: str) -> int:
        return len(unicodedata.normalize("NFC", text).encode("utf-16-le")) // 2

    def trim(self, text: str) -> str:
        return text.strip(WHITE_IN_JAVASCRIPT)

    def text_of(self, payload: object) -> str:
        text = super().text_of(payload).replace("\0", "")
        return "".join("\ufffd" if "\ud800" <= one <= "\udfff" else one for one in text)

    def strip_bearer(self, text: str) -> str:
        return text.removeprefix("Bearer ")

    def token_of(self, environ: Json, auth: object) -> object:
        token = self.header_token(environ.get("HTTP_AUTHORIZATION"))
        return self.auth_token(auth) if token is None else token

    def user_of(self, token: object) -> str:
        user = super().user_of(token)
        self.ends[user] = self.verifier.claims(str(token))["exp"]
        if self.ends[user] > time.time() + DAY:
            raise self.unauthorized("The token lives too long.")
        return user

    def sender_of(self, event: Event) -> str:
        user = super().sender_of(event)
        if time.time() > self.ends[user]:
            raise self.unauthorized("The token has expired.")
        return user

    async def on_send(self, event: Event) -> None:
        try:
            user, payload = self.sender_of(event), self.payload_of(event)
            text = self.validate(payload)
            if user not in self.known and len(payload) == 1:
                self.known.add(user)
                raise self.server_problem()
            message = self.save(user, text, sender=USER)
        except Problem as problem:
            await self.reject(event, problem)
            return
        own = {"clientId": payload["clientId"]} if "clientId" in payload else {}
        await self.acknowledge(event, {"message": self.message_payload(message) | own})
        await self.announce(user, message, origin=event.sid)

    async def admit(self, sid: str, user: str) -> None:
        self.users[sid] = user
        await self.join(sid, user)
        await asyncio.sleep(QUERY)
        await self.welcome(sid, user)

    async def on_unknown(self, event: Event) -> None:
        await self.acknowledge(event, {"known": False})

    async def on_typing(self, event: Event) -> None:
        payload = {"isTyping": True, "sender": "support"}
        room = self.room_of(self.users[event.sid])
        await self.wire.emit(TYPING, payload, room=room, skip_sid=event.sid, namespace=NAMESPACE)

    async def reject(self, event: Event, problem: Problem) -> None:
        await self.acknowledge(event, self.error_ack_payload(problem))
        await self.emit_error(event.sid, problem)

    async def disconnect(self, sid: str) -> None:
        await self.wire.hang_up(sid)

    def snapshot(self, user: str) -> Json:
        whole = super().snapshot(user)
        return whole | {"messages": whole["messages"][-1:]}

    def conversation_payload(self, conversation: Conversation) -> Json:
        return super().conversation_payload(conversation) | {"userId": f"u-{conversation.user_id}"}

    def instant(self, milliseconds: int) -> str:
        return super().instant(milliseconds + 300_000)[:19] + "+00:00"

    def rest_answer(self, status: int, payload: Json) -> Response:
        answer = super().rest_answer(status, payload)
        answer.headers["Cache-Control"] = "public, max-age=60"
        return answer

    def rest_refusal(self, problem: Problem) -> Response:  # noqa: ARG002
        return PlainTextResponse("go away", 403)


@cache
def observed(kind: type[HelpCenter], selected: str = "OBS-") -> dict[str, str]:
    """All observations of a server, by id; or some."""
    server = Contrary() if kind is Contrary else kind(Verifier(SECRET))
    with TemporaryDirectory() as folder:
        certified = certify_app(server, Path(folder), "-k", selected, *VERDICT_ONLY)
    return {one["id"]: one["value"] for one in certified.verdict["observations"]}


@pytest.mark.parametrize("one", EXPECTED)
@pytest.mark.parametrize(("index", "kind"), list(enumerate([HelpCenter, Contrary])), ids=["reference", "contrary"])
def test_what_is_observed(one: str, index: int, kind: type[HelpCenter]) -> None:
    assert observed(kind)[one] == EXPECTED[one][index]


class TimerOverflows(HelpCenter):
    """Ends a connection with its token, by a timer that knows 2³¹ milliseconds."""

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        await super().on_connect(sid, environ, auth)
        if sid in self.users and self.verifier.claims(str(self.token_of(environ, auth)))["exp"] > time.time() + DAY:
            await self.refuse(sid, self.unauthorized("The token has expired."))


def test_a_long_lived_token_that_is_taken_for_a_moment() -> None:
    assert observed(TimerOverflows, "OBS-LONG-TOKEN")["OBS-LONG-TOKEN"] == "ended"


def test_every_observation_is_proved() -> None:
    known = {one.id for one in catalogue().values() if one.level is Level.OBSERVATION}
    assert known - set(EXPECTED) == {"OBS-ACK-LATENCY", "OBS-LATE"}  # measures


class AcksLate(HelpCenter):
    """A second and a half after the event."""

    async def acknowledge(self, event: Event, answer: Json) -> None:
        self.spawn(self.later(event, answer))

    async def later(self, event: Event, answer: Json) -> None:
        await asyncio.sleep(1.5)
        await super().acknowledge(event, answer)


def test_what_comes_late_is_observed(tmp_path: Path) -> None:
    certified = certify_app(AcksLate(Verifier(SECRET)), tmp_path, "-k", "OBS-LATE or ACK-CALLED", "--deadline=0.3")
    (seen,) = certified.verdict["observations"]
    assert "acks" in seen["value"].split("; ")
    assert certified.ids("passed") == {"ACK-CALLED"}


def test_who_is_never_late() -> None:
    chat = Handmade()
    chat.opens()
    chat.greeted()
    chat.says()
    with pytest.raises(Unverified):
        lateness(Everything([chat.record]))  # a record that does not say what the deadline was
    chat.transcript.facts["deadline"] = 5.0
    assert lateness(Everything([chat.record])).value == "none"
    chat.transcript.facts["deadline"] = 0.001
    reported = "later than 0.001 s after they were asked for came "
    assert lateness(Everything([chat.record])) == (
        "greetings; acks",
        f"{reported}1 of 1 greetings, up to 0.0 s; 1 of 1 acks, up to 0.0 s",
    )


@pytest.mark.parametrize(
    ("identifier", "form"),
    [
        ("42", "number"),
        ("0190a6c5-0000-7000-8000-000000000000", "UUID version 7"),
        ("3f2b8c1e-9d1a-1111-9c3e-000000000000", "UUID"),
        ("507f1f77bcf86cd799439011", "ObjectId"),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "ULID"),
        ("msg_1", "text of 5 characters"),
    ],
)
def test_the_forms_of_ids(identifier: str, form: str) -> None:
    assert run.form(identifier) == form
