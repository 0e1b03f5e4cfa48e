"""Every bad token that the suites try (sections 2.2 and 6)."""

from __future__ import annotations

import base64
import datetime
import hmac
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.auth.tokens import KeyMinter, Minter, Token, claims_of, encode_part, expired_claims
from conformance.errors import Unverified
from conformance.record.token_kinds import ABSENT, NOT_STRINGS, SECRETS


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


def _new_key(algorithm: str) -> Any:
    """A key that the target has never seen."""
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
    return make()


def _wrong_key(basis: Basis) -> str:
    algorithm = _algorithm(basis.good)
    return KeyMinter(_new_key(algorithm), algorithm).sign(_claims(basis.good))


_brought_key = cache(_new_key)
"""The key that tokens bring along: one for each algorithm and run, for some take long to make."""


def _brought(basis: Basis, describe: Callable[[Any, str], dict[str, Any]]) -> str:
    """Signed with a key that the header itself describes."""
    own = _algorithm(basis.good)
    algorithm = "RS256" if own.startswith("HS") else own
    key = _brought_key(algorithm)
    header = {**_header(basis.good), "alg": algorithm, **describe(key, algorithm)}
    return jwt.PyJWS().encode(json.dumps(_claims(basis.good)).encode(), key, algorithm=algorithm, headers=header)


def _as_jwk(key: Any, algorithm: str) -> dict[str, Any]:
    """RFC 7515, section 4.1.3: CVE-2018-0114."""
    return {"jwk": jwt.PyJWS().get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)}


def _as_certificate(key: Any, _: str) -> dict[str, Any]:
    """RFC 7515, section 4.1.6: a certificate that nobody vouches for but itself."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "conformance.invalid")])
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
    signed = made.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    return {"x5c": [base64.b64encode(signed.public_bytes(Encoding.DER)).decode()]}


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


def _zero(basis: Basis) -> str:
    """The signature is as long as it should be, and all zeros: CVE-2022-21449, where it is one of ECDSA."""
    _ = _header(basis.good)  # raises Unverified where it is no JWT
    signed, _, signature = basis.good.rpartition(".")
    length = len(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)))
    return f"{signed}.{base64.urlsafe_b64encode(bytes(length)).rstrip(b'=').decode()}"


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
    header = encode_part({**_header(basis.good), "alg": "HS256"})
    return _with_secret(f"{header}.{basis.good.split('.')[1]}", pem.strip() if trimmed else pem)


def _guessed(basis: Basis, secret: str, **fields: str) -> str:
    """Signed with a secret that anyone may try. The good token itself, where that is the target's. ``fields``: what the
    header has besides."""
    own = _algorithm(basis.good)
    algorithm = own if own in _DIGESTS else "HS256"
    header, claims, _ = basis.good.split(".")
    if fields or algorithm != own:
        header = encode_part({**_header(basis.good), "alg": algorithm, **fields})
    return _with_secret(f"{header}.{claims}", secret.encode(), _DIGESTS[algorithm])


_DIGESTS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
_EMPTY_FILE = "../../../../../../../../dev/null"
_CHOSEN = "mine"
_QUERY = f"x' UNION SELECT '{_CHOSEN}' -- "
"""The name of a key that chooses it, where it is put into a query as it is."""


def _with_secret(signed: str, secret: bytes, digest: str = "sha256") -> str:
    signature = hmac.digest(secret, signed.encode(), digest)
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _algorithm(token: str) -> str:
    return str(_header(token).get("alg", "HS256"))


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


def _altered(text: str) -> str:
    """One character in the middle replaced (the last one may carry bits that lenient decoders ignore)."""
    middle = len(text) // 2
    return text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]


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
    "embedded-key": partial(_brought, describe=_as_jwk),
    "embedded-certificate": partial(_brought, describe=_as_certificate),
    "empty-secret": lambda basis: _guessed(basis, ""),
    "empty-key-file": lambda basis: _guessed(basis, "", kid=_EMPTY_FILE),
    "chosen-key": lambda basis: _guessed(basis, _CHOSEN, kid=_QUERY),
    "zero-signature": _zero,
    **{f"secret-{word}": partial(_guessed, secret=word) for word in SECRETS},
    "public-key": _confused,
    "public-key-trimmed": lambda basis: _confused(basis, trimmed=True),
    "number": lambda _: 12345,
    "true": lambda _: True,
    "list": lambda _: ["not-a-token"],
    "object": lambda _: {"token": "not-a-token"},
    "expired": _expired,
}


_LABELS = {
    "recased": "a good one, but for upper and lower case in its signature",
    "embedded-key": "signed with a key that it brings along in its header (jwk)",
    "embedded-certificate": "signed with a key whose certificate it brings along in its header (x5c)",
    "empty-secret": "signed with an empty secret",
    "empty-key-file": "signed with an empty secret, and naming an empty file as its key (kid)",
    "chosen-key": "signed with a secret that its header chooses, by SQL in the name of its key (kid)",
    "zero-signature": "signed with zeros",
    **{f"secret-{word}": f'signed with the secret "{word}"' for word in SECRETS},
}
"""Where the kind alone would not tell people what is wrong with it."""


def bad_token(kind: str, basis: Basis) -> Token:
    """A token of a kind of ``token_kinds``. Raises Unverified when it cannot be made from what was given."""
    if kind not in {*ABSENT, *NOT_STRINGS, "garbage"} and basis.good.count(".") != 2:
        raise Unverified("the given token is not a JWT, so no bad token can be made from it")
    return Token(_MADE[kind](basis), _LABELS.get(kind, kind), good=False, absent=kind == "missing", kind=kind)
