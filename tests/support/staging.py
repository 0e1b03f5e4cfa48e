"""Stages for the tests of devices: against a reference server made for the test, or any URL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.types import ASGIApp

from conformance.auth.tokens import KeyMinter
from conformance.auth.users import Minted, Users
from conformance.drive.context import RunContext
from conformance.drive.stage import Stage
from conformance.record.rate_limits import CONTROL
from conformance.record.transcript import Entry, Kind, Transcript
from conformance.record.waits import described
from conformance.redaction import Redactor
from conformance.reference import HelpCenter, Served, Verifier
from tests.support.clients import SECRET

BOTH = pytest.mark.parametrize("transport", ["websocket", "polling"])


@asynccontextmanager
async def stage_at(url: str, *, deadline: float = 3.0, settle: float = 0.05, users: int = 1) -> AsyncIterator[Stage]:
    redactor = Redactor()
    run = RunContext.create(url, {}, None, redactor, deadline=deadline, settle=settle, late_after=deadline)
    pool = Users(Minted(KeyMinter(SECRET)), redactor, run="test")
    async with pool.lease(users) as lent:
        stage = Stage(run, Transcript("key", "scenario"), lent)
        try:
            yield stage
        finally:
            await stage.close()


@asynccontextmanager
async def stage_on(
    make: Callable[..., HelpCenter], *, wrap: Callable[[ASGIApp], ASGIApp] = lambda app: app, **options: Any
) -> AsyncIterator[Stage]:
    with Served(wrap(make(Verifier(SECRET), auto_reply=False).app)) as server:
        async with stage_at(server.url, **options) as stage:
            yield stage


def story(stage: Stage) -> list[str]:
    """The record in a few words, without engine packets."""
    return [word for entry in stage.transcript if (word := _word(entry))]


def _word(entry: Entry) -> str:
    arrow = {Kind.SENT: ">", Kind.RECEIVED: "<"}.get(entry.kind)
    if arrow:
        return f"{arrow} {entry.get('event') or entry.get('packet')}"
    details = {
        Kind.OPEN: "transport",
        Kind.CLOSED: "by",
        Kind.MARK: "label",
        Kind.HTTP: "status",
        Kind.GARBLED: "why",
    }
    if entry.kind is Kind.EXPIRED:
        return f"{entry.kind} {described(entry.get('waiting'))}"
    return f"{entry.kind} {entry.get(details[entry.kind])}" if entry.kind in details else ""


def attempts(stage: Stage) -> list[Entry]:
    """Every time that a text of its scenario went out."""
    return [entry for entry in stage.transcript.of(Kind.SENT) if entry.get("send") and entry.get("tag") != CONTROL]
