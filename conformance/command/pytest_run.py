"""A run of pytest that a command starts, with the command line that repeats it printed first."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from conformance.command.parser import NAME
from conformance.command.project_settings import project_settings
from conformance.paths import SETTINGS
from conformance.plugin import SESSION
from conformance.run.option_table import OPTIONS

CLEAN_ENVIRONMENT = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
OURS = ("-p", "help_center_conformance", "-c", str(SETTINGS))
"""No plugins, settings and conftest of the project in which the command was started."""
_LEFT_OUT = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
_SECRET = {
    name: option for option in OPTIONS if option.secret for name in (option.flag, option.full_flag, option.setting)
}


class OnlyOurSuites:
    """A plugin that ends a run in which nothing would be certified: a pipeline must not take other tests for ours."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        if not session.config.pluginmanager.hasplugin(SESSION):
            paths = ", ".join(session.config.args)
            raise pytest.UsageError(
                f"nothing would be certified: leave out {paths} (other tests are run by pytest itself)"
            )


def run(arguments: Sequence[str], plugins: Sequence[object] = ()) -> int:
    """Its exit code. ``plugins``: that make something else of it; then its command line is not printed."""
    for name in _LEFT_OUT:
        if os.environ.pop(name, None):
            print(f"{NAME}: {name} is left out: pass what is needed of it on this command line")
    arguments = [*project_settings(Path.cwd()), *arguments]
    if not plugins:
        print(f"$ {command_line(arguments)}", flush=True)
    os.environ.update(CLEAN_ENVIRONMENT)
    return int(pytest.main([*OURS, *arguments], plugins=plugins or [OnlyOurSuites()]))


def command_line(arguments: Sequence[str]) -> str:
    """For a shell; what may be secret stands there as its environment variable."""
    environment = [f"{name}={value}" for name, value in CLEAN_ENVIRONMENT.items()]
    return " ".join([*environment, "pytest", *_words(iter([*OURS, *arguments]))])


def _words(arguments: Iterator[str]) -> Iterator[str]:
    for argument in arguments:
        flag, equals, _ = argument.partition("=")
        if flag not in _SECRET:
            yield shlex.quote(argument)
            continue
        if not equals:
            next(arguments, None)
        yield f'{flag}="${_SECRET[flag].variable}"'
