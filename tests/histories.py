"""``python -m tests.histories [--users N] [--messages M]``: what a run costs with new users, and with users who have
long conversations already.

The server is a thread of this process and keeps what it has said before, so that it costs little itself; the run is a
process of its own, all options at their defaults.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import SUPPORT, USER, Json
from conformance.reference.serve import Served
from conformance.reference.store import Conversation, Message, Store
from conformance.reference.tokens import Verifier
from tests.faults.battery import ROOT, SECRET


class Remembering(Store):
    """Keeps every conversation in memory besides."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: defaultdict[str, list[Message]] = defaultdict(list)

    def history(self, conversation: Conversation) -> list[Message]:
        return self.kept[conversation.id]

    def _insert(self, conversation: Conversation, texts: Any, sender: str) -> list[Message]:
        messages = super()._insert(conversation, texts, sender)
        self.kept[conversation.id] += messages
        return messages


class LongMemory(HelpCenter):
    """Its users have talked to it for months: ``messages`` each, one in four by support."""

    def __init__(self, users: Sequence[str], messages: int) -> None:
        super().__init__(Verifier(SECRET), store=Remembering())
        self.reported: dict[str, Json] = {}
        for place, user in enumerate(users):
            for number in range(0, messages, 4):
                reported = [f"conformance check {place:08x} number {number + one}" for one in range(3)]
                self.store.add_many(user, reported, sender=USER)
                self.store.add_many(user, [f"Thank you for message {number}. We will answer soon."], sender=SUPPORT)

    def message_payload(self, message: Message) -> Json:
        reported = self.reported.get(message.id)
        if reported is None:
            reported = self.reported[message.id] = super().message_payload(message)
        return reported


@dataclass(frozen=True)
class Cost:
    """What one run took. Memory and reports in megabytes."""

    seconds: float
    processor: float
    memory: float
    reports: float
    verdict: dict[str, Any]

    @property
    def statuses(self) -> dict[str, str]:
        return {one["id"]: one["status"] for one in self.verdict.get("requirements", ())}

    def __str__(self) -> str:
        counts = {level: {s: n for s, n in c.items() if n} for level, c in self.verdict["summary"].items()}
        return (
            f"{self.seconds:6.1f} s  {self.processor:6.1f} s processor  {self.memory:6.0f} MB memory"
            f"  {self.reports:6.1f} MB reports  {self.verdict['verdict']} {counts}"
        )


def measured(users: Sequence[str], messages: int, reports: Path, *options: str) -> Cost:
    """Certify a server whose users (made up, unless there are some) have so many messages."""
    center = LongMemory(users, messages)
    known = [f"--users={','.join(users)}"] if users else []
    with Served(center.app) as server:
        command = [sys.executable, "-m", "pytest", "suites", f"--target={server.url}", f"--reports={reports}", *known]
        began = time.monotonic()
        process = subprocess.Popen(
            [*command, "-q", "-p", "no:cacheprovider", *options],
            cwd=ROOT,
            env={**os.environ, "HELP_CENTER_JWT_SECRET": SECRET},
            stdout=subprocess.DEVNULL,
        )
        _, _, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
    written = sum(path.stat().st_size for path in reports.rglob("*") if path.is_file())
    verdict = json.loads((reports / "verdict.json").read_text("utf-8"))
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000, written / 1e6, verdict)


def main(arguments: list[str]) -> int:
    """Print a line for each run, and what differs between the verdicts; 1 if something does."""
    parser = argparse.ArgumentParser(prog="python -m tests.histories", description=__doc__)
    parser.add_argument("--users", type=int, default=20, help="how many (default: 20)")
    parser.add_argument("--messages", type=int, default=10_000, help="of each user (default: 10,000)")
    parser.add_argument("--reports", type=Path, help="where the reports of the runs stay (default: nowhere)")
    parser.add_argument("options", nargs="*", help="further options of the run, after --")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.reports or Path(scratch)
        users = [f"customer-{number:02}" for number in range(1, asked.users + 1)]
        new = measured([], 0, folder / "new", *asked.options)
        print(f"{'new users':<28}{new}", flush=True)
        old = measured(users, asked.messages, folder / "old", *asked.options)
        print(f"{f'{len(users)} users, {asked.messages:,} each':<28}{old}", flush=True)
    reasons = {one["id"]: one.get("reason", "") for one in old.verdict["requirements"]}
    known = "these users were known"  # which is so by design
    differs = {one for one, status in old.statuses.items() if status != new.statuses[one]}
    other = {one: old.statuses[one] for one in sorted(differs) if not reasons[one].startswith(known)}
    for one, status in other.items():
        print(f"  {one}: {new.statuses[one]}, then {status}: {reasons[one][:300]}")
    return int(bool(other))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
