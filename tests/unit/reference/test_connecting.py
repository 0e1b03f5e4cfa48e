"""Connecting to the reference server, seen from the wire: tokens, first contact, what is shown (section 2.2)."""

from __future__ import annotations

import asyncio

import pytest

from conformance.reference import mint
from tests.support.clients import CONNECTED, ERROR, MESSAGE, SEND
from tests.unit.reference.raw_client import (
    OTHER_SECRET,
    TRANSPORTS,
    device,
    raw,
    run,
    token,
)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_connected_is_the_first_and_only_event(url: str, transport: str) -> None:
    async def work() -> None:
        async with raw(url, transport) as wire:
            await wire.connect({"token": token("first")})
            answer, connected = await wire.until_fence()
            assert answer.type == 0
            assert connected.event == CONNECTED
            assert connected.payload["messages"] == []
            conversation = connected.payload["conversation"]
            assert conversation["userId"] == "first"
            assert conversation["status"] == "open"
            assert conversation["createdAt"].endswith("Z")
            assert len(conversation["createdAt"]) == len("2026-01-01T00:00:00.000Z")

    run(work)


def unsigned() -> str:
    return token().rsplit(".", 1)[0] + "."


def tampered() -> str:
    head, body, signature = token().split(".")
    middle = len(signature) // 2
    letter = "A" if signature[middle] != "A" else "B"
    return ".".join([head, body, signature[:middle] + letter + signature[middle + 1 :]])


BAD_AUTH: dict[str, object] = {
    "nothing": None,
    "no token": {"other": 1},
    "null": {"token": None},
    "empty": {"token": ""},
    "only Bearer": {"token": "Bearer "},
    "number": {"token": 1},
    "zero": {"token": 0},
    "true": {"token": True},
    "array": {"token": [token()]},
    "object": {"token": {"token": token()}},
    "text for auth": "token",
    "array for auth": ["token"],
    "no JWT": {"token": "nonsense"},
    "surrogate": {"token": "\ud800"},
    "expired": {"token": token(lifetime=-3600)},
    "wrong secret": {"token": mint(OTHER_SECRET, "ann")},
    "wrong algorithm": {"token": token(algorithm="HS512")},
    "tampered": {"token": tampered()},
    "unsigned": {"token": unsigned()},
    "no subject": {"token": token("")},
}


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("auth", BAD_AUTH.values(), ids=BAD_AUTH)
def test_a_bad_token_gets_one_error_and_a_disconnect(url: str, transport: str, auth: object) -> None:
    async def work() -> None:
        async with raw(url, transport) as wire:
            await wire.connect(auth)
            answer, error, end = await wire.until_fence()
            assert answer.type == 0
            assert error.event == ERROR
            assert error.payload["code"] == "UNAUTHORIZED"
            assert isinstance(error.payload["message"], str)
            assert (end.type, end.data) == (1, None)  # data in a DISCONNECT breaks JavaScript clients

    run(work)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    ("auth", "header", "user"),
    [
        pytest.param("Bearer {a}", None, "a", id="prefix"),
        pytest.param(None, "Bearer {b}", "b", id="header"),
        pytest.param("{a}", "Bearer {b}", "a", id="both"),
        pytest.param("nonsense", "Bearer {b}", None, id="bad token, good header"),
        pytest.param("{a}", "Bearer nonsense", "a", id="good token, bad header"),
        pytest.param(None, "{b}", None, id="header without Bearer"),
    ],
)
def test_either_route_for_the_token(
    url: str, transport: str, auth: str | None, header: str | None, user: str | None
) -> None:
    tokens = {"a": token("a"), "b": token("b")}

    async def work() -> None:
        headers = {"Authorization": header.format(**tokens)} if header else {}
        async with raw(url, transport, headers=headers) as wire:
            await wire.connect({"token": auth.format(**tokens) if auth else None})
            await wire.next()
            first = await wire.next()
            if user is None:
                assert first.payload["code"] == "UNAUTHORIZED"
            else:
                assert first.payload["conversation"]["userId"] == user

    run(work)


def test_other_namespaces_are_refused(url: str) -> None:
    async def work() -> None:
        async with raw(url) as wire:
            await wire.write(["40"])
            assert (await wire.next()).type == 4

    run(work)


def test_many_first_connections_of_a_user_share_one_conversation(url: str) -> None:
    async def first(transport: str) -> str:
        async with device(url, "new", transport) as (_, connected):
            return str(connected["conversation"]["id"])

    async def work() -> None:
        ids = await asyncio.gather(*[first(t) for t in TRANSPORTS * 8])
        assert len(set(ids)) == 1

    run(work)


def test_a_message_saved_while_a_device_connects_is_seen_once(url: str) -> None:
    """In the history or as an event, never both, never neither, in order, on every device."""

    async def watch(transport: str, seen_by: list[list[str]]) -> None:
        async with device(url, "race", transport) as (wire, connected):
            seen = [message["text"] for message in connected["messages"]]
            while "end" not in seen:
                packet = await wire.next()
                assert packet.event == MESSAGE
                seen.append(packet.payload["text"])
            seen_by.append(seen)

    async def work() -> None:
        seen_by: list[list[str]] = []
        texts = [f"message {i}" for i in range(60)]
        async with device(url, "race") as (sender, _), asyncio.TaskGroup() as group:
            for i, text in enumerate(texts):
                if i % 5 == 0:
                    group.create_task(watch(TRANSPORTS[i % 2], seen_by))
                await sender.ack(SEND, {"text": text})
            await sender.ack(SEND, {"text": "end"})
        assert seen_by == [[*texts, "end"]] * 12

    run(work)
