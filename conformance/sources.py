"""From what the command line gave to a source of good tokens."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import time
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from conformance.errors import Unusable, Unverified
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
    if options.token_command is not None:
        return Commanded(options.token_command, options.users)
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


class Commanded:
    """Tokens that a command prints, one each time. ``{user}`` in one of its arguments becomes the user's subject;
    without it, all its tokens are one user's. No shell is involved: ``sh -c '…'`` is a command too."""

    PATIENCE = 30.0
    """Seconds that the command may take."""
    minter: Minter | None = None
    may_be_new = True

    def __init__(self, command: str, users: Sequence[str] | None) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise Unusable(f"--token-command cannot be read: {error}") from error
        if not any("{user}" in word for word in self._words):
            users = ["the command's user"]
        self._known = users
        self._given: dict[str, str] = {}

    @property
    def subjects(self) -> Sequence[str] | None:
        return self._known

    async def token(self, subject: str, *, fresh: bool) -> str:
        """The user's token, asked for once; a fresh one is asked for anew. Raises Unverified when there is none."""
        old = self._given.get(subject)
        if old is not None and not fresh:
            return old
        new = self._given[subject] = await self._ask([word.replace("{user}", subject) for word in self._words])
        if new == old:
            raise Unverified("a refreshed token is needed, and --token-command prints the same one again")
        return new

    async def _ask(self, words: Sequence[str]) -> str:
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *words, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
            )
        except (OSError, ValueError, TypeError) as error:
            raise Unverified(f"--token-command cannot be run: {error}") from error
        try:
            async with asyncio.timeout(self.PATIENCE):
                output, complaints = await process.communicate()
        except TimeoutError:
            raise Unverified(f"--token-command took longer than {self.PATIENCE:g} s") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        return _printed(process.returncode, output, complaints)


def _printed(code: int | None, output: bytes, complaints: bytes) -> str:
    """The one token in a command's output."""
    if code != 0:
        told = complaints.decode(errors="replace").strip().splitlines()
        raise Unverified(f"--token-command failed with exit code {code}: {told[-1] if told else 'it said nothing'}")
    words = output.decode(errors="replace").removeprefix("Bearer ").split()
    if len(words) != 1 or not words[0].isascii():
        raise Unverified(f"--token-command must print one token; it printed {len(words)} words")
    return words[0]


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
