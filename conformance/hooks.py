"""The pytest hook that a team implements in a conftest.py of its own (docs/tokens.md), as this run has it; it is
declared in help_center_conformance.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

NAME = "pytest_help_center_token"


@dataclass(frozen=True)
class TokenHook:
    """The hook as this run's plugins implement it. ``files``: where; ``names_users``: whether it takes a user."""

    call: Callable[[str], object]
    names_users: bool
    files: frozenset[str]


def token_hook(config: pytest.Config) -> TokenHook | None:
    """None when no plugin implements it."""
    caller = config.hook.pytest_help_center_token
    implementations = caller.get_hookimpls()
    if not implementations:
        return None
    return TokenHook(
        call=lambda user: caller(config=config, user=user),
        names_users=any("user" in one.argnames for one in implementations),
        files=frozenset(one.function.__code__.co_filename for one in implementations),
    )
