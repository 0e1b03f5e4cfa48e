"""Servers that are wrong about a user who is cut off again and again (section 6)."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import CONNECTED, Json
from tests.faults.fault import fault

MOST, MINUTE = 3, 60.0


class CountsCuts(HelpCenter):
    """A correct server that counts how often a user was cut off within the last minute, against storms of devices."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.cuts: defaultdict[str, list[float]] = defaultdict(list)

    async def on_disconnect(self, sid: str, reason: str) -> None:
        user = self.users.get(sid)
        await super().on_disconnect(sid, reason)
        if user is not None and "client" not in str(reason):
            self.cuts[user].append(time.monotonic())

    def is_flapping(self, user: str) -> bool:
        return sum(at > time.monotonic() - MINUTE for at in self.cuts[user]) >= MOST


@fault("RECONNECT-RESYNC", also=("SEND-KEPT", "SUPPORT-STORED", "PARITY-GREETING"))
class ThirdCutGetsOldGreeting(CountsCuts):
    """Such a user is greeted with the snapshot of the greeting before."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.last: dict[str, Json] = {}

    async def welcome(self, sid: str, user: str) -> None:
        if user not in self.last or not self.is_flapping(user):
            self.last[user] = self.snapshot(user)
        await self.emit(CONNECTED, self.last[user], to=sid)


@fault("RECONNECT-GREETED")
class ThirdCutIsNotGreeted(CountsCuts):
    """Such a user is let in, and not greeted."""

    async def welcome(self, sid: str, user: str) -> None:
        if not self.is_flapping(user):
            await super().welcome(sid, user)


@fault("MESSAGE-ECHO", also=("SUPPORT-EMITTED",))
class ThirdCutIsDeaf(CountsCuts):
    """Such a user's device joins no room: the subscriptions of the dead count against a limit."""

    async def join(self, sid: str, user: str) -> None:
        if not self.is_flapping(user):
            await super().join(sid, user)
