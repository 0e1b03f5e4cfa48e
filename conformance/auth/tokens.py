"""Good tokens, and what tokens are made of (sections 2.2 and 6)."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import HMACAlgorithm

from conformance.record.token_kinds import GOOD

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


def issued_now(claims: Mapping[str, Any]) -> dict[str, Any]:
    """The same claims, issued at this moment."""
    return {**claims, "iat": int(time.time())}


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
