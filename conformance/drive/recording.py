"""Recording one scenario: with users of its own, within a limit, and with an eye on whether the target lives."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence, Set

from conformance.auth.expiry import SKEW, remaining, up
from conformance.auth.users import User, Users
from conformance.drive.company import Company
from conformance.drive.context import RunContext
from conformance.drive.device import ScenarioAborted
from conformance.drive.liveness import GONE, Life
from conformance.drive.pace import NOT_TAKEN
from conformance.drive.scenario import Scenario, ScenarioCall
from conformance.drive.stage import Stage
from conformance.errors import Unverified
from conformance.record.health import (
    accepts_no_token,
    lost,
    not_taken,
    out_of_files,
    oversized,
    silent,
    turned_away,
    unreached,
)
from conformance.record.transcript import Transcript
from conformance.record.views import Record


class LetGo(Exception):
    """A recording had to let go of its connections, as the target had no room for all of them: it tells nothing."""


FLOODS = 3
"""After so many scenarios in which the target sent more than is kept, the run ends."""


class Studio:
    """Where scenarios are recorded. ``company``: those that are right now."""

    def __init__(self, context: RunContext, users: Users, life: Life) -> None:
        self._context = context
        self._users = users
        self._life = life
        self.company = Company()
        self._floods = 0
        self._seen: dict[str, User] = {}
        """Who was lent to the scenarios that have been recorded, by their names."""

    async def record(self, call: ScenarioCall, *, deadly: Set[str] = frozenset()) -> tuple[Transcript, bool]:
        """The transcript of a scenario, and whether the target fell silent meanwhile and came back. ``deadly``: as a
        stage's. Raises LetGo."""
        scenario, stalled = call.scenario, False
        transcript = Transcript(
            call.key, scenario.name, dict(call.values), scenario.doc, scenario.wave, facts=self._facts()
        )
        try:
            lease = self._users.lease(
                scenario.users,
                brand_new=scenario.brand_new,
                min_users=scenario.min_users,
                alike=scenario.alike,
                returning=self._returning(scenario),
            )
            async with lease as users:
                self._seen[scenario.name] = users[0]
                self._still_there()
                transcript.users = [user.name for user in users]
                transcript.subjects = {user.name: user.subject for user in users}
                with self.company.joined(transcript):
                    self._life.begins(transcript)
                    stage = Stage(
                        self._context,
                        transcript,
                        users,
                        concurrent_first_contact=scenario.concurrent_first_contact,
                        deadly=deadly,
                    )
                    interrupted = await self._drive(call, stage)
                    self._within_bounds(stage)
                if interrupted and not await self._life.keeps(transcript):
                    raise LetGo
                if scenario.brand_new:
                    _note_who_is_turned_away(transcript, users)
                _outlived(transcript, users)
                stalled = await self._looked_after(transcript, users[0])
                self._slow_down(transcript)
            self._outcome_when_gone(transcript)
        except Unverified as reason:
            transcript.unverified = self._context.redactor.text(str(reason))
        transcript.gone = self._life.gone and self._context.redactor.text(self._life.gone)
        return transcript, stalled

    def _returning(self, scenario: Scenario) -> User | None:
        if scenario.returns is not None and scenario.returns not in self._seen:
            raise Unverified(f"{scenario.returns}, whose user comes back in this, was not recorded")
        return self._seen[scenario.returns] if scenario.returns is not None else None

    def _within_bounds(self, stage: Stage) -> None:
        """Raises Unverified where the target sent more than the harness takes: nothing can be said of what it does."""
        if stage.recorder.flooded.is_set():
            entries = stage.transcript.entries
            reason = stage.recorder.excess or (
                f"the target sent so much that recording was ended: {len(entries):,} packets in {entries[-1].at:.1f} s"
            )
            self._floods += 1
            if self._floods >= FLOODS:
                self._life.end_run(f"{reason}, and as many in {FLOODS - 1} other scenarios")
            raise Unverified(reason)
        if (why := oversized(stage.transcript) or out_of_files(stage.transcript)) is not None:
            raise Unverified(why)

    async def _looked_after(self, transcript: Transcript, user: User) -> bool:
        """Where nothing more came, wait for the target to answer somebody; whether it had to be waited for."""
        if unreached(transcript):
            await self._life.reached()
        elif silent(transcript) is not None:
            return not await self._life.answered(transcript, user)
        return False

    def _slow_down(self, transcript: Transcript) -> None:
        """Where a target that is there took some connections and not others, there are too many for it."""
        if self._life.gone is None:
            for _ in not_taken(transcript):
                self._context.pace.slower(NOT_TAKEN)

    def _outcome_when_gone(self, transcript: Transcript) -> None:
        """What the target went of is judged; of what it did not live to see the end, nothing can be said."""
        if transcript.fatal is None and not (self._life.outlived(transcript) and lost(transcript) is None):
            self._still_there()

    def _still_there(self) -> None:
        if self._life.gone is not None:
            raise Unverified(f"{GONE}{self._life.gone}")

    async def _drive(self, call: ScenarioCall, stage: Stage) -> bool:
        """Play a scenario; whether it had to let go of its connections before its end."""
        async with self._life.crowd.joined() as leave:
            return await self._played(call, stage, leave)

    async def _played(self, call: ScenarioCall, stage: Stage, leave: asyncio.Event) -> bool:
        limit = self._limit()
        driving = asyncio.ensure_future(call.scenario.drive(stage, **call.values))
        over, leaving, flooded = map(
            asyncio.ensure_future, (self._life.over.wait(), leave.wait(), stage.recorder.flooded.wait())
        )
        ends = [driving, over, leaving, flooded]
        try:
            await asyncio.wait(ends, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if driving.done():
                driving.result()
            elif leaving.done():
                stage.transcript.cut = "it had to let go of its connections"
                return True
            elif not flooded.done():
                stage.transcript.limit = limit if self._life.gone is None else None
                stage.transcript.cut = self._why_cut(limit)
        except ScenarioAborted as cut:
            stage.transcript.cut = self._context.redactor.text(str(cut))
        finally:
            for task in ends:
                task.cancel()
            try:
                await asyncio.gather(*ends, return_exceptions=True)
            finally:
                await stage.close()
        return False

    def _why_cut(self, limit: float) -> str:
        gone = self._life.gone
        return f"the scenario took longer than {limit:.0f} s" if gone is None else f"{GONE}{gone}"

    def _limit(self) -> float:
        """Seconds that a scenario may take at all: each of its waits ends by itself, but there are targets that always
        find something more to say."""
        run = self._context
        return 30 + (10 + run.examples) * max(run.late, 4 * run.deadline)

    def _facts(self) -> dict[str, float]:
        run = self._context
        facts = {"rtt": round(run.rtt, 4), "deadline": round(run.deadline, 2)}
        return facts | {"late": round(run.late, 2), "settle": round(run.settle, 3)}


def _outlived(transcript: Transcript, users: Sequence[User]) -> None:
    """Raises Unverified where the time of a token was up before the scenario's end: what the target did then says
    nothing about it. Where it was nearly up, the target may be a little ahead of us. Likewise where there was none."""
    for user in users:
        if user.lacking is not None:
            raise user.lacking
    first = min(users, key=lambda user: user.expiry)
    if remaining(first.expiry) <= (SKEW if turned_away(transcript) else 0):
        raise Unverified(up(first.subject, first.expiry))


def _note_who_is_turned_away(transcript: Transcript, users: Sequence[User]) -> None:
    record = Record(transcript)
    for user in users:
        user.turned_away = not user.brand_new and accepts_no_token(record, user.name)
