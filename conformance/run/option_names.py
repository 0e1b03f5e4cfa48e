"""By which names pytest knows the options. In somebody else's project there may be another ``--target``: then the short
name stays theirs, and ``--help-center-target`` is ours."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from typing import Any

import pytest

from conformance.run.option_table import OPTIONS
from conformance.run.options import Option
from help_center_conformance import is_free

GROUP = "help-center conformance"
_HEADING = (
    f"{GROUP} (certify a server that speaks the Help Center chat API; each option can also be written "
    "--help-center-…, for projects where another plugin has one of the same name, set as HELP_CENTER_… in the "
    "environment, or as help_center_… in an ini file)"
)


def add_full(parser: pytest.Parser) -> None:
    """Register ``--help-center-…``, which ``--help`` leaves out."""
    group = parser.getgroup(GROUP, _HEADING)
    for option in OPTIONS:
        group.addoption(option.full_flag, dest=option.dest, **{**_settings(option), "help": argparse.SUPPRESS})


def add_short(parser: pytest.Parser, options: Collection[Option] = OPTIONS) -> None:
    """Register ``--target`` and the like."""
    group = parser.getgroup(GROUP, _HEADING)
    for option in options:
        group.addoption(option.flag, dest=option.dest, **_settings(option))


def _settings(option: Option) -> dict[str, Any]:
    if option.metavar is None:
        return {"action": "store_true", "default": False, "help": option.help}
    text = f"{option.help} [{option.variable}]" if option.credential else option.help
    more = {"action": "append"} if option.repeatable else {}
    return {"metavar": option.metavar, "help": text, "default": None, **more}


def used(arguments: Sequence[str]) -> list[Option]:
    """The options that stand on a command line, by either name; all where it is continued in a file."""
    flags = {argument.partition("=")[0] for argument in _before_paths(arguments)}
    if any(flag.startswith("@") for flag in flags):
        return list(OPTIONS)
    return [option for option in OPTIONS if not flags.isdisjoint((option.flag, option.full_flag))]


def in_full(arguments: Sequence[str], options: Collection[Option]) -> list[str]:
    """A command line with the full names of these options."""
    full = {option.flag: option.full_flag for option in options}
    end = len(_before_paths(arguments))
    return [*(_renamed(argument, full) for argument in arguments[:end]), *arguments[end:]]


def _renamed(argument: str, names: dict[str, str]) -> str:
    flag, equals, value = argument.partition("=")
    return f"{names.get(flag, flag)}{equals}{value}"


def _before_paths(arguments: Sequence[str]) -> Sequence[str]:
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def free(parser: pytest.Parser) -> list[Option]:
    """The options whose short names no other plugin has registered so far."""
    return [option for option in OPTIONS if is_free(parser, option.flag)]


def finish(parser: pytest.Parser, options: Collection[Option], *, everything: bool) -> list[str]:
    """Register the short names that are free, where one of these options (or ``everything``) is ours; and say which
    names to use in place of those that are another plugin's."""
    unused = free(parser)
    taken = [option for option in options if option not in unused]
    if everything or len(taken) < len(options):
        add_short(parser, unused)
    return [f"help-center: {one.flag} is an option of another plugin here: use {one.full_flag}" for one in taken]
