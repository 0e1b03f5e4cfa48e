"""The command that judges one requirement again: every option that matters, quoted for a shell, and never a secret."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.run.option_table import OPTIONS
from conformance.run.option_words import variables
from conformance.run.options import Option, Options

_NAMING_USERS = ("--token", "--users")
_PROGRAM = "help-center-conformance"
_COMMANDS = {"--target": "certify", "--rejudge": "rejudge"}
_FRESH = "   # with users whom the target has never seen: it knows those of this run by now"


def again(options: Options, requirement: str, *, new_users: bool = False) -> str:
    """One line for a shell, as the run was started itself. ``new_users``: the failure needs users whom the target has
    never seen, so those of this run, where they were named, will not do."""
    fresh = new_users and (options.users is not None or bool(options.tokens))
    repeated = sorted((one for one in OPTIONS if one.concern in options.concerns), key=lambda one: one.concern)
    words = [word for option in repeated for word in _words(option, options, fresh=fresh)]
    started = _by_command(words) if options.by_command else ["pytest", *words]
    command = " ".join([*started, f"--hypothesis-seed={options.seed}", f"-k {requirement}"])
    return f"{command}{_FRESH}" if fresh else command


def _by_command(words: Sequence[str]) -> list[str]:
    """What is judged comes first."""
    flag, _, subject = words[0].partition("=")
    return [_PROGRAM, _COMMANDS[flag], subject, *words[1:]]


def _words(option: Option, options: Options, *, fresh: bool) -> Iterator[str]:
    if fresh and option.flag in _NAMING_USERS:
        yield from variables(option, options, f"NEW_{option.name.upper()}")
    elif option.in_reproduce is not None and not (option.secret and option.flag in options.ambient):
        yield from option.in_reproduce(option, options)
