"""The Node.js server lets in who has a good token, over every channel."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from socketio.packet import CONNECT, DISCONNECT, EVENT

from tests.support.clients import (
    DEADLINE,
    ERROR,
    NAMESPACE,
    SECRET,
    device,
    in_loop,
    is_let_in,
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
