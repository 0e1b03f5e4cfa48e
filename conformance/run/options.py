"""An option of the command line, and the options of a run."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.hooks import NAME, TokenHook
from conformance.requirements import Level, Profile

if TYPE_CHECKING:
    import ssl  # imported where it is needed: each run of pytest reads this module, whosever tests it runs

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Concern(IntEnum):
    """What an option is about; in this order options are repeated to people."""

    SAVED = 0
    """Saved transcripts that are judged again."""
    TARGET = 1
    """A server that is certified; the embedded one needs no such option."""
    RECORDING = 2
    """Any run that records."""
    JUDGING = 3
    """Every run."""


@dataclass(frozen=True)
class Given:
    """An option's value as the user wrote it. ``folder``: what relative paths start from."""

    flag: str
    value: Any
    folder: Path

    def __str__(self) -> str:
        return f"{self.flag}={self.value}"


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option: everything that the harness knows about it.

    ``convert`` turns what was given into a field of ``Options``, or raises UsageError. ``secret``: its value is never
    printed. ``credential``: it is always a secret, for environment or file only. ``in_scope``: verdict.json names it,
    as this function says. ``in_reproduce``: the words that repeat it in the command to run a failure again; None where
    the same failure is seen without it.
    """

    flag: str
    help: str
    convert: Callable[[Given], Any] = lambda given: given.value
    concern: Concern = Concern.JUDGING
    metavar: str | None = None
    """None: a switch without a value."""
    field: str = ""
    """Of ``Options``; named like the flag where nothing else is said."""
    repeatable: bool = False
    default: Any = None
    """What the field has where nothing was given."""
    secret: bool = False
    credential: bool = False
    in_scope: Callable[[Any], Any] | None = None
    in_reproduce: Callable[[Option, Options], Iterator[str]] | None = None

    @property
    def name(self) -> str:
        return self.flag.lstrip("-").replace("-", "_")

    @property
    def attribute(self) -> str:
        """Of ``Options``."""
        return self.field or self.name

    @property
    def dest(self) -> str:
        """Of pytest's ``config.option``."""
        return f"conformance_{self.name}"

    @property
    def variable(self) -> str:
        """Of the environment."""
        return f"HELP_CENTER_{self.name.upper()}"

    @property
    def setting(self) -> str:
        """Of an ini file."""
        return f"help_center_{self.name}"

    @property
    def full_flag(self) -> str:
        """The same option by a name that no other plugin has."""
        return f"--help-center-{self.flag.lstrip('-')}"


@dataclass(frozen=True)
class Options:
    """The command line and environment of a run, checked. Times are in seconds. What may be secret is not printed."""

    target: str | None
    tokens: Sequence[str] = field(repr=False)
    jwt_secret: str | None = field(repr=False)
    jwt_key: Path | None
    jwt_algorithm: str
    token_command: str | None = field(repr=False)
    token_hook: TokenHook | None
    jwt_claims: Mapping[str, Any] = field(repr=False)
    users: Sequence[str] | None
    reports: Path
    level: Level
    profile: Profile
    as_of: str | None
    allow_incomplete: bool
    wait: float
    headers: Mapping[str, str] = field(repr=False)
    concurrency: int
    deadline: float
    settle: float
    examples: int
    max_time: float
    max_payload: int
    waivers: Path | None
    signing_key: Ed25519PrivateKey | None = field(repr=False)
    rejudge: Path | None
    ca_bundle: Path | None
    insecure: bool
    tls: ssl.SSLContext | None
    seed: int
    selection: Sequence[str] = ()
    """The words of the command line that select judgements; none: all are meant."""
    warnings: Sequence[str] = ()
    """About how the options were given."""
    ambient: Container[str] = ()
    """Flags of the options that environment or ini file give, to a run that is started in the same place, too."""
    by_command: bool = False
    """Started by ``help-center-conformance``."""

    @property
    def concerns(self) -> set[Concern]:
        if self.rejudge is not None:
            return {Concern.SAVED, Concern.JUDGING}
        target = {Concern.TARGET} if self.target is not None else set()
        return {*target, Concern.RECORDING, Concern.JUDGING}

    @property
    def subject(self) -> str:
        """What is judged."""
        if self.rejudge is not None:
            return f"saved transcripts in {self.rejudge}"
        return self.target or "the embedded reference server"

    @property
    def headline(self) -> str:
        """What this run is about, for pytest's header."""
        notes = [f"seed {self.seed}"] if self.rejudge is None else []
        notes += [f"tokens by {NAME}"] if self.token_hook is not None else []
        notes += [f"level {self.level}"] if self.level is not Level.MUST else []
        notes += [f"profile {self.profile}"] if self.profile is not Profile.FULL else []
        notes += [f"as of {self.as_of}"] if self.as_of else []
        notes += ["incomplete allowed"] if self.allow_incomplete else []
        notes += [f"waivers from {self.waivers}"] if self.waivers else []
        return ", ".join([f"certifying {self.subject}", *notes, f"reports to {self.reports}"])


def default_algorithm(key: Path | None) -> str:
    """Of minted tokens, by whether a private key signs them."""
    return "HS256" if key is None else "RS256"
