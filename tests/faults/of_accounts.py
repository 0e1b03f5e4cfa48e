"""Servers that take one user for another who was on the same phone before (sections 3.1, 4.1 and 7)."""

from __future__ import annotations

import secrets
from collections import defaultdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import NAMESPACE, Json
from tests.faults.fault import fault
from tests.faults.of_memory import RecoversSessions


@fault("ISOLATION-HISTORY", "ISOLATION-MESSAGES", "CONNECTED-USER")
class RecoversWhoeverComes(RecoversSessions):
    """The token has to be good, but who is recovered stays who it was."""

    def authenticate(self, environ: Json, auth: object) -> str:
        user = super().authenticate(environ, auth)
        return self.session_of(auth) or user


@fault("ISOLATION-HISTORY", "ISOLATION-MESSAGES", "CONNECTED-USER")
class KeepsTheFirstUserOfATransport(HelpCenter):
    """Each token is verified, and only the user of the first one is kept with the transport."""

    def authenticate(self, environ: Json, auth: object) -> str:
        return str(environ.setdefault("user", super().authenticate(environ, auth)))


@fault("ISOLATION-MESSAGES")
class StaysInTheRoomOfTheTransport(HelpCenter):
    """Rooms are of transports, and who leaves the namespace leaves none of them."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.met: defaultdict[str, set[str]] = defaultdict(set)

    async def join(self, sid: str, user: str) -> None:
        met = self.met[self.wire.manager.eio_sid_from_sid(sid, NAMESPACE)]
        met.add(user)
        for one in met:
            await self.wire.enter_room(sid, self.room_of(one), namespace=NAMESPACE)


@fault("ISOLATION-HISTORY", "CONNECTED-USER")
class RestBelievesItsCookie(HelpCenter):
    """The token has to be good, and then it is the session of the cookie that counts."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sessions: dict[str, str] = {}

    def rest_user(self, request: Request) -> str:
        user = super().rest_user(request)
        return self.sessions.get(request.cookies.get("session", ""), user)

    async def rest_messages(self, request: Request) -> Response:
        answer = await super().rest_messages(request)
        if answer.status_code == 200 and "session" not in request.cookies:
            name = secrets.token_hex()
            self.sessions[name] = self.rest_user(request)
            answer.set_cookie("session", name)
        return answer
