"""What a run under load is asked for: its options, with their defaults and bounds."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conformance.errors import UsageError
from conformance.run.option_values import url
from conformance.run.options import Given

USERS, RATE, TIME, THINK = 50, 5.0, 60.0, 1.0
"""Where nothing is said: users, new users a second, seconds, seconds between two things that a user does."""
MOST_USERS, MOST_TIME = 20_000, 24 * 3600.0
TRANSPORTS = ("websocket", "upgrade", "polling")
"""``upgrade``: polling that becomes a WebSocket, as Socket.IO's clients do where nothing else is asked for."""
DEADLINE, OPENING = 15.0, 15.0
"""Seconds of silence after which what has not come is given up (by default), and that a connection is waited for."""
SETTLE = 1.0
"""Seconds after which what was emitted is expected to be saved, too."""


@dataclass(frozen=True)
class Mix:
    """Over which transports users connect, each with its share."""

    weights: Mapping[str, int] = field(default_factory=lambda: {"websocket": 50, "upgrade": 30, "polling": 20})

    @classmethod
    def parse(cls, text: str) -> Mix:
        """``websocket=50,upgrade=30,polling=20``. Raises UsageError."""
        weights = {}
        for part in text.split(","):
            name, equals, share = (word.strip() for word in part.partition("="))
            if name not in TRANSPORTS or name in weights or (equals and not share.isdecimal()):
                break
            weights[name] = int(share) if equals else 1
        else:
            if any(weights.values()):
                return cls(weights)
        raise UsageError(f"--transports={text} is not understood: pass shares, as in {Mix()}")

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
        raise UsageError(f"{flag}={text} is not a time: pass one as in 60s, 5m or 1h")
    unit = {"": 1, "s": 1, "m": 60, "h": 3600}[found["unit"]]
    return number(flag, float(found["number"]) * unit, least=1, most=MOST_TIME)


def users(text: str | None) -> tuple[int | None, Sequence[str]]:
    """How many users, or which: ``200``, ``alice,bob``, or ``@FILE`` with one a line. Raises UsageError."""
    if text is None:
        return None, ()
    if not text.startswith("@"):
        named = not re.fullmatch(r"[-+.\d]*", text)
        return (None, text.split(",")) if named else (int(number("--users", text, least=1, most=MOST_USERS)), ())
    try:
        lines = Path(text[1:]).read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--users={text} is not a readable file with one user a line") from error
    if not lines:
        raise UsageError(f"--users={text} names no users: pass a file with one a line")
    return None, lines


@dataclass(frozen=True)
class Plan:
    """What a run will do to its target. ``known``: whether its users exist; else each is made up."""

    target: str
    users: int
    rate: float
    seconds: float
    mix: Mix
    known: bool = False
    budgets: Sequence[str] = ()

    def __str__(self) -> str:
        """For whoever starts it."""
        often = self.users / THINK
        who = (
            "They are users of yours: what they write stays in their conversations"
            if self.known
            else "Each is new to the target, and gets a conversation there"
        )
        lines = [
            f"load on {self.target}: up to {self.users:,} user{'s' * (self.users > 1)} at once, {self.rate:g} more a "
            f"second, for {self.seconds:g} s ({self.mix}).",
            f"  {who}. Each sends a message about every {THINK:g} s: up to {often:,.0f} messages a second in all.",
            "  They stay in the target's database: point this at nothing that people use. Ctrl-C ends it at once.",
        ]
        return "\n".join([*lines, *([f"  Budgets: {', '.join(self.budgets)}"] if self.budgets else [])])
