"""Tokens: who is speaking (section 2.2). One algorithm, one key, each check a method of its own."""

from __future__ import annotations

import json
import math
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from jwt.algorithms import HMACAlgorithm, get_default_algorithms

from conformance.reference.protocol import is_utf8

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey

MINIMUM_SECRET = 32
"""Bytes; a shorter HMAC secret can be guessed from one token (RFC 7518, section 3.2)."""


MINIMUM_RSA = 2048
"""Bits (RFC 7518, section 3.3)."""


class BadToken(Exception):
    """A token that identifies no user; the text says why, and never contains the token."""


class _AnyLengthHMAC(HMACAlgorithm):
    """HMAC without PyJWT's warning about short secrets, which `-W error` would turn into a refusal.

    Whoever chooses the secret gets one warning instead (`cli`).
    """

    def check_key_length(self, key: Any) -> str | None:  # noqa: ARG002 - PyJWT's signature
        return None


_HMACS = {
    "HS256": _AnyLengthHMAC(HMACAlgorithm.SHA256),
    "HS384": _AnyLengthHMAC(HMACAlgorithm.SHA384),
    "HS512": _AnyLengthHMAC(HMACAlgorithm.SHA512),
}
_SIGNATURES = {name: a for name, a in get_default_algorithms().items() if name[:2] in ("RS", "PS", "ES", "Ed")}
SECRET_ALGORITHMS = tuple(_HMACS)
KEY_ALGORITHMS = tuple(_SIGNATURES)


def _jws() -> jwt.PyJWS:
    jws = jwt.PyJWS(algorithms=[])
    for name, algorithm in (_HMACS | _SIGNATURES).items():
        jws.register_algorithm(name, algorithm)
    return jws


_JWS = _jws()


def mint(secret: str, subject: str, *, algorithm: str = "HS256", lifetime: float = 3600.0) -> str:
    """A token for `subject`, good for `lifetime` seconds."""
    now = int(time.time())
    claims = {"sub": subject, "iat": now, "exp": now + int(lifetime)}
    return _JWS.encode(json.dumps(claims).encode(), secret, algorithm=algorithm)


class Verifier:
    """Tells from a token which user it stands for.

    `key` is an HMAC secret or a public key. Raises `jwt.InvalidKeyError` when it does not go with
    `algorithm`.
    """

    def __init__(self, key: str | PublicKey, *, algorithm: str = "HS256") -> None:
        self.key: Any = key
        self.algorithm = algorithm
        self.check_key()

    def check_key(self) -> None:
        """Fail early on a key that could never verify anything."""
        algorithm = (_SIGNATURES | _HMACS).get(self.algorithm)
        if algorithm is None:
            raise jwt.InvalidKeyError(f"unknown algorithm {self.algorithm}")
        if self.key == "":
            raise jwt.InvalidKeyError("the secret is empty")
        if isinstance(self.key, rsa.RSAPublicKey) and self.key.key_size < MINIMUM_RSA:
            raise jwt.InvalidKeyError(f"the key has fewer than {MINIMUM_RSA} bits")
        try:
            algorithm.prepare_key(self.key)
        except (TypeError, ValueError) as error:
            raise jwt.InvalidKeyError(f"the key does not fit {self.algorithm}") from error

    def verify(self, token: object) -> str:
        """The id of the user a token stands for. Raises `BadToken`."""
        claims = self.claims(self.text(token))
        self.check_expiry(claims)
        self.check_start(claims)
        return self.subject(claims)

    def text(self, token: object) -> str:
        """The token as text, whatever was sent in its place."""
        if token is None or token == "":
            raise BadToken("A token is required.")
        if not isinstance(token, str) or not token.isascii():
            raise BadToken("The token is not a JWT.")
        return token

    def claims(self, token: str) -> dict[str, Any]:
        """What a token claims, once its algorithm and signature are found good."""
        try:
            payload = _JWS.decode(token, self.key, algorithms=self.algorithms())
        except jwt.PyJWTError as error:
            raise BadToken("The token is not a JWT signed with the expected key.") from error
        return self.parse(payload)

    def algorithms(self) -> list[str]:
        """The algorithms accepted in a token's header."""
        return [self.algorithm]

    def unverified(self, token: str) -> dict[str, Any]:
        """What a token claims, with nothing checked; not used here."""
        try:
            payload = _JWS.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError as error:
            raise BadToken("The token is not a JWT.") from error
        return self.parse(payload)

    def parse(self, payload: bytes) -> dict[str, Any]:
        """The claims inside a token's payload."""
        try:
            claims = json.loads(payload)
        except (ValueError, RecursionError) as error:
            raise BadToken("The token's claims are not JSON.") from error
        if not isinstance(claims, dict):
            raise BadToken("The token's claims are not an object.")
        return claims

    def now(self) -> float:
        """The clock, in seconds since 1970."""
        return time.time()

    def check_expiry(self, claims: dict[str, Any]) -> None:
        """A token without `exp` does not expire; leeway is none."""
        if "exp" in claims and self.instant(claims["exp"]) <= self.now():
            raise BadToken("The token has expired.")

    def check_start(self, claims: dict[str, Any]) -> None:
        """A token is not valid before its `nbf`, if it has one."""
        if "nbf" in claims and self.instant(claims["nbf"]) > self.now():
            raise BadToken("The token is not valid yet.")

    def instant(self, value: object) -> float:
        """A NumericDate (RFC 7519, section 2), in seconds since 1970."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadToken("The token has a date that is not a number.")
        if isinstance(value, float) and not math.isfinite(value):
            raise BadToken("The token has a date that is not a number.")
        return value

    def subject(self, claims: dict[str, Any]) -> str:
        """The user's id: a text that is not empty and can be stored as UTF-8."""
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise BadToken("The token names no subject.")
        if not is_utf8(subject):
            raise BadToken("The token's subject is not a valid text.")
        return subject
