"""What the reference server does of itself: automatic answers, its own errors, one method replaced."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from conformance.reference import HelpCenter, Message, Served, Store
from tests.support.clients import ERROR, MESSAGE, SEND
from tests.unit.reference.raw_client import (
    TRANSPORTS,
    center,
    device,
    get,
    raw,
    rest,
    run,
    token,
)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_support_answers_each_message_once(transport: str) -> None:
    async def work(url: str) -> None:
        async with device(url, "ann", transport) as (phone, _):
            await phone.emit((SEND, {"text": "help"}), ack=1)
            event, ack, reply = [await phone.next() for _ in range(3)]
            assert ack.payload == {"message": event.payload}
            assert reply.event == MESSAGE
            assert reply.payload["sender"] == "support"
            assert await phone.until_fence() == []
        assert rest(url, "ann")["messages"] == [event.payload, reply.payload]

    with Served(center(auto_reply=True).app) as server:
        run(lambda: work(server.url))


# Errors of our own (section 4.4)


class BrokenStore(Store):
    """A store that works until `broken` is set."""

    broken = False

    def history(self, *args: Any) -> list[Message]:
        return self._fail() if self.broken else super().history(*args)

    def add(self, *args: Any, **options: Any) -> Message:
        return self._fail() if self.broken else super().add(*args, **options)

    def _fail(self) -> Any:
        raise sqlite3.OperationalError("disk full")


def test_an_internal_error_is_reported_and_survived() -> None:
    store = BrokenStore()

    async def work(url: str) -> None:
        async with device(url, "ann") as (phone, _), raw(url) as late:
            store.broken = True
            assert (await phone.ack(SEND, {"text": "hello"}))["error"]["code"] == "SERVER_ERROR"
            await late.connect({"token": token()})
            _, error, end = await late.until_fence()
            assert (error.event, error.payload["code"], end.type) == (ERROR, "SERVER_ERROR", 1)
            answer = get(url)
            assert (answer.status_code, answer.json()["code"]) == (500, "SERVER_ERROR")
            assert "disk" not in answer.text
            store.broken = False
            assert "message" in await phone.ack(SEND, {"text": "hello"})

    with Served(center(store=store).app) as server:
        run(lambda: work(server.url))


# Overriding


def test_one_method_makes_another_server() -> None:
    """The faulty servers of the harness's own tests are made this way."""

    class Shouts(HelpCenter):
        def trim(self, text: str) -> str:
            return super().trim(text).upper()

        async def acknowledge(self, event: Any, answer: Any) -> None:
            await super().acknowledge(event, answer)
            await super().acknowledge(event, answer)

        async def on_typing(self, event: Any) -> None:
            await self.wire.hang_up(event.sid)

    async def work(url: str) -> None:
        async with device(url, "ann") as (phone, _):
            await phone.emit((SEND, {"text": "hello"}), ack=5)
            event, *acks = await phone.until_fence()
            assert event.payload["text"] == "HELLO"
            assert [ack.id for ack in acks] == [5, 5]
            await phone.emit(("help_center:typing",))
            assert await phone.read() == ["1"]

    with Served(center(Shouts).app) as server:
        run(lambda: work(server.url))
