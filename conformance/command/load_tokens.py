"""The options that a run under load has in common with a certification, as pytest reads them, and the tokens of its
users, asked for before it begins."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest

from conformance.auth.users import Minted, ReadyMade, Source
from conformance.command.pytest_run import run
from conformance.errors import Unverified, UsageError
from conformance.hooks import NAME
from conformance.load.tokens import check_count, check_lifetimes
from conformance.redaction import Redactor, masked
from conformance.run.options import Options
from conformance.run.options_parser import parse
from conformance.run.token_source import source_of

AT_ONCE = 8
"""Tokens that a command is asked for at the same time."""


@dataclass(frozen=True, repr=False)
class Users:
    """``subjects``: None where users are made up; ``tokens``: one for each of the others, unless they are minted."""

    options: Options
    count: int
    subjects: Sequence[str] | None
    tokens: Sequence[str]


@dataclass(repr=False)
class _Reading:
    """A plugin in whose run pytest reads the command line, and collects nothing."""

    count: int | None
    otherwise: int
    seconds: float
    found: list[Users] = field(default_factory=list)
    problem: str = ""

    @pytest.hookimpl
    def pytest_cmdline_main(self, config: pytest.Config) -> int:
        redactor = Redactor()
        try:
            options = parse(config)
            source = source_of(options, redactor, None)
            self.found.append(self._users(options, source))
        except (UsageError, Unverified) as error:
            self.problem = redactor.text(" ".join(str(error).split()))
        return 0

    def _users(self, options: Options, source: Source) -> Users:
        known = source.subjects
        check_count(self.count, known)
        count = self.count or (self.otherwise if known is None else len(known))
        if isinstance(source, Minted):
            return Users(options, count, known, ())
        subjects = list(known) if known is not None else [f"load-{number}" for number in range(1, count + 1)]
        tokens = asyncio.run(_asked(source, subjects))
        check_lifetimes(list(zip(subjects, tokens, strict=True)), self.seconds)
        return Users(options, count, subjects, tokens)


async def _asked(source: Source, subjects: Sequence[str]) -> list[str]:
    """A token of each. Raises Unverified where there is none."""
    if not isinstance(source, ReadyMade):
        print(f"asking for {len(subjects):,} tokens, one for each user …", flush=True)
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(subject: str) -> str:
        async with turns:
            return await source.token(subject, fresh=False)

    tasks = [asyncio.create_task(one(subject)) for subject in subjects]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def users_of(words: Sequence[str], *, count: int | None, otherwise: int, seconds: float) -> Users:
    """``words``: options of a certification; ``count``: how many users were asked for, ``otherwise``: how many it is
    where nothing was; ``seconds``: how long tokens are needed. Raises UsageError."""
    reading = _Reading(count, otherwise, seconds)
    run(words, plugins=[reading, *_hook_of(Path.cwd())])
    if not reading.found:
        raise UsageError(reading.problem or "pytest could not read these options")
    return reading.found[0]


def _hook_of(folder: Path) -> list[ModuleType]:
    """The team's conftest.py, as a plugin, where it is about tokens."""
    path = folder / "conftest.py"
    if not (path.is_file() and NAME in path.read_text(encoding="utf-8", errors="replace")):
        return []
    spec = importlib.util.spec_from_file_location("help_center_conftest", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(folder))  # as pytest has it: a conftest may import what stands beside it
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(f"{path} cannot be loaded: {type(error).__name__}: {masked(str(error))}") from error
    return [module]
