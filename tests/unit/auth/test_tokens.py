"""Every bad token is bad in its own way and in no other, whatever it is made from, and none is ever printed."""

from __future__ import annotations

import base64
import contextlib
import hmac
import time

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conformance.auth.bad_tokens import Basis, bad_token
from conformance.auth.credentials import presenting
from conformance.auth.tokens import (
    KeyMinter,
    Token,
    claims_of,
    decode_part,
    good_claims,
    living_claims,
)
from conformance.auth.users import Minted, ReadyMade, User
from conformance.errors import Unverified
from conformance.record.token_kinds import ABSENT, BAD, CONFUSED, INVALID, NOT_STRINGS
from conformance.redaction import Redactor
from conformance.reference import BadToken, Verifier
from tests.support.peers import in_loop
from tests.support.signing import Keys, verify

STRINGS = [kind for kind in BAD if kind not in {*ABSENT, *NOT_STRINGS, *CONFUSED}]

# -- good ones -----------------------------------------------------------------------------------------------------


def test_a_good_token_is_good(keys: Keys) -> None:
    claims = verify(keys.good, keys)
    assert (claims["sub"], claims["role"]) == ("ada", "user")
    assert Verifier(keys.verifying, algorithm=keys.minter.algorithm).verify(keys.good) == "ada"


def test_two_good_tokens_differ(keys: Keys) -> None:
    assert keys.good != keys.good


def test_a_good_token_is_good_for_clocks_that_are_behind() -> None:
    claims = good_claims("ada", {})
    assert claims["iat"] <= time.time() - 59
    assert claims["exp"] - time.time() > 3500


def test_the_user_is_filled_in_at_any_depth() -> None:
    extra = {"email": "{user}@example.com", "deep": {"list": ["id:{user}", 1]}, "sub": "acct:{user}"}
    claims = good_claims("ada", extra)
    assert claims["email"] == "ada@example.com"
    assert claims["deep"] == {"list": ["id:ada", 1]}
    assert claims["sub"] == "acct:ada"
    assert extra["deep"] == {"list": ["id:{user}", 1]}


def test_a_short_lived_token_expires_soon() -> None:
    claims = living_claims(good_claims("ada", {}), 3)
    assert 1 <= claims["exp"] - time.time() <= 3


# -- bad ones ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", STRINGS)
def test_a_bad_token_is_bad(keys: Keys, kind: str) -> None:
    with pytest.raises(jwt.InvalidTokenError):
        verify(keys.bad(kind), keys)
    with pytest.raises(BadToken):
        Verifier(keys.verifying, algorithm=keys.minter.algorithm).verify(keys.bad(kind))


def test_an_expired_token_is_bad_for_its_time_alone(keys: Keys) -> None:
    expired = keys.bad("expired")
    with pytest.raises(jwt.ExpiredSignatureError):
        verify(expired, keys, leeway=1200)
    assert verify(expired, keys, options={"verify_exp": False})["sub"] == "ada"


@pytest.mark.parametrize("kind", ["tampered", "resigned", "wrong-key", "stripped"])
def test_a_forged_token_is_bad_for_its_signature_alone(keys: Keys, kind: str) -> None:
    with pytest.raises(jwt.InvalidSignatureError):
        verify(keys.bad(kind), keys)


@pytest.mark.parametrize("kind", ["unsigned", "unsigned-nOnE"])
def test_an_unsigned_token_claims_the_same(keys: Keys, kind: str) -> None:
    header, claims, signature = keys.bad(kind).split(".")
    assert decode_part(header)["alg"] == kind.removeprefix("unsigned-").replace("unsigned", "none")
    assert decode_part(claims)["sub"] == "ada"
    assert signature == ""


def test_a_tampered_token_keeps_its_structure(keys: Keys) -> None:
    good = keys.good
    tampered = bad_token("tampered", Basis(good, None)).value
    assert [good.split(".")[part] == tampered.split(".")[part] for part in range(3)] == [True, False, True]
    assert claims_of(tampered) == {**(claims_of(good) or {}), "sub": "ada-and-more"}
    assert list(claims_of(tampered) or {}) == list(claims_of(good) or {})


def test_a_resigned_token_differs_where_every_decoder_looks(keys: Keys) -> None:
    good = keys.good
    resigned = bad_token("resigned", Basis(good, None)).value
    assert resigned.rpartition(".")[0] == good.rpartition(".")[0]
    decoded = [base64.urlsafe_b64decode(token.rpartition(".")[2] + "==") for token in (good, resigned)]
    assert len(decoded[0]) == len(decoded[1])
    assert decoded[0] != decoded[1]


