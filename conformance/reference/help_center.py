"""The Help Center: what a correct server does with connections and sends."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Coroutine
from typing import Any

from starlette.applications import Starlette
from starlette.types import ASGIApp

from conformance.reference.protocol import (
    CONNECTED,
    ERROR,
    MESSAGE,
    NAMESPACE,
    SEND,
    SUPPORT,
    TYPING,
    USER,
    Event,
    Json,
    Problem,
)
from conformance.reference.rest import Rest
from conformance.reference.store import Message, Store
from conformance.reference.tokens import Verifier
from conformance.reference.wire import Wire

log = logging.getLogger("conformance.reference")
log.addHandler(logging.NullHandler())


class HelpCenter(Rest):
    """The application: `app` is what to serve (ASGI). Build a new one for each time it is served.

    Whatever touches a user's conversation happens under that user's lock. So a message that is saved
    while a device connects is either in the history the device gets or announced to it afterwards,
    never both and never neither, and all devices see messages in the order they were saved.
    """

    def __init__(
        self,
        verifier: Verifier,
        *,
        store: Store | None = None,
        auto_reply: bool = True,
        reply_delay: float = 0.0,
    ) -> None:
        super().__init__(verifier, Store() if store is None else store)
        self.auto_reply = auto_reply
        self.reply_delay = reply_delay
        self.users: dict[str, str] = {}
        self.locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.background: set[asyncio.Task[None]] = set()
        self.wire = self.build_wire()
        self.app = self.build_app()

    # Building

    def build_wire(self) -> Wire:
        """The Socket.IO side."""
        wire = Wire(NAMESPACE, self.receive, **self.wire_options())
        wire.on("connect", self.on_connect, namespace=NAMESPACE)
        wire.on("disconnect", self.on_disconnect, namespace=NAMESPACE)
        return wire

    def wire_options(self) -> dict[str, Any]:
        """Options for python-socketio that differ from `wire.DEFAULTS`."""
        return {}

    def build_app(self) -> ASGIApp:
        """Socket.IO and REST under one roof (section 2.1)."""
        return self.wire.app(Starlette(routes=self.rest_routes()))

    # Who is there (section 2.2)

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        """A client connects: it is welcomed or refused, and nothing it sends makes this raise."""
        try:
            await self.admit(sid, self.authenticate(environ, auth))
        except Problem as problem:
            await self.refuse(sid, problem)
        except Exception:
            log.exception("a connection failed")
            await self.refuse(sid, self.server_problem())

    async def on_disconnect(self, sid: str, _reason: str) -> None:
        """A connection has ended, from either side."""
        self.users.pop(sid, None)

    def authenticate(self, environ: Json, auth: object) -> str:
        """The user who connects; raises `Problem`."""
        return self.user_of(self.token_of(environ, auth))

    def token_of(self, environ: Json, auth: object) -> object:
        """The token of a connection: option A goes before option B."""
        token = self.auth_token(auth)
        return self.header_token(environ.get("HTTP_AUTHORIZATION")) if token is None else token

    def auth_token(self, auth: object) -> object:
        """Option A: `auth.token`, bare or after "Bearer "; None when there is none."""
        token = auth.get("token") if isinstance(auth, dict) else None
        return self.strip_bearer(token) if isinstance(token, str) else token

    async def admit(self, sid: str, user: str) -> None:
        """Let a device in: from here on it gets what is announced to the user."""
        self.users[sid] = user
        async with self.locks[user]:
            if sid in self.users:  # it may have left while we waited
                await self.join(sid, user)
                await self.welcome(sid, user)

    async def join(self, sid: str, user: str) -> None:
        """Put a device into its user's room."""
        await self.wire.enter_room(sid, self.room_of(user), namespace=NAMESPACE)

    def room_of(self, user: str) -> str:
        """The room of all devices of a user; never the name of a connection, which has no colon."""
        return f"user:{user}"

    async def welcome(self, sid: str, user: str) -> None:
        """The first event of a connection (sections 4.1 and 9)."""
        await self.emit(CONNECTED, self.snapshot(user), to=sid)

    async def refuse(self, sid: str, problem: Problem) -> None:
        """One error, then the end of the connection (section 2.2)."""
        await self.emit_error(sid, problem)
        await self.disconnect(sid)

    async def disconnect(self, sid: str) -> None:
        """Send DISCONNECT, without the data python-socketio adds to its own refusals.

        JavaScript clients take a DISCONNECT with data for a broken packet, and connect again.
        """
        await self.wire.disconnect(sid, namespace=NAMESPACE)

    # What arrives (section 3.2)

    async def receive(self, event: Event) -> None:
        """Any event of any client; those of one connection come one after the other."""
        if event.name == SEND:
            await self.on_send(event)
        elif event.name == TYPING:
            await self.on_typing(event)
        else:
            await self.on_unknown(event)

    async def on_send(self, event: Event) -> None:
        """Save a message, tell all devices of its user, then acknowledge it."""
        try:
            user = self.sender_of(event)
            text = self.validate(self.payload_of(event))
            message = await self.deliver(user, text, sender=USER, origin=event.sid)
        except Problem as problem:
            await self.reject(event, problem)
        except Exception:
            log.exception("a send failed")
            await self.reject(event, self.server_problem())
        else:
            await self.acknowledge(event, self.ack_payload(message))
            self.schedule_reply(user, message)

    async def on_typing(self, event: Event) -> None:
        """Typing is not passed on yet (section 4.3)."""

    async def on_unknown(self, event: Event) -> None:
        """Events the document does not know are ignored."""

    def sender_of(self, event: Event) -> str:
        """The user behind the connection of an event."""
        user = self.users.get(event.sid)
        if user is None:
            raise self.unauthorized("This connection has not been let in.")
        return user

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        """Save a message and announce it, with nothing of the same user in between.

        `origin` is the connection it came from; None for a message of the server.
        """
        async with self.locks[user]:
            message = self.save(user, text, sender=sender)
            await self.announce(user, message, origin=origin)
        return message

    # What is sent (section 3.1)

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:  # noqa: ARG002
        """Send a new message to all devices of its user, the one it came from (`origin`) included."""
        await self.emit(MESSAGE, self.message_payload(message), to=self.room_of(user))

    async def acknowledge(self, event: Event, answer: Json) -> None:
        """Answer a send, if its client asked for an answer (section 4.6)."""
        if event.ack is not None:
            await self.wire.answer(event.sid, event.ack, answer)

    async def reject(self, event: Event, problem: Problem) -> None:
        """Say why a send failed: in the acknowledgement, or as an event where none was asked for."""
        if event.ack is None:
            await self.emit_error(event.sid, problem)
        else:
            await self.acknowledge(event, self.error_ack_payload(problem))

    async def emit_error(self, sid: str, problem: Problem) -> None:
        """An error event for one connection (section 4.4)."""
        await self.emit(ERROR, self.error_payload(problem), to=sid)

    async def emit(self, event: str, payload: Json, *, to: str) -> None:
        """Every event to clients passes here; `to` is a room or one connection."""
        await self.wire.emit(event, payload, to=to, namespace=NAMESPACE)

    # The automatic answer (section 9)

    def schedule_reply(self, user: str, message: Message) -> None:
        """Have support answer a message of a user."""
        if self.auto_reply:
            self.spawn(self.reply(user, message))

    async def reply(self, user: str, message: Message) -> None:
        """The answer itself: a message like any other, from support."""
        await asyncio.sleep(self.reply_delay)
        await self.deliver(user, self.reply_text(message), sender=SUPPORT)

    def reply_text(self, message: Message) -> str:  # noqa: ARG002 - `message` is for overrides
        """What support says."""
        return "Thank you for your message. Our support team will answer you here."

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something in the background, until it is done or the server stops."""
        task = asyncio.create_task(work)
        self.background.add(task)
        task.add_done_callback(self.spawned)

    def spawned(self, task: asyncio.Task[None]) -> None:
        """Something in the background is done; a failure is logged and does no harm."""
        self.background.discard(task)
        if not task.cancelled() and task.exception():
            log.error("work in the background failed", exc_info=task.exception())
