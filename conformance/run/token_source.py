"""From what the command line gave to a source of good tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from conformance.auth.expiry import expiry_of, format_utc, remaining
from conformance.auth.external import Commanded, Hooked
from conformance.auth.tokens import KeyMinter, Minter, claims_of
from conformance.auth.users import Minted, ReadyMade, Source
from conformance.errors import UsageError
from conformance.redaction import Redactor, looks_secret
from conformance.run.options import Options


def source_of(options: Options, redactor: Redactor, embedded_secret: str | None) -> Source:
    """The run's source of tokens; every secret given is registered with the redactor. Raises UsageError."""
    register_strangers(options, redactor)
    minter = _minter(options, redactor, embedded_secret)
    if options.tokens:
        for number, token in enumerate(options.tokens, 1):
            redactor.register(token, f"token {number}", disguised=True)
        ready = grouped(options.tokens)
        return ReadyMade(ready.tokens, minter)
    if options.token_command is not None:
        return Commanded(options.token_command, options.users)
    if options.token_hook is not None:
        return Hooked(options.token_hook, options.users)
    if minter is None:
        raise UsageError("no way to get a token: pass --token=JWT or --jwt-secret=S")
    return Minted(minter, options.jwt_claims, options.users)


def register_strangers(options: Options, redactor: Redactor) -> None:
    """What the command line holds for others than us: a gateway's headers, the words of a command."""
    for name, value in options.headers.items():
        words = [value, *value.split()[1:]]  # of "Basic …" the second word is the secret
        for word in words:
            if looks_secret(word, name):
                redactor.register(word, f"header {name}", disguised=True)
    for word in (options.token_command or "").split():
        name, _, value = word.rpartition("=")
        value = value.strip("'\"")
        if value != "{user}" and looks_secret(value, name):  # which the texts of a run may hold
            redactor.register(value, "word of --token-command", disguised=True)


def _minter(options: Options, redactor: Redactor, embedded_secret: str | None) -> Minter | None:
    secret = options.jwt_secret or embedded_secret
    if options.jwt_key is not None:
        return _signing(KeyMinter(_private_key(options.jwt_key, redactor), options.jwt_algorithm), "--jwt-key")
    if secret is None:
        return None
    redactor.register(secret, "secret", disguised=True)
    return _signing(KeyMinter(secret, options.jwt_algorithm), "--jwt-secret")


_ALGORITHMS = {
    "--jwt-secret": "HS256, HS384 and HS512",
    "--jwt-key": "RS…, PS…, ES… and EdDSA, each with its kind of key",
}


def _signing(minter: KeyMinter, flag: str) -> KeyMinter:
    """The same minter, tried once. Raises UsageError."""
    try:
        minter.sign({})
    except Exception as error:
        problem = f"--jwt-algorithm={minter.algorithm} does not work with {flag}"
        raise UsageError(f"{problem}, which is for {_ALGORITHMS[flag]}: {error}") from error
    return minter


def _private_key(path: Path, redactor: Redactor) -> object:
    try:
        text = path.read_text(encoding="ascii")
        redactor.register_key(text, "private key")
        return load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, OSError) as error:
        raise UsageError(f"--jwt-key={path} holds no unencrypted private key in PEM form") from error


def grouped(tokens: Sequence[str]) -> ReadyMade:
    """Ready-made tokens by user: tokens of the same subject are one user's. Raises UsageError for expired ones."""
    users: dict[str, list[str]] = {}
    for number, token in enumerate(tokens, 1):
        subject = str((claims_of(token) or {}).get("sub", f"token {number}"))
        expiry = expiry_of(token)
        if remaining(expiry) <= 0:
            raise UsageError(
                f"token {number} of {len(tokens)} ({subject}) expired at {format_utc(expiry)}: pass a fresh one"
            )
        users.setdefault(subject, []).append(token)
    return ReadyMade(users)
