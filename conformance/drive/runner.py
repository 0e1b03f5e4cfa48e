"""Records all the scenarios of a run at once, on one event loop in a background thread, in two waves."""

from __future__ import annotations

import asyncio
import gc
import math
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Future
from typing import Any

from conformance.auth.users import Users
from conformance.drive.background import Background, waited_for
from conformance.drive.context import RunContext
from conformance.drive.lane import Lane
from conformance.drive.liveness import GONE, Life, Witness
from conformance.drive.pace import UNANSWERED
from conformance.drive.recording import LetGo, Studio
from conformance.drive.reruns import DEATHS, Case, RerunPolicy, suspect
from conformance.drive.scenario import ScenarioCall
from conformance.drive.schedule import new_users, phases, refused_at_once
from conformance.drive.suspects import fatal
from conformance.record.health import (
    FIRST_TRY,
    SECOND_TRY,
    kept_out,
    lost,
    refused_in_words,
    said,
    span,
    unanswered,
    waited_in_vain,
)
from conformance.record.transcript import Transcript

APART, HEAD_START = 0.1, 1.0
"""Seconds between two scenarios with odd input, and by which bad tokens come before all else that is odd."""
LETTING_GO = 3.0
"""Seconds that scenarios have to close their connections when the run is ended early."""
WENT_DOWN = "it went down each time, with nothing else to do"