def test_a_token_of_a_wrong_key_is_well_signed(keys: Keys) -> None:
    header = jwt.get_unverified_header(keys.bad("wrong-key"))
    assert header["alg"] == keys.minter.algorithm
    assert len(keys.bad("wrong-key").rpartition(".")[2]) == len(keys.good.rpartition(".")[2])


def test_a_truncated_token_lacks_its_signature(keys: Keys) -> None:
    assert keys.bad("truncated").count(".") == 1
    assert keys.bad("stripped").endswith(".")


@pytest.mark.parametrize(("kind", "value"), [("missing", None), ("null", None), ("empty", "")])
def test_no_token_at_all(kind: str, value: object) -> None:
    token = bad_token(kind, Basis("opaque", None))
    assert (token.value, token.absent, token.good) == (value, kind == "missing", False)


@pytest.mark.parametrize("kind", NOT_STRINGS)
def test_what_is_no_string_holds_no_good_token(kind: str) -> None:
    value = bad_token(kind, Basis("opaque", None)).value
    assert not isinstance(value, str)
    assert "opaque" not in str(value)


# -- the public key as a secret ------------------------------------------------------------------------------------


def public_key_of(keys: Keys) -> bytes:
    pem: bytes = keys.verifying.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


@pytest.mark.parametrize("kind", CONFUSED)
def test_a_confused_token_is_signed_with_what_everybody_may_know(keys: Keys, kind: str) -> None:
    if keys.minter.algorithm.startswith("HS"):
        with pytest.raises(Unverified, match="needs one: pass --jwt-key"):
            keys.bad(kind)
        return
    token = keys.bad(kind)
    header, claims, signature = token.split(".")
    pem = public_key_of(keys)
    secret = pem.rstrip(b"\n") if kind == "public-key-trimmed" else pem
    assert pem.endswith(b"-----END PUBLIC KEY-----\n")
    assert decode_part(header)["alg"] == "HS256"
    assert decode_part(claims)["sub"] == "ada"
    expected = hmac.new(secret, f"{header}.{claims}".encode(), "sha256").digest()
    assert base64.urlsafe_b64decode(signature + "==") == expected
    with pytest.raises(jwt.InvalidTokenError):
        verify(token, keys)
    with pytest.raises(BadToken):
        Verifier(keys.verifying, algorithm=keys.minter.algorithm).verify(token)


# -- tokens that were given ----------------------------------------------------------------------------------------

MADE_UP = {*ABSENT, *NOT_STRINGS, "garbage"}


@pytest.mark.parametrize("given", ["opaque", "two.parts", "o.p.a.q.u.e"])
@pytest.mark.parametrize("kind", sorted(set(BAD) - MADE_UP))
def test_no_bad_token_is_made_of_an_opaque_one(given: str, kind: str) -> None:
    with pytest.raises(Unverified, match="is not a JWT"):
        bad_token(kind, Basis(given, None))


@pytest.mark.parametrize("kind", ["tampered", "unsigned", "wrong-key"])
@pytest.mark.parametrize("given", ["a.b.c", "..", "e30.W10.c2ln", "bm8.e30.c2ln"])
def test_three_parts_are_no_jwt_yet(given: str, kind: str) -> None:
    with contextlib.suppress(Unverified):
        assert isinstance(bad_token(kind, Basis(given, None)).value, str)


def test_a_given_jwt_makes_every_bad_token_but_an_expired_one(keys: Keys) -> None:
    basis = Basis(keys.good, None)
    for kind in INVALID:
        with pytest.raises(jwt.InvalidTokenError):
            verify(bad_token(kind, basis).value, keys)
    with pytest.raises(Unverified, match="needs the signing key"):
        bad_token("expired", basis)


def test_an_algorithm_that_we_cannot_sign_with_is_said_so() -> None:
    header = base64.urlsafe_b64encode(b'{"alg":"XX1"}').decode().rstrip("=")
    with pytest.raises(Unverified, match="no key can be made for the algorithm XX1"):
        bad_token("wrong-key", Basis(f"{header}.e30.c2ln", None))


# -- nothing is printed --------------------------------------------------------------------------------------------


@in_loop
async def test_no_secret_is_in_any_repr() -> None:
    minter = KeyMinter("a secret of the target", "HS256")
    good = minter.sign(good_claims("ada", {}))
    ready = User("user 1", "ada", ReadyMade({"ada": [good]}, minter), Redactor(), brand_new=False)
    minted = User("user 1", "ada", Minted(minter), Redactor(), brand_new=False)
    token = await ready.token()
    shown = [token, minter, Basis(good, minter), ready, minted, presenting(token, "header"), Token(good, "token")]
    for text in map(repr, shown):
        assert "a secret of the target" not in text
        assert good.split(".")[1] not in text
