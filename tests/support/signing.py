"""Signers of all algorithms, with what their tokens are verified with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from conformance.auth.bad_tokens import Basis, bad_token
from conformance.auth.tokens import KeyMinter, good_claims


@dataclass
class Keys:
    """A minter, and what its tokens are verified with."""

    minter: KeyMinter
    verifying: Any

    @property
    def good(self) -> str:
        return self.minter.sign(good_claims("ada", {"role": "user"}))

    def bad(self, kind: str) -> Any:
        return bad_token(kind, Basis(self.good, self.minter)).value


def _pair(private: Any, algorithm: str) -> Keys:
    return Keys(KeyMinter(private, algorithm), private.public_key())


ALGORITHMS: dict[str, Callable[[], Keys]] = {
    "HS256": lambda: Keys(KeyMinter("s" * 40), "s" * 40),
    "HS512": lambda: Keys(KeyMinter("s" * 70, "HS512"), "s" * 70),
    "RS256": lambda: _pair(rsa.generate_private_key(65537, 2048), "RS256"),
    "PS256": lambda: _pair(rsa.generate_private_key(65537, 2048), "PS256"),
    "ES256": lambda: _pair(ec.generate_private_key(ec.SECP256R1()), "ES256"),
    "ES384": lambda: _pair(ec.generate_private_key(ec.SECP384R1()), "ES384"),
    "ES512": lambda: _pair(ec.generate_private_key(ec.SECP521R1()), "ES512"),
    "EdDSA": lambda: _pair(ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
}


def verify(token: str, keys: Keys, **options: Any) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, keys.verifying, algorithms=[keys.minter.algorithm], **options)
    return claims
