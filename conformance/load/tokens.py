"""The tokens of the users of one process of Locust, by the options of a certification (docs/tokens.md): those that are
asked for as a run goes were asked for before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.auth.expiry import expiry_of, format_utc, remaining
from conformance.auth.tokens import Token
from conformance.auth.users import Minted, ReadyMade
from conformance.errors import UsageError
from conformance.redaction import Redactor
from conformance.run.option_table import OPTIONS
from conformance.run.options import Option, Options
from conformance.run.options_parser import parse_environment
from conformance.run.token_source import grouped, register_strangers, source_of

FLAGS = (
    *("--token", "--jwt-secret", "--jwt-key", "--jwt-algorithm", "--jwt-claims", "--token-command"),
    *("--header", "--ca-bundle", "--insecure"),
)
SHARED: tuple[Option, ...] = tuple(option for option in OPTIONS if option.flag in FLAGS)
"""What a run under load takes like a certification, and by the same names in the environment."""
VARIABLES = "HELP_CENTER_"
"""What the variables of the environment begin with."""
UNKNOWN = "http://localhost"
"""The target of a worker, until its master says which."""


def options_of(environment: Mapping[str, str], target: str) -> Options:
    """Of a process of Locust. Raises UsageError."""
    return parse_environment({**environment, "HELP_CENTER_TARGET": target}, Path())


@dataclass(frozen=True, repr=False)
class Tokens:
    """``source``: where they come from; nothing is waited for there."""

    options: Options
    source: Minted | ReadyMade

    @classmethod
    def of(cls, options: Options) -> Tokens:
        """Raises UsageError."""
        source = grouped(options.tokens) if options.tokens else source_of(options, Redactor(), None)
        if not isinstance(source, Minted | ReadyMade):
            raise UsageError(
                "--token-command is for help-center-conformance load, on one machine: where Locust is started by "
                "itself, set HELP_CENTER_JWT_SECRET, or HELP_CENTER_TOKEN_FILE to a file with a token for each user"
            )
        return cls(options, source)

    @property
    def subjects(self) -> Sequence[str] | None:
        """None where there are as many users as one likes."""
        return self.source.subjects

    def token(self, subject: str) -> Token:
        if isinstance(self.source, ReadyMade):
            return Token(self.source.tokens[subject][0], "token")
        return Token(self.source.mint(subject), "token")

    def redactor(self, token: Token) -> Redactor:
        """Of what a target says to whom has this token."""
        redactor = Redactor()
        redactor.register(token.value, "token")
        if self.options.jwt_secret is not None:
            redactor.register(self.options.jwt_secret, "secret")
        register_strangers(self.options, redactor)
        return redactor


def check_count(count: int | None, subjects: Sequence[str] | None) -> None:
    """Raises UsageError where more users are wanted at once than are known."""
    if subjects is not None and count is not None and count > len(subjects):
        raise UsageError(
            f"--users={count}: tokens of {len(subjects)} users were given, and one of each is there at once: "
            f"pass --users={len(subjects)}, or more users"
        )


def check_lifetimes(tokens: Sequence[tuple[str, str]], seconds: float) -> None:
    """Of users, with a token each, in a run of so many seconds. Raises UsageError where one would expire on the way."""
    for subject, token in tokens:
        expiry = expiry_of(token)
        if remaining(expiry) < seconds:
            raise UsageError(
                f"the token of {subject} expires at {format_utc(expiry)}, before the run is over: pass tokens that "
                f"live for {seconds:.0f} s, or a shorter --time"
            )
