"""A run of pytest that a command starts, with the command line that repeats it printed first."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

import pytest

from conformance.run.option_table import OPTIONS

_SECRET = {flag: option for option in OPTIONS if option.secret for flag in (option.flag, option.full_flag)}


def run(arguments: Sequence[str]) -> int:
    """Its exit code."""
    print(f"$ {command_line(arguments)}", flush=True)
    return int(pytest.main(list(arguments)))


def command_line(arguments: Sequence[str]) -> str:
    """For a shell; what may be secret stands there as its environment variable."""
    return " ".join(["pytest", *_words(iter(arguments))])


def _words(arguments: Iterator[str]) -> Iterator[str]:
    for argument in arguments:
        flag, equals, _ = argument.partition("=")
        if flag not in _SECRET:
            yield shlex.quote(argument)
            continue
        if not equals:
            next(arguments, None)
        yield f'{flag}="${_SECRET[flag].variable}"'
