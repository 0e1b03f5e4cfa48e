"""Sending to the reference server, seen from the wire (sections 3.2, 4.4 to 4.6 and 9)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.clients import ERROR, MESSAGE, NAMESPACE, SEND
from tests.unit.reference.raw_client import (
    TRANSPORTS,
    device,
    rest,
    run,
)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_sent_message_is_the_same_on_every_route(url: str, transport: str) -> None:
    user = f"routes {transport}"

    async def work() -> None:
        async with (
            device(url, user, transport) as (phone, before),
            device(url, user) as (tablet, _),
            device(url, "stranger") as (stranger, _),
        ):
            await phone.emit((SEND, {"text": "  hello\n", "extra": 1}, "more"), ack=0)
            event, ack = await phone.until_fence()
            assert (ack.type, ack.id) == (3, 0)
            message = event.payload
            assert event.event == MESSAGE
            assert ack.data == [{"message": message}]
            assert (message["text"], message["sender"]) == ("hello", "user")
            assert message["conversationId"] == before["conversation"]["id"]
            assert [p.payload for p in await tablet.until_fence()] == [message]
            assert await stranger.until_fence() == []
        async with device(url, user) as (_, after):
            assert after["messages"] == [message]
            assert after == rest(url, user)
            assert after["conversation"]["updatedAt"] == message["createdAt"]

    run(work)


def test_a_send_without_ack_is_announced_only(url: str) -> None:
    async def work() -> None:
        async with device(url, "quiet") as (phone, _):
            await phone.emit((SEND, {"text": "hello"}))
            (event,) = await phone.until_fence()
            assert event.event == MESSAGE

    run(work)


GOOD_TEXTS = {
    "one character": ("a", "a"),
    "2,000 characters": ("a" * 2000, "a" * 2000),
    "2,000 emoji": ("\U0001f600" * 2000, "\U0001f600" * 2000),
    "padding beyond the limit": (" " * 1500 + "a" * 2000 + "\n" * 1500, "a" * 2000),
    "inner space": (" a \t\n b ", "a \t\n b"),
    "U+0000": ("a\0b", "a\0b"),
    "only U+0000": ("\0", "\0"),
    "record separator inside": ("a\x1eb", "a\x1eb"),
}


@pytest.mark.parametrize(("sent", "saved"), GOOD_TEXTS.values(), ids=GOOD_TEXTS)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_good_text_is_saved(url: str, transport: str, sent: str, saved: str) -> None:
    async def work() -> None:
        async with device(url, "good", transport) as (phone, _):
            answer = await phone.ack(SEND, {"text": sent})
            assert answer["message"]["text"] == saved
        assert rest(url, "good")["messages"][-1] == answer["message"]

    run(work)


BAD_SENDS: dict[str, tuple[Any, ...]] = {
    "no payload": (),
    "null": (None,),
    "text alone": ("hello",),
    "number alone": (1,),
    "array": ([{"text": "hello"}],),
    "missing text": ({},),
    "null text": ({"text": None},),
    "number": ({"text": 1},),
    "boolean": ({"text": True},),
    "array for text": ({"text": ["hello"]},),
    "object for text": ({"text": {"text": "hello"}},),
    "empty": ({"text": ""},),
    "white space": ({"text": " \n\t\u3000"},),
    "2,001 characters": ({"text": "a" * 2001},),
    "lone surrogate": ({"text": "a\ud800b"},),
}


@pytest.mark.parametrize("args", BAD_SENDS.values(), ids=BAD_SENDS)
def test_a_bad_send_is_refused_and_the_connection_lives(url: str, args: tuple[Any, ...]) -> None:
    async def work() -> None:
        async with device(url, "bad") as (phone, before), device(url, "bad") as (tablet, _):
            error = (await phone.ack(SEND, *args))["error"]
            assert error["code"] == "VALIDATION_ERROR"
            assert error["message"]
            assert error["details"]["field"] == "text"
            await phone.emit((SEND, *args))
            (event,) = await phone.until_fence()
            assert (event.event, event.payload) == (ERROR, error)
            assert await tablet.until_fence() == []
            assert rest(url, "bad") == before

    run(work)


def test_binary_is_no_text(url: str) -> None:
    async def work() -> None:
        async with device(url, "binary", "polling") as (phone, _):
            placeholder = '{"_placeholder":true,"num":0}'
            await phone.write([f'451-{NAMESPACE},3["{SEND}",{{"text":{placeholder}}}]', "bAAEC"])
            (ack,) = await phone.until_fence()
            assert ack.payload["error"]["code"] == "VALIDATION_ERROR"

    run(work)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_pipelined_sends_keep_their_order(url: str, transport: str) -> None:
    user, count = f"pipeline {transport}", 200
    texts = [str(i) for i in range(count)]

    async def work() -> None:
        async with device(url, user, transport) as (phone, _):
            await phone.emit(*[(SEND, {"text": text}) for text in texts], ack=100)
            packets = await phone.until_fence()
        events = [p.payload for p in packets if p.type == 2]
        acks = [p for p in packets if p.type == 3]
        assert [e["text"] for e in events] == texts
        assert [(a.id, a.payload["message"]) for a in acks] == list(zip(range(100, 100 + count), events, strict=True))
        assert rest(url, user)["messages"] == events
        assert len({e["id"] for e in events}) == count
        instants = [e["createdAt"] for e in events]
        assert instants == sorted(instants)

    run(work)


HARMLESS: dict[str, tuple[Any, ...]] = {
    "typing": ("help_center:typing", {"isTyping": True}),
    "typing with nothing": ("help_center:typing",),
    "typing with nonsense": ("help_center:typing", None, 1, ["x"]),
    "unknown": ("help_center:nonsense", {"text": "hello"}),
    "named connect": ("connect", {"HTTP_AUTHORIZATION": "x"}, {"token": "x"}),
    "named disconnect": ("disconnect", "x"),
    "named by an object": ({"a": 1}, {"text": "hello"}),
    "without a name": (),
}


@pytest.mark.parametrize("event", HARMLESS.values(), ids=HARMLESS)
def test_other_events_change_nothing(url: str, event: tuple[Any, ...]) -> None:
    async def work() -> None:
        async with device(url, "typist") as (phone, before), device(url, "typist") as (tablet, _):
            await phone.emit(event)
            assert await phone.until_fence() == []
            assert await tablet.until_fence() == []
            assert rest(url, "typist") == before

    run(work)


def test_a_device_that_has_left_gets_nothing(url: str) -> None:
    async def work() -> None:
        async with device(url, "leaver") as (phone, _), device(url, "leaver") as (tablet, _):
            await tablet.write([f"41{NAMESPACE},"])
            await tablet.emit((SEND, {"text": "from beyond"}))
            assert await tablet.until_fence() == []
            await phone.ack(SEND, {"text": "hello"})
            assert await tablet.until_fence() == []
        assert [m["text"] for m in rest(url, "leaver")["messages"]] == ["hello"]

    run(work)
