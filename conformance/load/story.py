"""What is recorded of one visit of one user, as a transcript like that of a scenario; and who the user is."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from conformance.auth.tokens import Token
from conformance.load.memory import Memory
from conformance.protocol import Json
from conformance.record.transcript import Entry, Kind, Transcript
from conformance.record.views import Record
from conformance.redaction import Redactor

USER = "user"
"""What excerpts call the user of a story: there is one."""


@dataclass
class Person:
    """A user of the target. ``run`` and ``tag`` are hexadecimal, and stand in every text that the user sends: so who
    sent a text is seen in the text, by every worker of the run."""

    run: str
    tag: str = field(default_factory=lambda: secrets.token_hex(5))
    known_as: str = ""
    """The subject of a user who exists; empty where one is made up."""
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    said: int = 0
    """How many texts were sent since the user came."""
    memory: Memory = field(default_factory=Memory)

    @property
    def subject(self) -> str:
        return self.known_as or f"load-{self.run}-{self.tag}"

    @property
    def mark(self) -> str:
        """What is in every text of this user and in none of another."""
        return f"{self.run}{self.tag}"

    def words(self) -> str:
        """A text that was never sent before, in the words that ``checks.isolation`` finds again."""
        self.said += 1
        return f"conformance check {self.mark} number {next(self.numbers)}"


class Story:
    """A visit while it goes on. Its entries are those of ``record.transcript``, so that whatever judges scenarios can
    judge it, too. No token is among them."""

    def __init__(self, person: Person, redactor: Redactor, *, late: float, settle: float) -> None:
        self.person = person
        self.redactor = redactor
        """What arrives passes it before it is read."""
        self.began = time.monotonic()
        facts = {"late": late, "settle": settle}
        self.transcript = Transcript("visit", "visit", users=[USER], subjects={USER: person.subject}, facts=facts)
        self.connections = 0
        self.sends = 0

    @property
    def now(self) -> float:
        """Seconds since the visit began."""
        return time.monotonic() - self.began

    @property
    def record(self) -> Record:
        return Record(self.transcript)

    def add(self, kind: Kind, *, device: str = "", connection: int = 0, **data: Json) -> Entry:
        entries = self.transcript.entries
        entry = Entry(len(entries), self.now, kind, device, connection, data)
        entries.append(entry)
        return entry

    def opens(self, device: str, token: Token, *, option: str, transport: str) -> int:
        """A connection attempt begins; its number. Not with ``greet``: one that ends before it is greeted is counted
        apart."""
        self.connections += 1
        way = {"option": option, "transport": transport, "usual": True}
        self.add(Kind.OPEN, device=device, connection=self.connections, user=USER, **token.notes, **way)
        return self.connections