class Runner:
    """``start`` hands it every recording of the run; ``result`` waits for one."""

    def __init__(
        self, context: RunContext, users: Users, background: Background, *, concurrency: int, seconds: float = math.inf
    ) -> None:
        """``seconds``: how long recording may take."""
        self._context = context
        self._seconds = seconds
        self._users = users
        self._concurrency = concurrency
        self._futures: dict[str, Future[Transcript]] = {}
        self._background = background
        self._life = Life(context)
        self._studio = Studio(context, users, self._life)
        self._policy = RerunPolicy()
        self._again: list[Case] = []
        """Who lost something, or was there when others did."""
        self.first_tries: list[Transcript] = []

    @property
    def gone(self) -> str | None:
        """Since when the target has not answered, if it stopped and did not come back."""
        return self._life.gone

    @property
    def ended(self) -> str | None:
        """Why the run was ended early, if it was."""
        return self._life.ended

    def start(self, calls: Iterable[ScenarioCall]) -> None:
        """Begin recording; each call once, whoever needs it."""
        gc.freeze()  # what was imported and collected stays; Hypothesis has the rest looked through for each search
        unique = {call.key: call for call in calls}
        self._futures = {key: Future() for key in unique}
        self._background.begin(self._record_or_say_why(list(unique.values())))

    def result(self, key: str, meanwhile: Callable[[], None] | None = None) -> Transcript:
        """The transcript, waited for. Raises what the recording raised (an error of the harness)."""
        return waited_for(self._futures[key], meanwhile)

    @property
    def standing(self) -> str:
        """How far the recordings are, in a few words."""
        recorded = sum(future.done() for future in self._futures.values())
        running = len(self._studio.company.running)
        waiting = max(0, len(self._futures) - recorded - running)
        return f"scenarios: {recorded} recorded, {running} running, {waiting} waiting"

    def finished(self) -> list[Transcript]:
        """The transcripts recorded so far."""
        done = (f for f in self._futures.values() if f.done() and not f.cancelled())
        return [future.result() for future in done if future.exception() is None]

    def stop(self) -> None:
        """End every recording at once and let the loop go."""
        self._background.stop(self._futures.values())

    # -- two waves ---------------------------------------------------------------------------------------------

    async def _record_or_say_why(self, calls: Sequence[ScenarioCall]) -> None:
        """Whatever ends the recordings, each future is settled: no one waits for ever."""
        recording = asyncio.ensure_future(self._record_all(calls))
        ending = asyncio.ensure_future(self._life.run_over.wait())
        try:
            within = self._seconds if self._seconds < math.inf else None
            await asyncio.wait([recording, ending], timeout=within, return_when=asyncio.FIRST_COMPLETED)
            if recording.done():
                recording.result()
            else:
                await self._end_early(recording, calls)
        finally:
            recording.cancel()
            ending.cancel()
            for future in self._futures.values():
                if not future.done():
                    future.set_exception(RuntimeError("the recordings ended before this one"))

    async def _end_early(self, recording: asyncio.Future[None], calls: Sequence[ScenarioCall]) -> None:
        """What was recorded stands; of all else nothing is known."""
        self._life.end_run(f"recording took longer than --max-time allows ({self._seconds:.0f} s were left for it)")
        begun = {**{case.call.key: case.recordings[-1] for case in self._again}, **self._studio.company.running}
        recording.cancel()
        await asyncio.wait([recording], timeout=LETTING_GO)
        for call in calls:
            if not (future := self._futures[call.key]).done():
                transcript = begun.get(call.key) or Transcript(call.key, call.scenario.name, dict(call.values))
                transcript.unverified = f"the run was ended early: {self.ended}"
                transcript.facts["ended"] = self.ended
                future.set_result(transcript)

    async def _record_all(self, calls: Sequence[ScenarioCall]) -> None:
        run = self._context
        run.pace.most = run.load.at_once(self._concurrency, run.deadline)
        free = Lane(run.pace.most, apart=APART, head_start=HEAD_START)
        few = Lane(min(run.pace.most, refused_at_once(run.rtt, apart=APART)), apart=APART)
        ahead = phases(calls)
        while ahead:
            await asyncio.gather(
                *(self._record(c, few if c.scenario.limit_concurrency else free) for c in ahead.pop(0))
            )
            while self._again:
                await self._settled(self._again[0].call, self._once_more(self._again.pop(0)))
            await self._users.release(keep=new_users(ahead))

    async def _record(self, call: ScenarioCall, lane: Lane) -> None:
        async with lane.turn(odd=call.scenario.wave > 1 and not call.scenario.brand_new):
            interrupted = True
            while interrupted:
                async with self._context.pace.turn():
                    interrupted = await self._settled(call, self._first(call))

    async def _settled(self, call: ScenarioCall, recording: Coroutine[Any, Any, Transcript | None]) -> bool:
        """Settle the future of a call, unless its recording is put off. Whether it has to be made again at once, as it
        had to make room for others."""
        future = self._futures[call.key]
        try:
            transcript = await recording
        except LetGo:
            return True
        except Exception as error:  # an error of the harness: whoever needs the transcript gets it
            if not future.cancelled():
                future.set_exception(error)
            return False
        if transcript is not None and not future.cancelled():
            future.set_result(transcript)
        return False

    async def _first(self, call: ScenarioCall) -> Transcript | None:
        """Record a scenario for the first time; None where it is to be recorded again."""
        transcript, stalled = await self._studio.record(call, deadly=set(self._policy.blamed))
        if transcript.unverified or transcript.fatal:
            return transcript
        loss, others_too = self._policy.struck(transcript, self._studio.company.running.values())
        others, slow = not self._studio.company.was_alone(transcript), self._context.timeout.slow
        waited = self._policy.waits(transcript, others=others, slow=slow)
        if self._policy.alone_in_vain:
            self._context.pace.not_for(UNANSWERED)
        elif waited and self._context.timeout.ever_came(*unanswered(transcript)):
            self._context.pace.slower(UNANSWERED)
        if loss is None and not (others_too or stalled or waited or kept_out(transcript)):
            return transcript
        bystander = loss is None and others_too and not stalled
        self._again.append(Case(call, [transcript], loss, waited and not stalled, bystander))
        return None

    # -- once more, alone --------------------------------------------------------------------------------------

    async def _once_more(self, case: Case) -> Transcript | None:
        """Record a scenario again, alone, that lost something for no reason of its own, keeping all records; where the
        target dies of it, that is found out."""
        earlier = case.recordings[-1]
        if self.gone is not None:
            earlier.unverified, earlier.gone = f"{GONE}{self.gone}", self.gone
            return earlier
        if not self._policy.worthwhile(case):
            return earlier
        if (judge := self._policy.familiar(case)) is not None:
            earlier.unverified = f"the target went down while this was on its way (see {judge})"
            return earlier
        await self._life.reached()
        transcript, died = await self._alone(case.call)
        if transcript.unverified is not None and case.call.scenario.brand_new and refused_in_words(earlier):
            return earlier  # no new user is left, and what the target said is not an accident of the network
        earlier.key += FIRST_TRY if len(case.recordings) == 1 else SECOND_TRY
        self.first_tries.append(earlier)
        case.recordings.append(transcript)
        return await self._concluded(case, transcript, died=died and not self._policy.unprovoked)

    async def _alone(self, call: ScenarioCall) -> tuple[Transcript, bool]:
        """A recording, and whether the target died, or fell silent, of it."""
        async with self._life.witness() as witness:
            transcript, stalled = await self._studio.record(call, deadly=set(self._policy.blamed))
            died = stalled or self.gone is not None or await self._dead(witness, transcript)
        return transcript, died

    async def _dead(self, witness: Witness, transcript: Transcript) -> bool:
        if witness.there:
            return await witness.dies(within=self._context.settle)  # what kills it may take a moment
        return lost(transcript) is not None and not await self._life.reachable()

    async def _concluded(self, case: Case, transcript: Transcript, *, died: bool) -> Transcript | None:
        """What becomes of a scenario that was recorded again; None where it is recorded once more."""
        case.deaths += died
        loss = lost(transcript)
        if died and case.deaths >= DEATHS:
            if not await self._ends_unprovoked(transcript):
                return self._blamed(transcript)
            died = False
        self._policy.in_vain += kept_out(transcript) or (case.waited and waited_in_vain(transcript))
        if self.gone is not None or transcript.fatal or transcript.unverified:
            return transcript
        if not died and loss is None:
            self._policy.calm(case)
            transcript.dropped = said(case.loss) if case.loss is not None else None
            return transcript
        if self._policy.once_more(died=died):
            self._again.append(case)
            return None
        if loss is not None:
            self._policy.recurred[loss.kind] += 1
        return transcript

    async def _ends_unprovoked(self, transcript: Transcript) -> bool:
        """Whether a connection ends by itself within as much time, with nothing sent at all."""
        began, ended = span(transcript)
        await self._life.reached()
        async with self._life.witness() as witness:
            within = ended - began + self._context.settle
            self._policy.unprovoked = witness.there and await witness.dies(within=within)
        return self._policy.unprovoked

    def _blamed(self, transcript: Transcript) -> Transcript:
        """The target died of this scenario, which was all that it was sent."""
        if (culprit := suspect(transcript)) is not None:
            self._policy.blame(culprit)
            transcript.unverified, transcript.fatal = None, dict(fatal(culprit, how=WENT_DOWN))
        return transcript
