"""Keeps away from the judgements what a project has set for its own tests: a fixture that asserts something of theirs
must not fail a requirement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from conformance.paths import PACKAGE, SUITES
from conformance.requirements import ids_of

_UNBOUND: dict[str, Callable[[], pytest.MarkDecorator]] = {
    "timeout": lambda: pytest.mark.timeout(0),
    "socket": lambda: pytest.mark.enable_socket,
}
"""By the name of a plugin whose settings may stand in an ini file: the mark that lifts them for one test. pytest knows
it where the plugin is."""


def shield(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Leave our judgements with our own fixtures, and without the limits that an ini file sets."""
    marks = [mark() for name, mark in _UNBOUND.items() if _is_limited(config, name)]
    for item in items:
        if ids_of(item) and isinstance(item, pytest.Function):
            _keep_to_ours(item)
            for mark in marks:
                item.add_marker(mark)


def _is_limited(config: pytest.Config, plugin: str) -> bool:
    """Whether the plugin limits tests, and not by the command line of this very run."""
    if not config.pluginmanager.hasplugin(plugin):
        return False
    given = config.invocation_params.args
    return not any(str(argument).startswith(f"--{plugin}") for argument in given)


def _keep_to_ours(item: pytest.Function) -> None:
    """What a conftest or another plugin uses everywhere (``autouse``, ``usefixtures``) is left out, and what it defines
    by a name of ours."""
    definitions: dict[str, Sequence[Any]] = item._fixtureinfo.name2fixturedefs
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    ours = {name: [one for one in found if _is_ours(one.func)] for name, found in definitions.items()}
    for name, found in ours.items():
        if found:
            definitions[name] = found
    item.fixturenames[:] = [
        name for name in item.fixturenames if name == "request" or name in parameters or ours.get(name)
    ]


def _is_ours(function: Any) -> bool:
    return hasattr(function, "__code__") and _stands_with_us(function.__code__.co_filename)


@cache
def _stands_with_us(file: str) -> bool:
    return any(folder in Path(file).resolve().parents for folder in (PACKAGE, SUITES))
