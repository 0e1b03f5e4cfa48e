"""The verifier of the reference server."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conformance.reference import BadToken, HelpCenter, Served, Verifier, mint

SECRET = "a secret of the tests, long enough for any of them: HS256, HS384 and HS512 alike"
KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "PS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def sign(claims: object, *, secret: str = SECRET) -> str:
    """A token with any claims at all, well signed."""
    return jwt.PyJWS().encode(json.dumps(claims).encode(), secret, algorithm="HS256")


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_secret_verifies_tokens_of_its_algorithm_only(algorithm: str) -> None:
    for other in ["HS256", "HS384", "HS512"]:
        token = mint(SECRET, "ann", algorithm=other)
        if other == algorithm:
            assert Verifier(SECRET, algorithm=algorithm).verify(token) == "ann"
        else:
            with pytest.raises(BadToken):
                Verifier(SECRET, algorithm=algorithm).verify(token)


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_public_key_verifies_tokens(algorithm: str) -> None:
    private = KEYS[algorithm]
    verifier = Verifier(private.public_key(), algorithm=algorithm)
    assert verifier.verify(jwt.encode({"sub": "ann"}, private, algorithm=algorithm)) == "ann"
    with pytest.raises(BadToken):
        verifier.verify(mint(SECRET, "ann"))


def test_a_public_key_is_no_secret() -> None:
    """A token signed by HMAC with the text of the public key as the secret."""
    public = KEYS["RS256"].public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    class NoGuard(jwt.algorithms.HMACAlgorithm):
        def prepare_key(self, key: Any) -> bytes:
            return bytes(key)

    jws = jwt.PyJWS(algorithms=[])
    jws.register_algorithm("HS256", NoGuard(NoGuard.SHA256))
    with pytest.raises(BadToken):
        Verifier(public, algorithm="RS256").verify(jws.encode(b'{"sub":"ann"}', pem, algorithm="HS256"))


def test_a_server_takes_tokens_of_its_public_key() -> None:
    private = KEYS["ES256"]
    center = HelpCenter(Verifier(private.public_key(), algorithm="ES256"))
    with Served(center.app) as server:
        token = jwt.encode({"sub": "ann"}, private, algorithm="ES256")
        answer = httpx.get(server.url + "/api/help-center/messages", headers={"Authorization": f"Bearer {token}"})
        assert answer.json()["conversation"]["userId"] == "ann"


GOOD_CLAIMS: dict[str, Any] = {
    "no expiry": {"sub": "ann"},
    "not yet expired": {"sub": "ann", "exp": 1001},
    "fraction": {"sub": "ann", "exp": 1000.5},
    "just valid": {"sub": "ann", "nbf": 1000},
    "audience and others": {"sub": "ann", "aud": "app", "iss": "me", "iat": 999_999, "jti": 1},
}
BAD_CLAIMS: dict[str, Any] = {
    "expired": {"sub": "ann", "exp": 999},
    "expires now": {"sub": "ann", "exp": 1000},
    "expiry as text": {"sub": "ann", "exp": "2000"},
    "expiry null": {"sub": "ann", "exp": None},
    "expiry true": {"sub": "ann", "exp": True},
    "expiry infinite": {"sub": "ann", "exp": float("inf")},
    "expiry not a number": {"sub": "ann", "exp": float("nan")},
    "not yet valid": {"sub": "ann", "nbf": 1001},
    "no subject": {},
    "empty subject": {"sub": ""},
    "subject as number": {"sub": 1},
    "subject null": {"sub": None},
    "subject with half a character": {"sub": "\ud800"},
    "array": ["ann"],
    "text": "ann",
}


class At1000(Verifier):
    def now(self) -> float:
        return 1000.0


@pytest.mark.parametrize("claims", GOOD_CLAIMS.values(), ids=GOOD_CLAIMS)
def test_good_claims(claims: object) -> None:
    assert At1000(SECRET).verify(sign(claims)) == "ann"


@pytest.mark.parametrize("claims", BAD_CLAIMS.values(), ids=BAD_CLAIMS)
def test_bad_claims(claims: object) -> None:
    with pytest.raises(BadToken):
        At1000(SECRET).verify(sign(claims))


def test_an_unsigned_token_is_refused() -> None:
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    token = ".".join([header, mint(SECRET, "ann").split(".")[1], ""])
    with pytest.raises(BadToken):
        Verifier(SECRET).verify(token)
    assert Verifier(SECRET).unverified(token)["sub"] == "ann"


@pytest.mark.parametrize("token", [None, "", 0, 1.5, True, [], {}, b"x", "x", "é", "a.b.c", "\ud800", "..", "x" * 99])
def test_no_token_at_all(token: object) -> None:
    with pytest.raises(BadToken):
        Verifier(SECRET).verify(token)


def test_a_short_secret_works() -> None:
    """Without the warning of PyJWT, which the tests' settings would make an error."""
    assert Verifier("short").verify(mint("short", "ann")) == "ann"


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        pytest.param("", "HS256", id="empty"),
        pytest.param(SECRET, "none", id="none"),
        pytest.param(SECRET, "RS256", id="secret for RS256"),
        pytest.param(KEYS["RS256"].public_key(), "HS256", id="key for HS256"),
        pytest.param(KEYS["RS256"].public_key(), "ES256", id="other kind of key"),
        pytest.param(rsa.generate_private_key(65537, 1024).public_key(), "RS256", id="short key"),  # noqa: S505
    ],
)
def test_a_key_that_cannot_work_is_refused_at_once(key: Any, algorithm: str) -> None:
    with pytest.raises(jwt.InvalidKeyError):
        Verifier(key, algorithm=algorithm)
