"""What a run under load is asked for: its options, with their defaults and bounds."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from conformance.auth.tokens import KeyMinter, Minter, Token, good_claims
from conformance.errors import UsageError
from conformance.redaction import Redactor
from conformance.run.option_values import url
from conformance.run.options import Given

USERS, RATE, TIME, THINK = 50, 5.0, 60.0, 1.0
"""Where nothing is said: users, new users a second, seconds, seconds between two things that a user does."""
MOST_USERS, MOST_TIME = 20_000, 24 * 3600.0
TRANSPORTS = ("websocket", "polling")
SECRET, KEY, ALGORITHM = "HELP_CENTER_JWT_SECRET", "HELP_CENTER_JWT_KEY", "HELP_CENTER_JWT_ALGORITHM"
CLAIMS = "HELP_CENTER_JWT_CLAIMS"
"""Variables of the environment: each worker needs them, and none travels from one machine to another."""
DEADLINE, OPENING = 15.0, 15.0
"""Seconds of silence after which what has not come is given up (by default), and that a connection is waited for."""
SETTLE = 1.0
"""Seconds after which what was emitted is expected to be saved, too."""


@dataclass(frozen=True)
class Mix:
    """Over which transports users connect, each with its share."""

    weights: Mapping[str, int] = field(default_factory=lambda: {"websocket": 80, "polling": 20})

    @classmethod
    def parse(cls, text: str) -> Mix:
        """``websocket=80,polling=20``. Raises UsageError."""
        weights = {}
        for part in text.split(","):
            name, equals, share = (word.strip() for word in part.partition("="))
            if name not in TRANSPORTS or name in weights or (equals and not share.isdecimal()):
                break
            weights[name] = int(share) if equals else 1
        else:
            if any(weights.values()):
                return cls(weights)
        raise UsageError(f"--transports={text} is not understood: pass shares, as in websocket=80,polling=20")

    def __str__(self) -> str:
        return ",".join(f"{name}={share}" for name, share in self.weights.items())


def target_url(text: str) -> str:
    """Scheme, host and port. Raises UsageError."""
    if not text:
        raise UsageError("no target: pass its URL (to Locust: --host=URL)")
    return url(Given("URL", text, Path()))


def number(flag: str, value: object, *, least: float, most: float) -> float:
    try:
        found = float(str(value))
    except ValueError:
        found = math.nan
    if not least <= found <= most:
        raise UsageError(f"{flag}={value} is out of bounds: pass a number from {least:g} to {most:g}")
    return found


def seconds(flag: str, text: str) -> float:
    """Of a time with its unit. Raises UsageError."""
    found = re.fullmatch(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[smh]?)", text)
    if found is None:
        raise UsageError(f"{flag}={text} is no time: pass one as in 60s, 5m or 1h")
    unit = {"": 1, "s": 1, "m": 60, "h": 3600}[found["unit"]]
    return number(flag, float(found["number"]) * unit, least=1, most=MOST_TIME)


@dataclass(frozen=True, repr=False)
class Tokens:
    """Where the tokens of users come from."""

    minter: Minter
    claims: Mapping[str, Any]
    secret: str = ""

    @classmethod
    def of(cls, environment: Mapping[str, str] | None = None) -> Tokens:
        """Raises UsageError."""
        given = os.environ if environment is None else environment
        claims = _claims(given.get(CLAIMS) or "{}")
        if given.get(SECRET):
            return cls(_tried(given[SECRET], given.get(ALGORITHM) or "HS256"), claims, given[SECRET])
        if given.get(KEY):
            return cls(_tried(_private_key(given[KEY]), given.get(ALGORITHM) or "RS256"), claims)
        raise UsageError(f"no way to get a token: pass --jwt-secret or --jwt-key, or set {SECRET}")

    def token(self, subject: str) -> Token:
        return Token(self.minter.sign(good_claims(subject, self.claims)), "token")

    def redactor(self, token: Token) -> Redactor:
        """Of what a target says to whom has this token."""
        redactor = Redactor()
        redactor.register(token.value, "token")
        if self.secret:
            redactor.register(self.secret, "secret")
        return redactor


def _tried(key: Any, algorithm: str) -> KeyMinter:
    """Raises UsageError where the two do not go together."""
    minter = KeyMinter(key, algorithm)
    try:
        minter.sign({})
    except Exception as error:
        raise UsageError(f"--jwt-algorithm={algorithm} does not go with the given key: {error}") from error
    return minter


def _claims(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UsageError('--jwt-claims must be a JSON object, as in \'{"role": "user"}\'')
    return found


def _private_key(path: str) -> object:
    try:
        return load_pem_private_key(Path(path).read_bytes(), password=None)
    except (ValueError, TypeError, OSError) as error:
        raise UsageError(f"--jwt-key={path} holds no unencrypted private key in PEM form") from error


def plan(target: str, *, users: int, rate: float, seconds: float, mix: Mix, budgets: Sequence[str]) -> str:
    """What a run will do to its target, for whoever starts it."""
    often = users / THINK
    lines = [
        f"load on {target}: up to {users:,} users at once, {rate:g} more a second, for {seconds:g} s ({mix}).",
        f"  Each is new to the target, has a conversation there, and sends a message about every {THINK:g} s: up to "
        f"{often:,.0f} messages a second in all.",
        "  They stay in the target's database: point this at nothing that people use. Ctrl-C ends it at once.",
    ]
    return "\n".join([*lines, *([f"  Budgets: {', '.join(budgets)}"] if budgets else [])])
