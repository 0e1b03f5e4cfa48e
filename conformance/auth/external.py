"""Tokens that are asked for as the run goes: of a command, or of a team's pytest hook."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shlex
import signal
import threading
import traceback
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

from conformance.auth.expiry import SKEW, expiry_of, remaining
from conformance.auth.tokens import Minter, claims_of
from conformance.errors import Unverified, UsageError
from conformance.hooks import NAME, TokenHook
from conformance.redaction import masked


class Asked:
    """Tokens asked for one at a time for each user, and kept until a fresh one is needed or their time is nearly up.

    ``what`` is asked; without ``names_users`` all its tokens are one user's.
    """

    PATIENCE = 30.0
    """Seconds that an answer may take."""
    minter: Minter | None = None

    def __init__(self, what: str, users: Sequence[str] | None, *, names_users: bool, otherwise: str) -> None:
        self.what = what
        self._known = users if names_users else [otherwise]
        self._given: dict[str, str] = {}
        self._owners: dict[str, str] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def subjects(self) -> Sequence[str] | None:
        return self._known

    async def token(self, subject: str, *, fresh: bool) -> str:
        """The user's token, asked for once; a fresh one is asked for anew. Raises Unverified when there is none."""
        async with self._turns[subject]:
            old = self._given.get(subject)
            if old is not None and not fresh and remaining(expiry_of(old)) > SKEW:
                return old
            new = await self._ask(subject)
            self._own(subject, new)
            self._given[subject] = new
            if fresh and new == old:
                raise Unverified(f"a refreshed token is needed, and {self.what} gives the same one again")
            return new

    def _own(self, subject: str, token: str) -> None:
        """Two users with tokens of one would look like a target that mixes them up."""
        whose = str((claims_of(token) or {}).get("sub", token))
        owner = self._owners.setdefault(whose, subject)
        if owner != subject:
            raise Unverified(f"{self.what} gives {owner} and {subject} tokens of one and the same user")

    async def _ask(self, subject: str) -> str:
        raise NotImplementedError


MOST = 65_536
"""Bytes that a command may print: tokens have a few thousand at most."""

# -- a command -----------------------------------------------------------------------------------------------------


class Commanded(Asked):
    """Tokens that a command prints. ``{user}`` in one of its arguments becomes the user's subject. No shell is
    involved: ``sh -c '…'`` is a command too."""

    def __init__(self, command: str, users: Sequence[str] | None) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise UsageError(f"--token-command cannot be read: {error}") from error
        named = any("{user}" in word for word in self._words)
        super().__init__("--token-command", users, names_users=named, otherwise="the command's user")

    async def _ask(self, subject: str) -> str:
        words, pipe = [word.replace("{user}", subject) for word in self._words], asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *words, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True
            )
        except (OSError, ValueError, TypeError) as error:
            raise Unverified(f"--token-command cannot be run: {error}") from error
        try:
            async with asyncio.timeout(self.PATIENCE):
                assert process.stdout is not None
                assert process.stderr is not None
                output, complaints = await asyncio.gather(_whole(process.stdout), _end(process.stderr))
                await process.wait()
        except TimeoutError:
            raise Unverified(f"--token-command took longer than {self.PATIENCE:g} s") from None
        finally:
            _kill(process)
        return _printed(process.returncode, output, complaints)


async def _whole(stream: asyncio.StreamReader) -> bytes:
    """All that comes. Raises Unverified where that is not a token."""
    said = b""
    while piece := await stream.read(MOST):
        said += piece
        if len(said) > MOST:
            raise Unverified(f"--token-command must print one token; it printed more than {MOST:,} bytes")
    return said


async def _end(stream: asyncio.StreamReader) -> bytes:
    """The end of all that comes."""
    said = b""
    while piece := await stream.read(MOST):
        said = (said + piece)[-MOST:]
    return said


def _kill(process: asyncio.subprocess.Process) -> None:
    """The command, and what it has started, where it still runs."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _printed(code: int | None, output: bytes, complaints: bytes) -> str:
    """The one token in a command's output."""
    if code != 0:
        lines = complaints.decode(errors="replace").strip().splitlines()
        why = masked(lines[-1]) if lines else "it said nothing"
        raise Unverified(f"--token-command failed with exit code {code}: {why}")
    words = output.decode(errors="replace").removeprefix("Bearer ").split()
    if len(words) != 1 or not words[0].isascii():
        raise Unverified(f"--token-command must print one token; it printed {len(words)} words")
    return words[0]


# -- a hook --------------------------------------------------------------------------------------------------------


class Hooked(Asked):
    """Tokens that a team's hook returns. It is called in a thread of its own, for nothing here may wait for it, and
    never twice at once, as nothing promises that it could be."""

    def __init__(self, hook: TokenHook, users: Sequence[str] | None) -> None:
        super().__init__(NAME, users, names_users=hook.names_users, otherwise="the hook's user")
        self._hook = hook
        self._turn = asyncio.Lock()
        self._answer: Future[object] | None = None
        """Of the last call; not done while the hook has not returned."""

    async def _ask(self, subject: str) -> str:
        async with self._turn:
            if self._answer is not None and not self._answer.done():
                raise Unverified(f"{NAME} has not returned since it was called for another token")
            answer = self._answer = Future()
            answer.set_running_or_notify_cancel()  # from here on it cannot be cancelled
            threading.Thread(target=self._call, args=(subject, answer), name=NAME, daemon=True).start()
            try:
                async with asyncio.timeout(self.PATIENCE):
                    returned = await asyncio.wrap_future(answer)
            except TimeoutError:
                raise Unverified(f"{NAME} took longer than {self.PATIENCE:g} s for {subject}") from None
        return self._token(returned, subject)

    def _call(self, subject: str, answer: Future[object]) -> None:
        """Settle ``answer`` with what the hook returns, or raises: an exit, too, and pytest's own outcomes."""
        try:
            returned = self._hook.call(subject)
        except BaseException as error:
            returned = _Raised(error)
        answer.set_result(returned)

    def _token(self, returned: object, subject: str) -> str:
        if isinstance(returned, _Raised):
            raise Unverified(f"{NAME} failed for {subject}{returned.where(self._hook.files)}: {returned.why}")
        if not isinstance(returned, str):
            kind = "nothing" if returned is None else f"{type(returned).__name__}, not a string,"
            raise Unverified(f"{NAME} returned {kind} for {subject}")
        token = returned.strip().removeprefix("Bearer ").strip()
        if not re.fullmatch(r"[!-~]+", token):
            what = "something that is not a token" if token else "an empty string"
            raise Unverified(f"{NAME} returned {what} for {subject}")
        return token


class _Raised:
    """What a hook raised."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    @property
    def why(self) -> str:
        lines = str(self._error).strip().splitlines()
        return f"{type(self._error).__name__}{f': {masked(lines[0])}' if lines else ''}"

    def where(self, files: frozenset[str]) -> str:
        """The line of the team's own file that led there."""
        own = [frame for frame in traceback.extract_tb(self._error.__traceback__) if frame.filename in files]
        return f" ({Path(own[-1].filename).name}:{own[-1].lineno})" if own else ""
