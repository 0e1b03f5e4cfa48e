"""The command that judges one requirement again: every option that matters, quoted for a shell, and never a secret."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.run.option_table import OPTIONS
from conformance.run.option_words import variables
from conformance.run.options import Option, Options

_NAMING_USERS = ("--token", "--users")
_FRESH = "   # with users whom the target has never seen: it knows those of this run by now"


def again(options: Options, requirement: str, *, new_users: bool = False) -> str:
    """One line for a shell. ``new_users``: the failure needs users whom the target has never seen, so those of this
    run, where they were named, will not do."""
    fresh = new_users and (options.users is not None or bool(options.tokens))
    repeated = sorted((one for one in OPTIONS if one.concern in options.concerns), key=lambda one: one.concern)
    words = [word for option in repeated for word in _words(option, options, fresh=fresh)]
    command = " ".join(["pytest", *words, f"--hypothesis-seed={options.seed}", f"-k {requirement}"])
    return f"{command}{_FRESH}" if fresh else command


def _words(option: Option, options: Options, *, fresh: bool) -> Iterator[str]:
    if fresh and option.flag in _NAMING_USERS:
        yield from variables(option, options, f"NEW_{option.name.upper()}")
    elif option.in_reproduce is not None:
        yield from option.in_reproduce(option, options)
