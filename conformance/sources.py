"""From what the command line gave to a source of good tokens."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from conformance.errors import Unusable
from conformance.options import Options
from conformance.redaction import Redactor
from conformance.tokens import KeyMinter, Minter, claims_of
from conformance.users import Minted, ReadyMade, Source


def source_of(options: Options, redactor: Redactor, embedded_secret: str | None) -> Source:
    """The run's source of tokens; every secret given is registered with the redactor. Raises Unusable."""
    minter = _minter(options, redactor, embedded_secret)
    if options.tokens:
        for number, token in enumerate(options.tokens, 1):
            redactor.register(token, f"token {number}")
        ready = _grouped(options.tokens)
        return ReadyMade(ready.tokens, minter)
    if minter is None:
        raise Unusable("no way to get a token: pass --token=JWT or --jwt-secret=S")
    return Minted(minter, options.jwt_claims, options.users)


def _minter(options: Options, redactor: Redactor, embedded_secret: str | None) -> Minter | None:
    if options.jwt_key is not None:
        return KeyMinter(_private_key(options.jwt_key, redactor), options.jwt_algorithm)
    secret = options.jwt_secret or embedded_secret
    if secret is None:
        return None
    redactor.register(secret, "secret")
    minter = KeyMinter(secret, options.jwt_algorithm)
    try:
        minter.sign({})
    except Exception as error:
        raise Unusable(f"--jwt-algorithm={options.jwt_algorithm} does not work with --jwt-secret: {error}") from error
    return minter


def _private_key(path: Path, redactor: Redactor) -> object:
    try:
        text = path.read_text(encoding="ascii")
        redactor.register(text.strip(), "private key")
        return load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, OSError) as error:
        raise Unusable(f"--jwt-key={path} holds no unencrypted private key in PEM form") from error


def _grouped(tokens: Sequence[str]) -> ReadyMade:
    """Ready-made tokens by user: tokens of the same subject are one user's. Raises Unusable for expired ones."""
    users: dict[str, list[str]] = {}
    for number, token in enumerate(tokens, 1):
        claims = claims_of(token) or {}
        expires = claims.get("exp")
        if isinstance(expires, (int, float)) and expires < time.time():
            raise Unusable(f"token {number} of {len(tokens)} has expired: pass a fresh one")
        subject = claims.get("sub")
        users.setdefault(str(subject) if subject is not None else f"token {number}", []).append(token)
    return ReadyMade(users)
