"""Stages on a server: what a scenario is given, without a run around it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from benchmarks.processes import SECRET
from conformance.auth.tokens import KeyMinter
from conformance.auth.users import Minted, User, Users
from conformance.drive.context import RunContext
from conformance.drive.stage import Stage
from conformance.record.transcript import Transcript
from conformance.redaction import Redactor

PATIENCE = 120.0
"""Seconds, for any answer: a benchmark measures what takes long, too."""


class Stages:
    """Of one run against the server at ``url``, whose key is ``SECRET``."""

    def __init__(self, url: str) -> None:
        redactor = Redactor()
        self._run = RunContext.create(url, {}, None, redactor, deadline=PATIENCE, settle=0, late_after=PATIENCE)
        self._users = Users(Minted(KeyMinter(SECRET)), redactor, run="benchmark")

    def users(self, count: int = 1) -> AbstractAsyncContextManager[Sequence[User]]:
        return self._users.lease(count)

    @asynccontextmanager
    async def stage(self, name: str, users: Sequence[User]) -> AsyncIterator[Stage]:
        """The stage of one recording."""
        stage = Stage(self._run, Transcript(name, name), list(users))
        try:
            yield stage
        finally:
            await stage.close()
