"""Servers whose 'find the conversation, or make one' is two queries, and who lose when first contacts overlap (sections
4.1 and 6)."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Event, Json, Problem
from conformance.reference.store import Store
from tests.faults.fault import fault

QUERY, SLOW_QUERY = (0.001, 0.005), (0.02, 0.05)
"""Seconds that the database takes, at least and at most."""

log = logging.getLogger("conformance.reference")


class FindsOrMakes(HelpCenter):
    """Looks for a conversation, and makes one when there was none a moment ago."""

    QUERY = QUERY

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.chance = random.Random()

    async def prepare(self, user: str) -> None:
        if self.store.find(user) is None:
            await asyncio.sleep(self.chance.uniform(*self.QUERY))
            self.make(user)

    def make(self, user: str) -> None:
        self.store.create(user)


class OnTheSocket(FindsOrMakes):
    """It does so when a device connects."""

    async def admit(self, sid: str, user: str) -> None:
        await self.prepare(user)
        await super().admit(sid, user)


class OverRest(FindsOrMakes):
    """It does so when REST is asked."""

    async def rest_messages(self, request: Request) -> Response:
        try:
            await self.prepare(self.rest_user(request))
        except Problem as problem:
            return self.rest_refusal(problem)
        except Exception:
            return self.rest_refusal(self.server_problem())
        return await super().rest_messages(request)


# -- devices and REST ----------------------------------------------------------------------------------------------


@fault("FIRST-CONTACT", also=("CONNECTED-SENT", "BURST-AFTER-CONNECT"))
class RefusesWhoLosesTheRace(OnTheSocket):
    """The unique constraint holds, and its violation is an error like any other."""


@fault("FIRST-CONTACT", also=("CONNECTED-SENT",))
class HangsUpOnWhoLosesTheRace(OnTheSocket):
    """The error is logged, and the connection closed without a word: as the network does, so that it counts only where
    the race is lost again when that is recorded again."""

    QUERY = SLOW_QUERY

    async def prepare(self, user: str) -> None:
        try:
            await super().prepare(user)
        except Exception as error:
            raise ConnectionAbortedError from error

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        try:
            await self.admit(sid, self.authenticate(environ, auth))
        except Problem as problem:
            await self.refuse(sid, problem)
        except ConnectionAbortedError:
            await self.wire.hang_up(sid)


@fault("FIRST-CONTACT", also=("CONNECTED-SENT",))
class SaysNothingToWhoLosesTheRace(OnTheSocket):
    """An unhandled rejection: the device is connected, and is not greeted."""

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        try:
            await self.admit(sid, self.authenticate(environ, auth))
        except Problem as problem:
            await self.refuse(sid, problem)
        except Exception:
            log.exception("unhandled")


@fault("FIRST-CONTACT", also=("CONNECTED-CONVERSATION",))
class OverwritesTheConversation(OnTheSocket):
    """INSERT OR REPLACE: the last one to write wins, and the others hold an id that is gone."""

    def make(self, user: str) -> None:
        with self.store.db:
            self.store.db.execute("DELETE FROM conversations WHERE user_id = ?", (user,))
        super().make(user)


@fault("FIRST-CONTACT", also=("CONNECTED-CONVERSATION", "REST-OPEN"))
class RestLosesTheRace(OverRest):
    """Only the socket knows how to survive the race."""


class WithoutConstraint(Store):
    """Nothing keeps a user from having two conversations; the first one is found."""

    def __init__(self) -> None:
        super().__init__()
        self.db.executescript(
            "DROP TABLE conversations; CREATE TABLE conversations (id TEXT PRIMARY KEY, user_id TEXT NOT NULL,"
            " status TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL);"
        )


@fault("FIRST-CONTACT", also=("CONNECTED-CONVERSATION", "SEND-KEPT", "MESSAGE-CONVERSATION", "BURST-AFTER-CONNECT"))
class MakesTwoConversations(OnTheSocket, OverRest):
    """A unique constraint is missing, and each device is shown the conversation that was made for it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.store = WithoutConstraint()
        self.made: dict[str, Any] = {}

    async def prepare(self, user: str) -> None:
        if self.store.find(user) is None:
            await asyncio.sleep(self.chance.uniform(*QUERY))
            self.made[user] = self.store.create(user)

    def snapshot(self, user: str) -> Json:
        conversation = self.made.pop(user, None) or self.store.conversation_of(user)
        return self.connected_payload(conversation, self.store.history(conversation))


# -- sends ---------------------------------------------------------------------------------------------------------


class LetsInLater(OnTheSocket):
    """CONNECT is answered at once, and what follows goes on while the client already sends."""

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        self.spawn(super().on_connect(sid, environ, auth))


@fault("BURST-AFTER-CONNECT", also=("FIRST-CONTACT",))
class MissesSendsWhileMaking(LetsInLater):
    """The handlers of events are attached when the conversation has been made."""

    async def on_send(self, event: Event) -> None:
        if event.sid in self.users:
            await super().on_send(event)


@fault("BURST-AFTER-CONNECT", also=("FIRST-CONTACT", "CONNECTED-SENT"))
class EverySendMakesAConversation(LetsInLater):
    """Each send looks for the conversation and makes one, beside the others; who loses gets SERVER_ERROR."""

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        try:
            self.users[sid] = self.authenticate(environ, auth)
        except Problem as problem:
            await self.refuse(sid, problem)
        else:
            await super().on_connect(sid, environ, auth)

    async def receive(self, event: Event) -> None:
        self.spawn(self.received(event))

    async def received(self, event: Event) -> None:
        user = self.users.get(event.sid)
        try:
            if user is not None:
                await self.prepare(user)
        except Exception:
            await self.reject(event, self.server_problem())
        else:
            await super().receive(event)
