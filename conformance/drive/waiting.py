"""What a device waits for: no longer than makes sense, by what the run has learned of the target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from conformance.drive.context import ScenarioContext
from conformance.drive.inbox import PacketInbox
from conformance.protocol import CONNECTED, ERROR, MESSAGE, SUPPORT, Json
from conformance.record.timeouts import Talk
from conformance.record.transcript import Doubt, Entry, Kind, first
from conformance.record.waits import Awaited

REFUSAL, SUPPORT_SAID = "refusal", "message of support"
"""Kinds of waits (``AdaptiveTimeout``); that for a refusal is not over when the connection is."""


class Missed(NamedTuple):
    """What was given up: should it come all the same, the run knows that it has to wait for longer."""

    kind: str
    found: Callable[[], object]
    since: float


class Waiting:
    """The waits of one device. ``is_gone``: whether nothing can come any more on its current connection."""

    def __init__(self, context: ScenarioContext, inbox: PacketInbox, talk: Talk, is_gone: Callable[[], bool]) -> None:
        self._recorder = context.recorder
        self._timeout = context.run.timeout
        self._inbox = inbox
        self._talk = talk
        self._is_gone = is_gone
        self._missed: list[Missed] = []
        inbox.on_kept.append(self._heard)

    def pass_to(self, talk: Talk) -> None:
        """The device is another user's from now on."""
        self._talk = talk

    def begin(self) -> None:
        """A new connection: what was missed on the last one does not come any more."""
        self._missed.clear()

    async def until(self, kind: str, waiting: Awaited, found: Callable[[], Any]) -> Any:
        """What ``found`` says at last, waited for until the user's conversation is silent; None where it is not to be
        expected any more. ``waiting``: for what."""
        answer, silence = await self._recorder.unless_silent(
            lambda: found() or (False if self._is_gone() and kind != REFUSAL else None),
            talk=self._talk,
            limit=lambda: self._timeout.of(kind, self._inbox.ahead),
        )
        if answer:
            self._timeout.came(kind, silence)
        elif not self._is_gone():
            doubt = self._timeout.gave_up(kind, silence, self._inbox.ahead)
            self._inbox.log(Kind.EXPIRED, waiting=waiting, seconds=round(silence, 2), **as_note(doubt))
            self._missed.append(Missed(kind, found, self._recorder.now - silence))
        return answer or None

    def _heard(self, entry: Entry) -> None:
        said = first(entry.get("args"))
        by_support = isinstance(said, dict) and said.get("sender") == SUPPORT
        answers = entry.get("event") in (None, CONNECTED, ERROR, MESSAGE) and not by_support
        self._talk.add(answer=answers)
        if answers:
            self._inbox.ahead = 0
        for missed in [missed for missed in self._missed if missed.found()]:
            self._missed.remove(missed)
            self._timeout.came(missed.kind, self._recorder.now - missed.since)


def as_note(doubt: Doubt | None) -> dict[str, Json]:
    """The field of an entry that says so."""
    return {"doubt": str(doubt)} if doubt else {}
