"""Where the value of each option comes from: the command line, the environment, or an ini file, in this order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.errors import UsageError
from conformance.hooks import TokenHook, token_hook
from conformance.run.option_table import OPTIONS
from conformance.run.options import Given, Option

COMMAND_LINE = "command line"
_SOURCES = ("--jwt-secret", "--jwt-key", "--token-command")
_EXCLUSIVE = (_SOURCES, ("--target", "--rejudge"))
"""Of these one is given: where one was, weaker settings are not asked for the others."""
_OF_TOKENS = ("--token", "--jwt-algorithm", *_SOURCES)
"""What the environment may hold for other runs, where a hook gives the tokens."""


@dataclass(frozen=True)
class Setting:
    """What was given for an option, and where."""

    given: Given
    origin: str


Settings = Mapping[str, Setting]
"""By the flag of the option; those that were given."""


def settings(config: pytest.Config, environment: Mapping[str, str]) -> tuple[Settings, TokenHook | None]:
    """The strongest setting of each option; and the team's hook where it gives the tokens: it goes before environment
    and ini file, and the command line before it. Raises UsageError."""
    folder = Path(config.invocation_params.dir)
    layers = [_of_command_line(config, folder), of_environment(environment, folder), _of_ini_file(config, folder)]
    found = _strongest(layers)
    if "--target" not in found or any(flag in layers[0] for flag in ("--token", *_SOURCES)):
        return found, None
    hook = token_hook(config)
    if hook is None:
        return found, None
    weaker = [{flag: one for flag, one in layer.items() if flag not in _OF_TOKENS} for layer in layers[1:]]
    return _strongest([layers[0], *weaker]), hook


def _strongest(layers: Sequence[Settings]) -> Settings:
    found: dict[str, Setting] = {}
    for layer in layers:
        decided = {flag for group in _EXCLUSIVE if not found.keys().isdisjoint(group) for flag in group}
        found.update({flag: one for flag, one in layer.items() if flag not in decided and flag not in found})
    return found


def _of_command_line(config: pytest.Config, folder: Path) -> Settings:
    values = {option.flag: config.getoption(option.dest, None) for option in OPTIONS}
    return {
        flag: Setting(Given(flag, value, folder), COMMAND_LINE)
        for flag, value in values.items()
        if value is not None and value is not False
    }


def of_environment(environment: Mapping[str, str], folder: Path) -> Settings:
    """An empty variable counts as an absent one. What may be secret may stand in a file that a variable names."""
    found = {}
    for option in OPTIONS:
        variable, in_file = option.variable, f"{option.variable}_FILE"
        if environment.get(variable):
            found[option.flag] = Setting(Given(variable, environment[variable], folder), f"${variable}")
        elif option.secret and environment.get(in_file):
            value = _content(in_file, folder / environment[in_file])
            found[option.flag] = Setting(Given(in_file, value, folder), f"${in_file}")
    return found


def _content(variable: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{variable}={path} cannot be read: {error.__class__.__name__}") from error


def _of_ini_file(config: pytest.Config, folder: Path) -> Settings:
    """Relative paths start from the file, as they do in pytest's own settings."""
    beside = config.inipath.parent if config.inipath else folder
    values = {option.flag: (option, config.getini(option.setting)) for option in OPTIONS}
    return {
        flag: Setting(Given(option.setting, _no_credential(option, value), beside), f"ini: {option.setting}")
        for flag, (option, value) in values.items()
        if value
    }


def _no_credential(option: Option, value: object) -> object:
    if option.credential:
        raise UsageError(
            f"{option.setting}: an ini file is not the place for a secret: set {option.variable}, "
            f"or {option.variable}_FILE to the name of a file that holds it"
        )
    return value


def warnings(found: Settings) -> list[str]:
    """About secrets that stand where others can read them; never with the secret."""
    return [
        f"{option.flag} on the command line can be read by every user of this machine, and ends in logs: "
        f"set {option.variable}, or {option.variable}_FILE to the name of a file that holds it"
        for option in OPTIONS
        if option.credential and option.flag in found and found[option.flag].origin == COMMAND_LINE
    ]
