"""What a client library hears, twice: as it crosses its session, and as its handlers are called."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Iterable
from functools import partial
from typing import Any

import socketio

from conformance.auth.tokens import Token
from conformance.auth.users import User
from conformance.drive.client_library import LIBRARY
from conformance.drive.context import ScenarioContext
from conformance.drive.inbox import PacketInbox
from conformance.protocol import CONNECTED, EMITTED, NAMESPACE, SEND, Json
from conformance.record.transcript import Entry, Kind
from conformance.transport.close_reason import CloseReason
from conformance.transport.engineio import Transport
from conformance.transport.socketio_packets import Received, fields_of


class ClientInbox(PacketInbox):
    """The listener of a client's session (``tap.ClientListener``), and its handlers. ``token`` is what the client
    presents; ``notes`` are those of the sends that were emitted and not written yet, in their order."""

    def __init__(self, context: ScenarioContext, name: str, user: User) -> None:
        super().__init__(context.recorder, name, user.subject)
        self._context = context
        self._user = user
        self.token: Token | None = None
        self.notes: deque[dict[str, Json]] = deque()
        self.tasks: set[asyncio.Future[Any]] = set()
        """Those of the client that have not ended."""
        self.broken: Exception | None = None
        """What went wrong in the harness while a handler was called."""

    def begin(self, connection: int) -> None:
        super().begin(connection)
        self.seen: list[Entry] = []
        """What the handlers were called with on the current connection."""
        self.close_reason = CloseReason("network")
        """How it ended, where it has."""

    @property
    def greeted(self) -> bool:
        """Whether the client's handlers know that the namespace was entered, and of the greeting."""
        greetings = any(entry.get("event") == CONNECTED for entry in self.seen)
        return greetings and any(entry.get("saw") == "connect" for entry in self.seen)

    # -- handlers ----------------------------------------------------------------------------------------------

    def listen(self, client: socketio.AsyncClient) -> None:
        """Handle what the document names."""
        for event in EMITTED:
            client.on(event, partial(self.handler, "event", event=event), namespace=NAMESPACE)
        client.on("connect", partial(self.handler, "connect"), namespace=NAMESPACE)
        client.on("disconnect", self._on_disconnect, namespace=NAMESPACE)

    def handler(self, saw: str, *args: Json, **about: Json) -> None:
        """Synchronous: as the library starts a task for each packet, such handlers are called in the packets' order."""
        try:
            content = {"args": self._readable(args)} if saw in ("event", "ack") else {}
            self.seen.append(self.log(Kind.CLIENT, saw=saw, **about, **content))
        except Exception as error:  # the library would take it for a fault of its own
            self.broken = self.broken or error

    def _on_disconnect(self, reason: Json) -> None:
        self.handler("disconnect", reason=str(reason))

    def _readable(self, args: Iterable[Json]) -> Json:
        """Arguments as the record keeps them: long histories share their messages with what was received."""
        text = json.dumps(list(args), ensure_ascii=False, separators=(",", ":"), default=repr)
        try:
            return self._recorder.read(text, of=self._owner)
        except (ValueError, RecursionError):
            return [self._recorder.brief(text)]

    def watched(self, task: asyncio.Future[Any]) -> asyncio.Future[Any]:
        """A task of the client, which may fail on what it is sent: that is reported, and no task is forgotten."""
        self.tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Future[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.handler("error", reason=self._recorder.brief(f"{type(error).__name__}: {error}"))

    # -- the session -------------------------------------------------------------------------------------------

    def on_opening(self, via: Transport) -> None:
        assert self.token is not None
        self.begin(next(self._context.connections))
        self.log(
            Kind.OPEN,
            user=self._user.name,
            **self.token.notes,
            option="auth",
            transport="upgrade" if via is Transport.POLLING else str(via),
            usual=False,
            greet=True,
            trial=True,
            client=LIBRARY,
        )

    def on_written(self, message: str, via: Transport) -> None:
        try:
            fields = fields_of(Received(message, json.loads))
        except (ValueError, IndexError):
            fields = {"packet": "RAW", "text": message}
        notes = self.notes.popleft() if fields.get("event") == SEND and self.notes else {}
        self._context.run.intake.meter.messages += fields.get("event") == SEND
        self.log(Kind.SENT, **fields, **notes, via=str(via))

    def on_closed(self, ending: CloseReason) -> None:
        self.close_reason = ending
        super().on_closed(ending)
