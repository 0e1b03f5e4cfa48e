"""Good tokens, and every bad one that the suites try (sections 2.2 and 6)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import HMACAlgorithm

from conformance.errors import Unverified
from conformance.record.token_kinds import ABSENT, GOOD, NOT_STRINGS

HOUR = 3600
OVERDUE = 25 * 60
"""Seconds by which an expired token has outlived its time: more than any leeway for clocks, which is five minutes at
most, and less than time zones differ."""
LEEWAY = 60
"""Seconds: ``iat`` lies this far back, for targets whose clock is behind ours."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a device presents. ``value`` is a string but for the tokens that are bad by their type; ``None`` with
    ``absent`` means that no token is sent at all. Never printed: ``label`` is. ``kind``: one of ``token_kinds``;
    ``lifetime``: seconds, where it is not that of any good token."""

    value: Any
    label: str
    good: bool = True
    absent: bool = False
    kind: str = GOOD
    lifetime: int | None = None

    @property
    def notes(self) -> dict[str, Any]:
        """What a record says of it."""
        lifetime = {} if self.lifetime is None else {"lifetime": self.lifetime}
        return {"token": self.label, "token_kind": self.kind, "good": self.good, **lifetime}

    def __repr__(self) -> str:
        return f"Token({self.label})"


class _AnyLength(HMACAlgorithm):
    """HMAC without a warning about short secrets: how long its secret is, is the target's business."""

    def check_key_length(self, key: Any) -> str | None:  # noqa: ARG002  PyJWT's signature
        return None


def _jws() -> jwt.PyJWS:
    jws = jwt.PyJWS()
    for name in ("HS256", "HS384", "HS512"):
        jws.unregister_algorithm(name)
        jws.register_algorithm(name, _AnyLength(getattr(HMACAlgorithm, f"SHA{name[2:]}")))
    return jws


_JWS = _jws()


class Minter(Protocol):
    """Signs any claims with the key that the target trusts. ``public_key`` is its other half as PEM (X.509
    SubjectPublicKeyInfo); None for a secret, which has none."""

    def sign(self, claims: Mapping[str, Any]) -> str: ...

    @property
    def public_key(self) -> bytes | None: ...


@dataclass(frozen=True, slots=True, repr=False)
class KeyMinter:
    """Signs with an HMAC secret or a private key."""

    key: Any
    algorithm: str = "HS256"

    def sign(self, claims: Mapping[str, Any]) -> str:
        return _JWS.encode(json.dumps(claims).encode(), self.key, algorithm=self.algorithm)

    @property
    def public_key(self) -> bytes | None:
        if isinstance(self.key, str):
            return None
        pem: bytes = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem


