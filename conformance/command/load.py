"""``help-center-conformance load URL …``: the laws under load, on Locust, which takes this process over."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from conformance.command.load_tokens import Users, users_of
from conformance.command.parser import USAGE, Parser
from conformance.errors import UsageError
from conformance.load import budgets, settings
from conformance.load.tokens import SHARED, VARIABLES
from conformance.run.options import Options

LOCUSTFILE = Path(settings.__file__).with_name("locustfile.py")
INTERRUPTED = 2
FINISHING = 60
"""Seconds that visits may take to come to their end once the time is over."""


def main(arguments: Sequence[str]) -> int:
    """Does not return where Locust is started: its exit code is that of the run."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        command, environment = prepared(given)
        return _become(command, environment)
    except UsageError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:  # while tokens are asked for
        print(f"{parser.prog}: interrupted before anything was sent", file=sys.stderr)
        return INTERRUPTED


def _become(command: list[str], environment: Mapping[str, str]) -> int:
    """Ctrl-C reaches Locust, and nothing is left behind."""
    try:
        os.execve(command[0], command, environment)  # noqa: S606
    except OSError as error:
        raise UsageError(f"Locust cannot be started: {error.strerror}") from error


def prepared(given: argparse.Namespace) -> tuple[list[str], Mapping[str, str]]:
    """The command to run, and its environment; says what it will do. Raises UsageError."""
    if importlib.util.find_spec("locust") is None:
        raise UsageError("Locust is not installed: pip install 'help-center-conformance[load]'")
    target = settings.target_url(given.url)
    rate = settings.number("--rate", given.rate, least=0.01, most=settings.MOST_USERS)
    seconds = settings.seconds("--time", given.time)
    deadline = settings.number("--deadline", given.deadline, least=1, most=600)
    mix = settings.Mix.parse(given.transports)
    asked = [budgets.parse(text).text for text in given.budget]
    users = _users(target, given, seconds + FINISHING)
    known = users.subjects is not None
    print(settings.Plan(target, users.count, rate, seconds, mix, known, asked), flush=True)
    locust = [sys.executable, "-m", "locust", f"--locustfile={LOCUSTFILE}", "--headless", "--only-summary"]
    shape = [f"--host={target}", f"--users={users.count}", f"--spawn-rate={rate:g}", f"--run-time={seconds:g}s"]
    ours = [f"--transports={mix}", f"--deadline={deadline:g}", f"--reports={given.reports}", f"--level={given.level}"]
    stop = [f"--stop-timeout={FINISHING}", "--loglevel=WARNING"]
    return [*locust, *shape, *stop, *ours, *(f"--budget={text}" for text in asked)], _environment(users)


# -- users and their tokens --------------------------------------------------------------------------------------


def _users(target: str, given: argparse.Namespace, seconds: float) -> Users:
    count, subjects = settings.users(given.users)
    words = [f"--target={target}", *_words(given), *([f"--users={','.join(subjects)}"] if subjects else [])]
    return users_of(words, count=count, otherwise=settings.USERS, seconds=seconds)


def _words(given: argparse.Namespace) -> Iterator[str]:
    """The options of a certification, as they were given."""
    for option in SHARED:
        value = getattr(given, option.name)
        if option.metavar is None:
            yield from [option.flag] if value else []
        elif value is not None:
            yield from (f"{option.flag}={one}" for one in (value if option.repeatable else [value]))


def _environment(users: Users) -> dict[str, str]:
    """What Locust gets by its environment, which no command line of a running process shows."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(VARIABLES)}
    passed = {name: value for name, value in _variables(users.options) if value}
    if users.tokens:
        return {**others, **passed, "HELP_CENTER_TOKEN_FILE": _in_file(users.tokens)}
    subjects = {"HELP_CENTER_USERS": ",".join(users.subjects)} if users.subjects is not None else {}
    return {**others, **passed, **subjects}


def _variables(options: Options) -> Iterator[tuple[str, str]]:
    if not options.tokens and options.token_command is None and options.token_hook is None:
        yield "HELP_CENTER_JWT_SECRET", options.jwt_secret or ""
        yield "HELP_CENTER_JWT_KEY", str(options.jwt_key.resolve()) if options.jwt_key is not None else ""
        yield "HELP_CENTER_JWT_ALGORITHM", options.jwt_algorithm
        yield "HELP_CENTER_JWT_CLAIMS", json.dumps(options.jwt_claims) if options.jwt_claims else ""
    yield "HELP_CENTER_HEADER", "\n".join(f"{name}: {value}" for name, value in options.headers.items())
    yield "HELP_CENTER_CA_BUNDLE", str(options.ca_bundle.resolve()) if options.ca_bundle is not None else ""
    yield "HELP_CENTER_INSECURE", "1" if options.insecure else ""


def _in_file(tokens: Sequence[str]) -> str:
    """The name of a file with these tokens, which is gone as soon as the last process that has it open is."""
    with tempfile.TemporaryFile("w+") as file:
        file.write("\n".join(tokens))
        file.flush()
        file.seek(0)
        kept = os.dup(file.fileno())
    os.set_inheritable(kept, True)
    return f"/dev/fd/{kept}"


# -- the command line --------------------------------------------------------------------------------------------


def _parser() -> Parser:
    parser = Parser("load", "Judges the server at URL by the laws of the document while many users chat at once.")
    add = parser.add_argument
    add("url", metavar="URL", help="the server: scheme, host and port; one that is not in use")
    many = "how many at once (default %s, or all who are known); or subjects that exist: A,B,C or @FILE, one a line"
    add("--users", metavar="N", help=many % settings.USERS)
    add("--rate", metavar="N", default=settings.RATE, help="new users a second (default %(default)s)")
    add("--time", metavar="T", default="60s", help="how long, as in 60s, 5m or 1h (default %(default)s)")
    add("--transports", metavar="MIX", default=str(settings.Mix()), help="shares (default %(default)s)")
    add("--budget", metavar="B", action="append", default=[], help=f"a time not to exceed, as in {budgets.EXAMPLE}")
    add("--deadline", metavar="S", default=settings.DEADLINE, help="silence that means never (default %(default)s s)")
    add("--level", choices=["must", "should"], default="must", help="the lowest level that fails the run")
    add("--reports", metavar="DIR", default="reports/load", help="where the reports go (default %(default)s)")
    for option in SHARED:
        text = f"{option.help} [{option.variable}]"
        if option.metavar is None:
            add(option.flag, action="store_true", help=text)
        else:
            add(option.flag, metavar=option.metavar, help=text, action="append" if option.repeatable else "store")
    return parser
