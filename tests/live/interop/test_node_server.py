"""The Node.js server is correct: it does what the document says, over every channel, with every option."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import engineio.payload
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from socketio.packet import CONNECT, DISCONNECT, EVENT

from tests.support.clients import (
    CONNECTED,
    DEADLINE,
    ERROR,
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


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    """A server without automatic replies, shared by the tests, each with users of its own."""
    with node_server(*PLAIN) as url:
        yield url


@pytest.fixture
def user() -> str:
    return f"user-{uuid.uuid4()}"


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
async def test_nobody_sees_another_users_messages(plain: str, user: str) -> None:
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


# -- validation ------------------------------------------------------------------------------------


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
        '3{ns},99["an ack nobody asked for"]',
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


# -- tokens ----------------------------------------------------------------------------------------


def _bad_tokens() -> dict[str, Any]:
    good = token()
    head, body, signature = good.split(".")
    middle = len(signature) // 2
    forged = signature[:middle] + ("A" if signature[middle] != "A" else "B") + signature[middle + 1 :]
    return {
        "empty": "",
        "no-token": "not a token",
        "only-bearer": "Bearer ",
        "bad-signature": f"{head}.{body}.{forged}",
        "no-signature": f"{head}.{body}.",
        "other-secret": token(key="another secret, just as long as the right one"),
        "other-algorithm": token(key=SECRET * 2, algorithm="HS512"),
        "alg-none": token(key=None, algorithm="none"),
        "expired": token(exp=int(time.time()) - 3600),
        "not-yet": token(nbf=int(time.time()) + 3600),
        "no-sub": token(None),
        "empty-sub": token(""),
        "null": None,
        "number": 7,
        "object": {"token": good},
    }


BAD_TOKENS = _bad_tokens()
REST_BAD_TOKENS = {name: bad for name, bad in BAD_TOKENS.items() if isinstance(bad, str)}


@pytest.mark.parametrize("bad", BAD_TOKENS.values(), ids=BAD_TOKENS)
@in_loop
async def test_a_bad_token_gets_one_error_then_disconnect_and_nothing_else(plain: str, bad: Any) -> None:
    async with wire(plain) as it:
        await it.write(f"0{NAMESPACE},{json.dumps({'token': bad})}")
        packets = [await it.read() for _ in range(3)] + await it.fence()
    assert [packet.packet_type for packet in packets] == [CONNECT, EVENT, DISCONNECT]
    name, payload = packets[1].data
    assert name == ERROR
    assert payload.keys() == {"code", "message"}
    assert payload["code"] == "UNAUTHORIZED"


@TRANSPORTS
@in_loop
async def test_no_token_gets_one_error_on_every_transport(plain: str, transports: list[str]) -> None:
    async with device(plain, transports=transports) as phone:
        [error] = await phone.wait(ERROR)
    assert error["code"] == "UNAUTHORIZED"
    assert [name for name, _ in phone.events] == [ERROR]


@pytest.mark.parametrize("sub", [7, ["ada"], {"id": "ada"}, True], ids=["number", "array", "object", "boolean"])
@in_loop
async def test_a_subject_that_is_no_string_is_refused(plain: str, sub: object) -> None:
    def segment(value: object) -> str:
        return jwt.utils.base64url_encode(json.dumps(value).encode()).decode()

    signed = f"{segment({'alg': 'HS256'})}.{segment({'sub': sub})}"
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(signed.encode(), SECRET.encode())
    bearer = f"{signed}.{jwt.utils.base64url_encode(signature).decode()}"
    assert await is_let_in(plain, bearer) == (False, False)


@pytest.mark.parametrize("bad", REST_BAD_TOKENS.values(), ids=REST_BAD_TOKENS)
@in_loop
async def test_rest_refuses_a_bad_token_with_401_and_json(plain: str, bad: str | None) -> None:
    response = await rest(plain, authorization=f"Bearer {bad}".strip())
    assert response.status_code == 401
    assert response.headers["content-type"].startswith("application/json")
    assert response.json()["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize("scheme", ["", "Basic ", "Token "], ids=["bare", "basic", "token"])
@in_loop
async def test_rest_wants_a_bearer_token(plain: str, scheme: str) -> None:
    assert (await rest(plain, authorization=scheme + token())).status_code == 401


@in_loop
async def test_rest_wants_a_header(plain: str) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE) as client:
        assert (await client.get(f"{plain}/api/help-center/messages")).status_code == 401


@in_loop
async def test_rest_answers_another_path_with_404_and_json(plain: str) -> None:
    for path in ("/", "/api/help-center", "/api/help-center/messages/7", "//"):
        response = await rest(plain, token(), path=path)
        assert response.status_code == 404
        assert response.json()["code"] == "NOT_FOUND"


PRIVATE_KEYS: dict[str, Callable[[], Any]] = {
    "RS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


@pytest.mark.parametrize("algorithm", PRIVATE_KEYS)
@in_loop
async def test_a_public_key_verifies_its_own_tokens_only(algorithm: str, tmp_path: Path) -> None:
    key, other = PRIVATE_KEYS[algorithm](), PRIVATE_KEYS[algorithm]()
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    key_file = tmp_path / "public.pem"
    key_file.write_bytes(pem)
    with node_server(f"--jwt-key={key_file}", f"--jwt-algorithm={algorithm}") as url:
        assert await is_let_in(url, token(key=key, algorithm=algorithm)) == (True, True)
        assert await is_let_in(url, token(key=other, algorithm=algorithm)) == (False, False)
        assert await is_let_in(url, token()) == (False, False)


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