def good_claims(subject: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Claims of a token that is valid for an hour; ``{user}`` in an extra claim becomes the subject."""
    now = int(time.time())
    claims = {"sub": subject, "iat": now - LEEWAY, "exp": now + HOUR, "jti": uuid.uuid4().hex}
    return {**claims, **_filled(dict(extra), subject)}


def expired_claims(claims: Mapping[str, Any]) -> dict[str, Any]:
    """The same claims, so long past their time."""
    expiry = int(time.time()) - OVERDUE
    return {**claims, "iat": expiry - HOUR, "exp": expiry}


def living_claims(claims: Mapping[str, Any], seconds: int) -> dict[str, Any]:
    """The same claims, for so many seconds from now."""
    return {**claims, "exp": int(time.time()) + seconds}


def _filled(value: Any, subject: str) -> Any:
    if isinstance(value, str):
        return value.replace("{user}", subject)
    if isinstance(value, dict):
        return {key: _filled(inner, subject) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, subject) for inner in value]
    return value


# -- the parts of a token ----------------------------------------------------------------------------------------


def encode_part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()


def decode_part(part: str) -> Any:
    """The JSON inside one part of a JWT. Raises ValueError when there is none."""
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def claims_of(token: str) -> dict[str, Any] | None:
    """The claims of a JWT, unverified; None when it cannot be read (an opaque token)."""
    try:
        claims = decode_part(token.split(".")[1])
    except (IndexError, ValueError):
        return None
    return claims if isinstance(claims, dict) else None


def _altered(text: str) -> str:
    """One character in the middle replaced (the last one may carry bits that lenient decoders ignore)."""
    middle = len(text) // 2
    return text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]


# -- bad tokens --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, repr=False)
class Basis:
    """What a bad token is made from: a good one of the same user, and the means to sign others, if there are any."""

    good: str
    minter: Minter | None


_CURVES: dict[str, ec.EllipticCurve] = {
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
    "ES256K": ec.SECP256K1(),
}


def _wrong_key(basis: Basis) -> str:
    algorithm = str(_header(basis.good).get("alg", "HS256"))
    keys: dict[str, Callable[[], Any]] = {
        "HS": lambda: uuid.uuid4().hex * 3,
        "RS": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "PS": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ES": lambda: ec.generate_private_key(_CURVES.get(algorithm, ec.SECP256R1())),
        "Ed": ed25519.Ed25519PrivateKey.generate,
    }
    make = keys.get(algorithm[:2])
    if make is None:
        raise Unverified(f"no key can be made for the algorithm {algorithm} of the given token")
    return KeyMinter(make(), algorithm).sign(_claims(basis.good))


def _tampered(basis: Basis) -> str:
    header, _, signature = basis.good.split(".")
    claims = _claims(basis.good)
    return f"{header}.{encode_part({**claims, 'sub': str(claims.get('sub')) + '-and-more'})}.{signature}"


def _resigned(basis: Basis) -> str:
    header, payload, signature = basis.good.split(".")
    return f"{header}.{payload}.{_altered(signature)}"


def _recased(basis: Basis) -> str:
    signed, _, signature = basis.good.rpartition(".")
    return f"{signed}.{signature.swapcase()}"


def _unsigned(basis: Basis, algorithm: str = "none") -> str:
    header = {"alg": algorithm, "typ": "JWT"}
    return f"{encode_part(header)}.{encode_part(_claims(basis.good))}."


def _stripped(basis: Basis) -> str:
    """The signature is there, and empty."""
    return basis.good.rpartition(".")[0] + "."


def _expired(basis: Basis) -> str:
    if basis.minter is None:
        raise Unverified("an expired token needs the signing key: pass --jwt-secret or --jwt-key")
    return basis.minter.sign(expired_claims(_claims(basis.good)))


def _confused(basis: Basis, *, trimmed: bool = False) -> str:
    """HMAC, and what everybody may know is the secret: who lets a token choose the algorithm, and hands its verifier
    the public key, is taken in. Signed by hand, for our library refuses to."""
    pem = basis.minter.public_key if basis.minter is not None else None
    if pem is None:
        raise Unverified("a token that is signed with the public key needs one: pass --jwt-key")
    signed = f"{encode_part({**_header(basis.good), 'alg': 'HS256'})}.{basis.good.split('.')[1]}"
    signature = hmac.digest(pem.strip() if trimmed else pem, signed.encode(), hashlib.sha256)
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _header(token: str) -> dict[str, Any]:
    try:
        return dict(jwt.get_unverified_header(token))
    except jwt.PyJWTError as error:
        raise Unverified("the given token is not a JWT, so no bad token can be made from it") from error


def _claims(token: str) -> dict[str, Any]:
    claims = claims_of(token)
    if claims is None:
        raise Unverified("the given token is not a JWT, so no bad token can be made from it")
    return claims


_MADE: dict[str, Callable[[Basis], Any]] = {
    "missing": lambda _: None,
    "null": lambda _: None,
    "empty": lambda _: "",
    "garbage": lambda _: "not-a-token",
    "truncated": lambda basis: basis.good.rpartition(".")[0],
    "tampered": _tampered,
    "resigned": _resigned,
    "recased": _recased,
    "stripped": _stripped,
    "unsigned": _unsigned,
    "unsigned-nOnE": lambda basis: _unsigned(basis, "nOnE"),
    "wrong-key": _wrong_key,
    "public-key": _confused,
    "public-key-trimmed": lambda basis: _confused(basis, trimmed=True),
    "number": lambda _: 12345,
    "true": lambda _: True,
    "list": lambda _: ["not-a-token"],
    "object": lambda _: {"token": "not-a-token"},
    "expired": _expired,
}


_LABELS = {"recased": "a good one, but for upper and lower case in its signature"}
"""Where the kind alone would not tell people what is wrong with it."""


def bad_token(kind: str, basis: Basis) -> Token:
    """A token of a kind of ``token_kinds``. Raises Unverified when it cannot be made from what was given."""
    if kind not in {*ABSENT, *NOT_STRINGS, "garbage"} and basis.good.count(".") != 2:
        raise Unverified("the given token is not a JWT, so no bad token can be made from it")
    return Token(_MADE[kind](basis), _LABELS.get(kind, kind), good=False, absent=kind == "missing", kind=kind)
