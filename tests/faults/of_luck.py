"""Servers that do wrong now and then, whatever they are sent: what they were just sent is not to blame."""

from __future__ import annotations

import itertools
from collections import Counter, deque
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MESSAGE, SUPPORT, Event, Json, Problem
from conformance.reference.store import Message
from tests.faults.fault import fault
from tests.legal.middleware import Fronted, answer

UNKNOWN = b'{"code":1,"message":"Session ID unknown"}'


@fault("MESSAGE-ONCE")
class EmitsTwiceNowAndThen(HelpCenter):
    """Every fifth message reaches every device twice."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.count = itertools.count(1)

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        await super().announce(user, message, origin=origin)
        if next(self.count) % 5 == 0:
            await self.emit(MESSAGE, self.message_payload(message), to=self.room_of(user))


@fault("SEND-PLAIN")
class RefusesNowAndThen(HelpCenter):
    """Every seventh valid text is refused."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.count = itertools.count(1)

    def validate(self, payload: Any) -> str:
        text = super().validate(payload)
        if next(self.count) % 7 == 0:
            raise Problem("VALIDATION_ERROR", "not today")
        return text


@fault("SEND-PLAIN")
class ForgetsOldConnections(HelpCenter):
    """Knows the last sixty connections, however many of them have ended; what older ones send fails."""

    MOST = 60

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.known: deque[str] = deque(maxlen=self.MOST)

    async def admit(self, sid: str, user: str) -> None:
        self.known.append(sid)
        await super().admit(sid, user)

    def sender_of(self, event: Event) -> str:
        if event.sid in self.users and event.sid not in self.known:
            raise self.server_problem()
        return super().sender_of(event)


@fault("SEND-PLAIN")
class RefusesSomeTexts(HelpCenter):
    """A filter that goes by a checksum: who sends a text again gets the same answer."""

    def validate(self, payload: Any) -> str:
        text = super().validate(payload)
        if sum(text.encode()) % 9 == 0:
            raise self.server_problem()
        return text


@fault("ACK-CALLED")
class LosesAcksNowAndThen(HelpCenter):
    """Every eleventh ack is never sent."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.count = itertools.count(1)

    async def acknowledge(self, event: Event, answer: Json) -> None:
        if next(self.count) % 11:
            await super().acknowledge(event, answer)


@fault("MESSAGE-ECHO", also=("DEVICE-JOIN", "MESSAGE-DEVICES", "SEND-UNACKED", "STANDARD-CLIENT"))
class LosesMessagesNowAndThen(HelpCenter):
    """Every eleventh message of a user reaches no device: a broker that delivers at most once."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.count = itertools.count(1)

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        if message.sender == SUPPORT or next(self.count) % 11:
            await super().announce(user, message, origin=origin)


@fault("MESSAGE-ECHO", also=("SUPPORT-EMITTED",))
class UnsubscribesAfterTwoHundred(HelpCenter):
    """A subscription of each connection, made for so many messages by mistake."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.emitted: Counter[str] = Counter()

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:  # noqa: ARG002
        own = [sid for sid, owner in self.users.items() if owner == user]
        self.emitted.update(own)
        for sid in (sid for sid in own if self.emitted[sid] <= 200):
            await self.emit(MESSAGE, self.message_payload(message), to=sid)


CHANCE = ("AUTH-PREFIXED", "AUTH-HEADER", "TOKEN-REFRESHED", "FIRST-CONTACT", "DEVICE-COEXIST", "STANDARD-CLIENT")


@fault(
    "AUTH-BARE",
    also=(*CHANCE, "RECONNECT-GREETED", "BURST-AFTER-CONNECT", "CONNECTED-SENT", "DEVICE-JOIN", "REJECT-SURVIVED"),
)
class OneNodeHasTheOldKey(HelpCenter):
    """Every seventh connection comes to a node on which the key was not changed: its token is called a bad one."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.count = itertools.count(1)

    def authenticate(self, environ: Json, auth: object) -> str:
        user = super().authenticate(environ, auth)
        if next(self.count) % 7 == 0:
            raise self.unauthorized("The token is not a JWT signed with the expected key.")
        return user


@fault("REST-OPEN", also=("AUTH-SHARED", "FIRST-CONTACT", "REST-FIRST", "TOKEN-REFRESHED"))
class OneNodeOfRestHasTheOldKey(HelpCenter):
    """The same, of the nodes behind REST."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.count = itertools.count(1)

    def rest_user(self, request: Request) -> str:
        user = super().rest_user(request)
        if next(self.count) % 5 == 0:
            raise self.unauthorized("The token is not a JWT signed with the expected key.")
        return user


@fault("CONN-POLLING", also=("CONN-UPGRADE",))
class TwoNodesWithoutStickySessions(Fronted):
    """Two nodes in turn, and each knows its own polling sessions only."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.turn = itertools.count()
        self.homes: dict[str, int] = {}
        super().__init__(*args, **options)

    async def front(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        sid = parse_qs(scope.get("query_string", b"").decode()).get("sid", [""])[0]
        if not sid or scope["type"] != "http":
            return await inner(scope, receive, send)
        node = hash((sid, next(self.turn))) % 2
        if self.homes.setdefault(sid, node) == node:
            return await inner(scope, receive, send)
        return await answer(send, 400, UNKNOWN, (b"content-type", b"application/json"))
