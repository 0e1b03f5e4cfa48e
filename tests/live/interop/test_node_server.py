"""The Node.js server is correct: it does what the document says, over every channel, with every option."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta

import engineio.payload
import pytest
from socketio.packet import CONNECT, EVENT

from tests.support.clients import (
    CONNECTED,
    MESSAGE,
    NAMESPACE,
    PLAIN,
    SECRET,
    SEND,
    TYPING,
    device,
    in_loop,
    is_let_in,
    joined_wire,
    rest,
    token,
    wire,
)
from tests.support.servers import node_server

TRANSPORTS = pytest.mark.parametrize(
    "transports",
    [["websocket"], ["polling"], ["polling", "websocket"]],
    ids=["websocket", "polling", "upgrade"],
)


# -- a conversation --------------------------------------------------------------------------------


@TRANSPORTS
@in_loop
async def test_a_message_reaches_the_ack_the_devices_the_history_and_rest(
    plain: str, user: str, transports: list[str]
) -> None:
    bearer = token(user)
    async with (
        device(plain, auth={"token": bearer}, transports=transports) as phone,
        device(plain, auth={"token": f"Bearer {bearer}"}, transports=transports) as tablet,
    ):
        [snapshot] = await phone.wait(CONNECTED)
        await tablet.wait(CONNECTED)
        assert snapshot["messages"] == []
        assert snapshot["conversation"].keys() == {"id", "userId", "status", "createdAt", "updatedAt"}
        assert snapshot["conversation"]["userId"] == user
        assert snapshot["conversation"]["status"] == "open"

        message = (await phone.send("  hello \n"))["message"]
        assert message.keys() == {"id", "conversationId", "sender", "text", "createdAt"}
        assert message["conversationId"] == snapshot["conversation"]["id"]
        assert (message["sender"], message["text"]) == ("user", "hello")
        assert datetime.fromisoformat(message["createdAt"]).tzinfo is not None
        assert await phone.wait(MESSAGE) == [message]
        assert await tablet.wait(MESSAGE) == [message]
        assert [name for name, _ in phone.events] == [CONNECTED, MESSAGE]

    response = await rest(plain, bearer)
    assert response.headers["content-type"].startswith("application/json")
    assert response.json()["messages"] == [message]
    assert response.json()["conversation"]["id"] == message["conversationId"]
    assert response.json()["conversation"]["updatedAt"] == message["createdAt"]

    async with device(plain, auth={"token": bearer}, transports=transports) as phone:
        assert await phone.wait(CONNECTED) == [response.json()]


@TRANSPORTS
@in_loop
async def test_the_authorization_header_is_accepted_on_every_transport(
    plain: str, user: str, transports: list[str]
) -> None:
    headers = {"Authorization": f"Bearer {token(user)}"}
    async with device(plain, headers=headers, transports=transports) as phone:
        [snapshot] = await phone.wait(CONNECTED)
    assert snapshot["conversation"]["userId"] == user


@TRANSPORTS
@in_loop
async def test_pipelined_sends_keep_their_order(
    plain: str, user: str, transports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engineio.payload.Payload, "max_decode_packets", 1000)  # of our client: 16 at a time
    texts = [f"text {i}" for i in range(50)]
    async with device(plain, auth={"token": token(user)}, transports=transports) as phone:
        await phone.wait(CONNECTED)
        acks = await asyncio.gather(*(phone.send(text) for text in texts))
        messages = await phone.wait(MESSAGE, len(texts))
    assert [ack["message"]["text"] for ack in acks] == texts
    assert [ack["message"] for ack in acks] == messages
    assert (await rest(plain, token(user))).json()["messages"] == messages
    assert len({message["id"] for message in messages}) == len(texts)


@in_loop
async def test_a_send_that_follows_the_connect_answer_at_once_is_answered(plain: str, user: str) -> None:
    """As the JavaScript client does with what was emitted before it was connected."""
    async with wire(plain) as it:
        await it.write(f"0{NAMESPACE},{json.dumps({'token': token(user)})}")
        assert (await it.read()).packet_type == CONNECT
        await it.write(f'2{NAMESPACE},1["{SEND}",{{"text":"early"}}]')
        assert [(await it.event())[0] for _ in range(2)] == [CONNECTED, MESSAGE]
        ack = await it.read()
    assert ack.id == 1
    assert ack.data[0]["message"]["text"] == "early"


@in_loop
async def test_no_one_sees_another_users_messages(plain: str, user: str) -> None:
    async with joined_wire(plain, user) as it:
        async with joined_wire(plain, f"{user}-other") as other:
            await other.write(f'2{NAMESPACE},1["{SEND}",{{"text":"mine"}}]')
            assert [(await other.read()).packet_type for _ in range(2)] == [EVENT, 3]
        assert await it.fence() == []
    assert (await rest(plain, token(user))).json()["messages"] == []


@in_loop
async def test_every_accepted_message_is_in_the_snapshot_or_emitted_but_not_both(plain: str, user: str) -> None:
    async with joined_wire(plain, user) as writer:
        for i in range(100):
            await writer.write(f'2{NAMESPACE},{i}["{SEND}",{{"text":"{i}"}}]')
        async with device(plain, auth={"token": token(user)}, transports=["websocket"]) as late:
            [snapshot] = await late.wait(CONNECTED)
            before = [message["text"] for message in snapshot["messages"]]
            after = await late.wait(MESSAGE, 100 - len(before))
    assert before + [message["text"] for message in after] == [str(i) for i in range(100)]


@in_loop
async def test_typing_is_accepted_and_not_answered(plain: str, user: str) -> None:
    async with joined_wire(plain, user) as it:
        await it.write(f'2{NAMESPACE},["{TYPING}",{{"isTyping":true}}]')
        await it.write(f'2{NAMESPACE},["{TYPING}"]')
        assert await it.fence() == []


# -- options ---------------------------------------------------------------------------------------


@in_loop
async def test_users_are_the_only_ones_that_exist() -> None:
    with node_server(*PLAIN, "--users=ada,bob") as url:
        assert await is_let_in(url, token("ada")) == (True, True)
        assert await is_let_in(url, token("bob")) == (True, True)
        assert await is_let_in(url, token("eve")) == (False, False)


@in_loop
async def test_required_claims_must_be_there_exactly() -> None:
    claims = {"aud": "x", "role": "user"}
    with node_server(*PLAIN, f"--require-claims={json.dumps(claims)}") as url:
        assert await is_let_in(url, token(**claims, extra=1)) == (True, True)
        assert await is_let_in(url, token(aud="x")) == (False, False)
        assert await is_let_in(url, token(aud="x", role="admin")) == (False, False)


@in_loop
async def test_window_and_preload_bound_what_is_shown() -> None:
    with node_server(*PLAIN, "--preload=30", "--window=20") as url:
        async with device(url, auth={"token": token()}, transports=["websocket"]) as phone:
            [snapshot] = await phone.wait(CONNECTED)
            new = (await phone.send("new"))["message"]
        history = (await rest(url, token())).json()
    messages = snapshot["messages"]
    assert len(messages) == len(history["messages"]) == 20
    assert [message["sender"] for message in messages] == ["user", "support"] * 10
    assert len({message["text"] for message in messages}) == 20
    assert messages == sorted(messages, key=lambda message: message["createdAt"])
    assert messages[-1]["createdAt"] < new["createdAt"]
    assert history["messages"] == [*messages[1:], new]


@in_loop
async def test_a_window_of_nothing_shows_nothing() -> None:
    with node_server(*PLAIN, "--preload=3", "--window=0") as url:
        assert (await rest(url, token())).json()["messages"] == []


@pytest.mark.parametrize("delay", [0, 100])
@in_loop
async def test_support_replies_by_itself_after_the_ack(delay: int) -> None:
    with node_server(f"--jwt-secret={SECRET}", f"--reply-delay={delay}") as url:
        async with joined_wire(url, "ada") as it:
            await it.write(f'2{NAMESPACE},1["{SEND}",{{"text":"hello"}}]')
            _, sent = await it.event()
            ack = await it.read()
            _, reply = await it.event()
        history = (await rest(url, token())).json()["messages"]
    assert ack.data == [{"message": sent}]
    assert reply["sender"] == "support"
    assert reply["conversationId"] == sent["conversationId"]
    assert history == [sent, reply]
    waited = datetime.fromisoformat(reply["createdAt"]) - datetime.fromisoformat(sent["createdAt"])
    assert waited >= timedelta(milliseconds=delay / 2)  # a busy loop starts its timers a little early
