"""Tokens that are signed with what anyone has are well signed, with just that."""

from __future__ import annotations

import base64
import hmac
from typing import Any

import jwt
import pytest
from cryptography import x509

from conformance.auth.bad_tokens import Basis, bad_token
from conformance.auth.tokens import KeyMinter, decode_part, good_claims
from conformance.record.token_kinds import SECRETS
from tests.support.signing import Keys


@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        ("empty-secret", ""),
        ("empty-key-file", ""),
        ("secret-changeme", "changeme"),
        ("secret-undefined", "undefined"),
        ("chosen-key", "mine"),
    ],
)
def test_a_guessed_secret_signs_the_same_claims(keys: Keys, kind: str, secret: str) -> None:
    good = keys.good
    signed, _, signature = bad_token(kind, Basis(good, None)).value.rpartition(".")
    header = decode_part(signed.split(".")[0])
    own = keys.minter.algorithm
    assert header["alg"] == (own if own.startswith("HS") else "HS256")
    assert header.get("kid", "").endswith("/dev/null") == (kind == "empty-key-file")
    assert ("UNION SELECT 'mine'" in header.get("kid", "")) == (kind == "chosen-key")
    expected = hmac.digest(secret.encode(), signed.encode(), f"sha{header['alg'][2:]}")
    assert base64.urlsafe_b64decode(signature + "==") == expected
    assert signed.split(".")[1] == good.split(".")[1]


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_that_is_guessed_right_makes_the_good_token(secret: str, algorithm: str) -> None:
    good = KeyMinter(secret, algorithm).sign(good_claims("ada", {}))
    assert bad_token(f"secret-{secret}", Basis(good, None)).value == good


def test_an_embedded_key_verifies_its_own_token(keys: Keys) -> None:
    token = keys.bad("embedded-key")
    header = jwt.get_unverified_header(token)
    own = keys.minter.algorithm
    assert header["alg"] == ("RS256" if own.startswith("HS") else own)
    assert "d" not in header["jwk"]
    key = jwt.PyJWK(header["jwk"], algorithm=header["alg"])
    assert jwt.decode(token, key, algorithms=[header["alg"]])["sub"] == "ada"


def test_an_embedded_certificate_verifies_its_own_token(keys: Keys) -> None:
    token = keys.bad("embedded-certificate")
    header = jwt.get_unverified_header(token)
    own = keys.minter.algorithm
    assert header["alg"] == ("RS256" if own.startswith("HS") else own)
    key: Any = x509.load_der_x509_certificate(base64.b64decode(header["x5c"][0])).public_key()
    assert jwt.decode(token, key, algorithms=[header["alg"]])["sub"] == "ada"


def test_a_signature_of_zeros_is_as_long_as_a_good_one(keys: Keys) -> None:
    good = keys.good
    zeros = bad_token("zero-signature", Basis(good, None)).value
    assert zeros.rpartition(".")[0] == good.rpartition(".")[0]
    lengths = [len(base64.urlsafe_b64decode(token.rpartition(".")[2] + "==")) for token in (good, zeros)]
    assert lengths[0] == lengths[1]
    assert not any(base64.urlsafe_b64decode(zeros.rpartition(".")[2] + "=="))
