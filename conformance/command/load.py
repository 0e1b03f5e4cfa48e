"""``help-center-conformance load URL …``: the laws under load, on Locust, which takes this process over."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from conformance.command.parser import USAGE, Parser
from conformance.errors import UsageError
from conformance.load import budgets, settings

LOCUSTFILE = Path(settings.__file__).with_name("locustfile.py")
FINISHING = 60
"""Seconds that visits may take to come to their end once the time is over."""
_VARIABLES = {
    "jwt_secret": settings.SECRET,
    "jwt_key": settings.KEY,
    "jwt_algorithm": settings.ALGORITHM,
    "jwt_claims": settings.CLAIMS,
}
"""Options that are told by the environment: no command line of a running process shows them."""


def main(arguments: Sequence[str]) -> int:
    """Does not return where Locust is started: its exit code is that of the run."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        command, environment = prepared(given)
    except UsageError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return USAGE
    os.execve(command[0], command, environment)  # noqa: S606  Ctrl-C reaches Locust, and nothing is left behind


def prepared(given: argparse.Namespace) -> tuple[list[str], Mapping[str, str]]:
    """The command to run, and its environment; says what it will do. Raises UsageError."""
    if importlib.util.find_spec("locust") is None:
        raise UsageError("Locust is not installed: pip install 'help-center-conformance[load]'")
    target = settings.target_url(given.url)
    users = int(settings.number("--users", given.users, least=1, most=settings.MOST_USERS))
    rate = settings.number("--rate", given.rate, least=0.01, most=settings.MOST_USERS)
    seconds = settings.seconds("--time", given.time)
    mix = settings.Mix.parse(given.transports)
    asked = [budgets.parse(text).text for text in given.budget]
    told = {
        variable: str(value) for name, variable in _VARIABLES.items() if (value := getattr(given, name)) is not None
    }
    environment = {**os.environ, **told}
    settings.Tokens.of(environment)
    print(settings.plan(target, users=users, rate=rate, seconds=seconds, mix=mix, budgets=asked), flush=True)
    locust = [sys.executable, "-m", "locust", f"--locustfile={LOCUSTFILE}", "--headless", "--only-summary"]
    shape = [f"--host={target}", f"--users={users}", f"--spawn-rate={rate:g}", f"--run-time={seconds:g}s"]
    deadline = settings.number("--deadline", given.deadline, least=1, most=600)
    ours = [f"--transports={mix}", f"--deadline={deadline:g}", f"--reports={given.reports}", f"--level={given.level}"]
    stop = [f"--stop-timeout={FINISHING}", "--loglevel=WARNING"]
    return [*locust, *shape, *stop, *ours, *(f"--budget={text}" for text in asked)], environment


def _parser() -> Parser:
    parser = Parser("load", "Judges the server at URL by the laws of the document while many users chat at once.")
    add = parser.add_argument
    add("url", metavar="URL", help="the server: scheme, host and port; one that nobody uses")
    add("--users", metavar="N", default=settings.USERS, help="users at once (default %(default)s)")
    add("--rate", metavar="N", default=settings.RATE, help="new users a second (default %(default)s)")
    add("--time", metavar="T", default="60s", help="how long, as in 60s, 5m or 1h (default %(default)s)")
    add("--transports", metavar="MIX", default=str(settings.Mix()), help="shares (default %(default)s)")
    add("--budget", metavar="B", action="append", default=[], help=f"a time not to exceed, as in {budgets.EXAMPLE}")
    add("--deadline", metavar="S", default=settings.DEADLINE, help="silence that means never (default %(default)s s)")
    add("--level", choices=["must", "should"], default="must", help="the lowest level that fails the run")
    add("--reports", metavar="DIR", default="reports/load", help="where the reports go (default %(default)s)")
    add("--jwt-secret", metavar="S", help=f"to mint tokens with; better in {settings.SECRET}")
    add("--jwt-key", metavar="FILE", help=f"a private key (PEM) to mint tokens with; also {settings.KEY}")
    add("--jwt-algorithm", metavar="ALG", help=f"its algorithm; also {settings.ALGORITHM}")
    add("--jwt-claims", metavar="JSON", help=f"extra claims of the tokens; also {settings.CLAIMS}")
    return parser
