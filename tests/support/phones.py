"""Phones that do what an app does: one on the official JavaScript client, one that is our recorder; and a tablet."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from conformance.auth.tokens import Token
from conformance.auth.users import User
from conformance.drive.device import Device
from conformance.drive.stage import Stage
from conformance.record.transcript import Entry, Kind
from tests.support.clients import DEADLINE, MESSAGE
from tests.support.servers import node_client
from tests.support.staging import stage_at

Story = list[tuple[str, Any]]
"""What was seen, in order: an event, an ack, a disconnect, a body of REST; and what came with it."""
ACK, DISCONNECT, REST = "ack", "disconnect", "rest"
CONNECT_ERROR = "connect_error"
"""Reported, and no part of the story: the client tries again by itself before it is connected."""
LOST, REFUSED, LEFT = "connection lost", "io server disconnect", "io client disconnect"


def saw(story: Story, what: str) -> list[Any]:
    return [detail for name, detail in story if name == what]


def reported(record: Iterable[Entry]) -> Iterator[tuple[str, Any]]:
    """The story in a transcript, in the words of the official client."""
    refused = set()
    for entry in record:
        if entry.kind is Kind.HTTP:
            yield REST, entry.get("body")
        elif entry.kind is Kind.RECEIVED and entry.get("packet") == "DISCONNECT":
            refused.add(entry.connection)
            yield DISCONNECT, REFUSED
        elif entry.kind is Kind.CLOSED and entry.connection not in refused:
            yield DISCONNECT, LEFT if entry.get("by") == "harness" else LOST
        elif entry.kind is Kind.RECEIVED and entry.get("args"):
            yield entry.get("event") or ACK, entry.get("args")[0]


class Phone(Protocol):
    """What the flow does with either client. ``until`` waits until the story has so many entries of a kind."""

    async def store(self, token: Token) -> None: ...
    async def fetch(self) -> None: ...
    async def connect(self) -> None: ...
    async def come_back(self) -> None: ...
    async def send(self, text: str) -> None: ...
    async def typing(self, is_typing: bool) -> None: ...
    async def leave(self) -> None: ...
    async def until(self, what: str, count: int) -> None: ...


class Official:
    """The JavaScript client: an app in a process of its own, see ``client.mjs``."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._changed = asyncio.Condition()
        self._reported: Story = []
        self._commands = 0

    @property
    def story(self) -> Story:
        return [one for one in self._reported if one[0] not in ("done", "thread", "transport", CONNECT_ERROR)]

    async def read(self) -> None:
        """Take down what it tells."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            what, detail = json.loads(line)
            async with self._changed:
                self._reported.append((what, detail))
                self._changed.notify_all()

    async def _tell(self, *command: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        await self._process.stdin.drain()
        self._commands += 1
        await self.until("done", self._commands)

    async def until(self, what: str, count: int) -> None:
        async with asyncio.timeout(DEADLINE), self._changed:
            await self._changed.wait_for(lambda: len(saw(self._reported, what)) >= count)

    async def store(self, token: Token) -> None:
        await self._tell("store", token.value)

    async def fetch(self) -> None:
        await self._tell("fetch")

    async def connect(self) -> None:
        await self._tell("connect")

    async def come_back(self) -> None:
        """It does so by itself."""

    async def send(self, text: str) -> None:
        await self._tell("send", text)

    async def typing(self, is_typing: bool) -> None:
        await self._tell("typing", is_typing)

    async def leave(self) -> None:
        await self._tell("leave")
        await self.until(DISCONNECT, 3)

    async def rendered(self) -> Any:
        await self._tell("render")
        await self.until("thread", 1)
        return saw(self._reported, "thread")[0]

    async def transport(self, *, moves: bool) -> Any:
        await self._tell("transport", moves)
        await self.until("transport", 1)
        return saw(self._reported, "transport")[0]


@asynccontextmanager
async def official(url: str, options: Mapping[str, Any]) -> AsyncIterator[Official]:
    pipe = asyncio.subprocess.PIPE
    command = node_client(url, json.dumps(options))
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=2**20)
    phone = Official(process)
    reading = asyncio.create_task(phone.read())
    try:
        yield phone
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await reading
        await process.wait()


class Recorded:
    """Our recorder in place of an app."""

    def __init__(self, stage: Stage, user: User, transport: str) -> None:
        self._stage, self._user, self._transport = stage, user, transport
        self._token: Token | None = None
        self._outbox: list[str] = []
        self._sends: list[asyncio.Task[Any]] = []
        self._device = stage.device("phone", user=user, transport=transport)

    @property
    def story(self) -> Story:
        return list(reported(self._stage.transcript))

    async def until(self, what: str, count: int) -> None:
        found = await self._stage.recorder.until(lambda: len(saw(self.story, what)) >= count or None, within=DEADLINE)
        assert found, f"not seen {count} times: {what}"

    async def store(self, token: Token) -> None:
        self._token = token

    async def fetch(self) -> None:
        await self._stage.fetch(user=self._user, token=self._token)

    async def connect(self) -> None:
        await self._device.reconnect(token=self._token)
        if self._transport == "upgrade" and self._token is not None and self._token.good:
            assert await self._device.upgrade()
        for text in self._outbox:
            await self.send(text)
        self._outbox = []

    async def come_back(self) -> None:
        await self._device.reconnect(token=self._token)

    async def send(self, text: str) -> None:
        if self._device.closed:
            self._outbox.append(text)
        else:
            self._sends.append(asyncio.create_task(self._device.send_text(text, valid=bool(text.strip()))))

    async def typing(self, is_typing: bool) -> None:
        await self._device.typing({"isTyping": is_typing})

    async def leave(self) -> None:
        await asyncio.gather(*self._sends)
        await self._device.close()


class Tablet:
    """Another device of the user, recorded: on a network that does not go down."""

    def __init__(self, stage: Stage, device: Device) -> None:
        self._stage, self._device = stage, device

    async def connect(self) -> None:
        await self._device.connect()

    async def say(self, text: str) -> None:
        await self._device.send_plain(text)

    async def until(self, what: str, count: int) -> None:
        found = await self._stage.recorder.until(
            lambda: len(self._device.inbox.heard(what)) >= count or None, within=DEADLINE
        )
        assert found, f"the tablet did not hear {what} {count} times"

    @property
    def messages(self) -> list[Any]:
        return [entry.get("args")[0] for entry in self._device.inbox.heard(MESSAGE)]


@asynccontextmanager
async def tablet_of(user: User, url: str) -> AsyncIterator[Tablet]:
    async with stage_at(url, deadline=DEADLINE) as stage:
        yield Tablet(stage, stage.device("tablet", user=user))
