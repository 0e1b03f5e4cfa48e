"""The Node.js server takes what is valid, and refuses what is not."""

from __future__ import annotations

import pytest
from socketio.packet import EVENT

from tests.support.clients import (
    CONNECTED,
    ERROR,
    NAMESPACE,
    SEND,
    device,
    in_loop,
    joined_wire,
    rest,
    token,
)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a" * 2000,
        " " * 3000 + "a" * 2000 + "\t\n",
        "\N{GRINNING FACE}" * 1000,
        "\u0000",
        "\u202fé\u3000",
    ],
    ids=["one", "2000", "2000-padded", "1000-emoji", "nul", "unicode-space"],
)
@in_loop
async def test_a_valid_text_is_saved_trimmed(plain: str, user: str, text: str) -> None:
    async with device(plain, auth={"token": token(user)}, transports=["websocket"]) as phone:
        await phone.wait(CONNECTED)
        assert (await phone.send(text))["message"]["text"] == text.strip()


INVALID_PAYLOADS = {
    "no-payload": "",
    "null": ",null",
    "number": ",7",
    "string": ',"text"',
    "boolean": ",true",
    "array": ',[{"text":"a"}]',
    "empty-object": ",{}",
    "text-null": ',{"text":null}',
    "text-number": ',{"text":7}',
    "text-array": ',{"text":["a"]}',
    "text-object": ',{"text":{"text":"a"}}',
    "text-empty": ',{"text":""}',
    "text-blank": ',{"text":" \\n\\t\\u00a0\\u3000"}',
    "text-2001": ',{"text":"' + "a" * 2001 + '"}',
    "text-1001-emoji": ',{"text":"' + "\N{GRINNING FACE}" * 1001 + '"}',
    "prototype": ',{"__proto__":{"text":"a"}}',
    "second-argument": ',null,{"text":"a"}',
}


@pytest.mark.parametrize("payload", INVALID_PAYLOADS.values(), ids=INVALID_PAYLOADS)
@in_loop
async def test_an_invalid_payload_is_refused_and_the_chat_goes_on(plain: str, user: str, payload: str) -> None:
    async with joined_wire(plain, user) as it:
        await it.write(f'2{NAMESPACE},5["{SEND}"{payload}]')
        ack = await it.read()
        await it.write(f'2{NAMESPACE},["{SEND}"{payload}]')
        name, error = await it.event()
        await it.write(f'2{NAMESPACE},6["{SEND}",{{"text":"fine"}}]')
        assert [(await it.read()).packet_type for _ in range(2)] == [EVENT, 3]
        assert await it.fence() == []
    assert ack.id == 5
    assert ack.data == [{"error": error}]
    assert name == ERROR
    assert error.keys() == {"code", "message", "details"}
    assert error["code"] == "VALIDATION_ERROR"
    assert [m["text"] for m in (await rest(plain, token(user))).json()["messages"]] == ["fine"]


@pytest.mark.parametrize(
    "packet",
    [
        '2{ns},["error",{{"message":"boom"}}]',
        '2{ns},["help_center:message",{{"text":"forged"}}]',
        '2{ns},["no_such_event",null]',
        '2{ns},9["no_such_event"]',
        "2{ns},[7]",
        '3{ns},99["an ack that was not asked for"]',
    ],
    ids=["error", "forged", "unknown", "unknown-with-ack", "number", "stray-ack"],
)
@in_loop
async def test_an_unknown_packet_is_ignored_and_the_chat_goes_on(plain: str, user: str, packet: str) -> None:
    async with joined_wire(plain, user) as it:
        await it.write(packet.format(ns=NAMESPACE))
        await it.write(f'2{NAMESPACE},1["{SEND}",{{"text":"fine"}}]')
        _, message = await it.event()
        assert (await it.read()).data == [{"message": message}]
        assert await it.fence() == []
    assert (await rest(plain, token(user))).json()["messages"] == [message]


@pytest.mark.parametrize(
    "packet",
    ["", "9", '2{ns},{{"a":1}}', '2{ns},["disconnect"]', '2/elsewhere,["a"]', "0{ns},{{}}", '51-{ns},["a"]'],
    ids=["empty", "type", "payload", "reserved", "namespace", "connect-again", "no-attachment"],
)
@in_loop
async def test_a_malformed_packet_ends_only_its_own_connection(plain: str, user: str, packet: str) -> None:
    async with joined_wire(plain, user) as bystander:
        async with joined_wire(plain, user) as it:
            await it.write(packet.format(ns=NAMESPACE))
            await it.write("2")  # an attachment that is announced must follow at once
            with pytest.raises(ConnectionResetError):
                await it.read()
        assert await bystander.fence() == []
