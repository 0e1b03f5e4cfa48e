"""Whether the target still lives: what was heard of it, what it answers when it is asked, and what it went of."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import httpx

from conformance.auth.users import User
from conformance.drive import suspects
from conformance.drive.context import RunContext
from conformance.drive.crowd import Crowd
from conformance.drive.rest import LOST
from conformance.drive.stage import Stage
from conformance.drive.stimuli import Stimulus, stimuli
from conformance.drive.suspects import fatal
from conformance.record.health import answers, asked_for_patience, broken, moment, silent, span
from conformance.record.transcript import Transcript
from conformance.transport import connection
from conformance.transport.close_reason import CloseReason, HandshakeFailed
from conformance.transport.engineio import Transport

AGAIN = 0.1
"""Seconds between two looks at a target that is not there."""
STALLED = 2
"""Deadlines that a target may be silent, asked again and again, until it counts as gone."""
LATELY = 1.0
"""Seconds: who was heard of by anybody so long ago is there."""
NAMED = 3
GONE = "the target "
"""How the reason of a recording begins that came too late, for the target is gone."""
STOPPED = "it stopped answering and did not come back"


class Life:
    """What a run knows of its target. ``gone``: since when it has not answered, if it stopped and did not come back."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._origin = time.monotonic()
        self._looking = asyncio.Lock()
        self._asked = -math.inf
        """When it was asked last, and answered."""
        self._limits: set[int] = set()
        """The HTTP statuses with which it asked for patience when it was asked last."""
        self._made_room = -math.inf
        """When it answered last for the harness' having let go of its connections."""
        self.crowd = Crowd()
        self.recordings: list[Transcript] = []
        """All that have begun."""
        self.gone: str | None = None
        self.went = 0.0
        """When it was heard of last, before it was gone."""
        self.over = asyncio.Event()
        """It is gone."""
        self.ended: str | None = None
        """Why the run is ended early, though the target may be there."""
        self.run_over = asyncio.Event()

    def end_run(self, why: str) -> None:
        """Nothing more is recorded."""
        self.ended = self.ended or why
        self.run_over.set()

    def begins(self, transcript: Transcript) -> None:
        """A recording begins: from now on it tells of the target."""
        transcript.facts["began"] = round(time.monotonic() - self._origin, 4)
        self.recordings.append(transcript)

    def _last_heard(self) -> float:
        last = ((one, next(answers(one), None)) for one in self.recordings)
        return max((moment(one, entry) for one, entry in last if entry is not None), default=0.0)

    # -- looking -----------------------------------------------------------------------------------------------

    async def reached(self) -> None:
        """Wait for a target that nothing can be opened on: no longer than a deadline where it takes no connections,
        longer where it loses those that it takes. An answer in a scenario shows that it is there, too."""
        async with self._looking:
            timeout, began = self._context.timeout, time.monotonic()
            answers, wait = timeout.answers, self._context.deadline
            while self.gone is None and timeout.answers == answers:
                error = await self._unreachable()
                if error is None:
                    return
                if isinstance(error, LOST) and not isinstance(error, httpx.ConnectError):
                    wait = self._context.late
                if time.monotonic() > began + wait:
                    refused = isinstance(error, httpx.ConnectError)  # nothing listens there, for whomever
                    if refused or not await self._was_crowded(self.reachable, within=wait):
                        self._died()
                    return
                await asyncio.sleep(AGAIN)

    async def reachable(self) -> bool:
        """Whether there is any answer to HTTP at all."""
        return await self._unreachable() is None

    async def _unreachable(self) -> Exception | None:
        try:
            async with self._context.client() as client:
                await self._context.ask(client, "/", silence=self._context.deadline)
        except httpx.HTTPError as error:
            return error
        except ValueError:
            return None  # an answer all the same
        return None

    async def answered(self, transcript: Transcript, user: User) -> bool:
        """Whether the target is alive after a scenario that waited in vain: others have heard of it meanwhile, or it
        answers now. Waits for a target that does not, and may find it gone. Where it had no room for all that the
        harness held, those who waited meanwhile did so for that."""
        waited = silent(transcript)
        async with self._looking:
            if self.gone is not None or waited is None:
                return self.gone is None
            if moment(transcript, waited) < self._made_room:
                return False
            if max(self._last_heard(), self._asked) > moment(transcript, waited) - LATELY:
                return True
            began, within = time.monotonic(), STALLED * self._context.deadline
            self._limits = set()
            look = partial(self._greets, user)
            at_once = await look()
            if at_once or await _in_time(look, began + within):
                self._asked = began - self._origin
            elif not await self._was_crowded(look, within=within):
                self._stalled()
            return at_once

    async def _was_crowded(self, look: Callable[[], Awaitable[bool]], *, within: float) -> bool:
        """Whether it is there once nobody else holds a connection, and had no room for so many."""
        if not self.crowd.is_there:
            return False
        async with self.crowd.gone():
            if not await _in_time(look, time.monotonic() + within):
                return False
            self._made_room = self._asked = time.monotonic() - self._origin
            self._context.pace.crowded()
            return True

    async def keeps(self, transcript: Transcript) -> bool:
        """Whether a recording counts that had to let go of its connections: where the target had no room for them, it
        tells nothing."""
        async with self._looking:
            if self.gone is None:
                self.recordings = [one for one in self.recordings if one is not transcript]
            return self.gone is not None

    async def _greets(self, user: User) -> bool:
        """Whether the Help Center says a word to a good token, on the socket or over REST."""
        transcript = Transcript("probe", "probe")
        stage = Stage(self._context.untaught(), transcript, [user], concurrent_first_contact=True)
        device = stage.device("probe")
        tasks = [asyncio.ensure_future(work) for work in (device.connect(), stage.fetch(tag="probe"))]
        try:
            heard = lambda: next(answers(transcript), None)  # noqa: E731
            return await stage.recorder.until(heard, within=self._context.deadline) is not None
        finally:
            self._limits |= asked_for_patience(transcript)
            for task in tasks:
                task.cancel()
            try:
                await asyncio.gather(*tasks, return_exceptions=True)
            finally:
                await stage.close()

    # -- the end -----------------------------------------------------------------------------------------------

    def _died(self) -> None:
        """It is gone, its connections with it: what was it sent just before?"""
        losses = sorted(moment(one, entry) for one in self.recordings for entry in broken(one))
        heard = self._last_heard()
        died, sent = next((at for at in losses if at >= heard), heard), self._sent()
        if suspects.silent_before(sent, heard=heard, died=died):
            self._stalled()
        else:
            self._end(died, suspects.of_death(sent, died))

    def _stalled(self) -> None:
        """It holds its connections and says nothing any more; or a gateway before it lets no one in."""
        heard = self._last_heard()
        culprit = suspects.of_stall(self._sent(), heard)
        if culprit is None and self._limits:
            statuses = ", ".join(f"HTTP {status}" for status in sorted(self._limits))
            self._ends(heard, f"let no one in any more after {heard:.1f} s: {statuses}, as of a limit of rate")
        else:
            self._end(heard, culprit)

    def _sent(self) -> list[Stimulus]:
        return [one for transcript in self.recordings for one in stimuli(transcript)]

    def _end(self, at: float, culprit: Stimulus | None) -> None:
        sent, stopped = self._sent(), f"stopped answering at {at:.1f} s"
        if culprit is not None:
            others = " or ".join(one.named for one in suspects.as_likely(culprit, sent, at))
            beside = f" (or {others}, on its way at the same moment)" if others else ""
            culprit.transcript.fatal = dict(fatal(culprit, how=STOPPED + beside))
            self._ends(at, f"{stopped}, after {culprit.named}{beside}")
            return
        on_their_way = [one.named for one in suspects.waiting(sent) if one.at <= at + suspects.BESIDE]
        more = len(on_their_way) - NAMED
        what = ", ".join(on_their_way[:NAMED]) + (f" and {more} more" if more > 0 else "")
        self._ends(at, stopped + (f", after {what}" if what else ""))

    def _ends(self, at: float, gone: str) -> None:
        self.went, self.gone = at, gone
        self._nothing_said_of_what_followed()
        self.over.set()

    def _nothing_said_of_what_followed(self) -> None:
        """What ended between its last word and now saw no silence."""
        gone = self._context.redactor.text(str(self.gone))
        for one in self.recordings:
            if not (one.fatal or one.unverified or self.outlived(one)):
                one.unverified, one.gone = f"{GONE}{gone}", gone

    def outlived(self, transcript: Transcript) -> bool:
        """Whether the target was there for the whole of a recording, as far as one can tell."""
        return self.gone is None or span(transcript)[1] <= self.went

    # -- a witness ---------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def witness(self) -> AsyncIterator[Witness]:
        """A connection that says nothing, to tell whether the target died of what was done meanwhile."""
        witness = Witness()
        run = self._context
        wire = connection.Connection(
            run.url, witness, headers=run.headers, tls=run.tls, deadline=run.deadline, intake=run.intake
        )
        with contextlib.suppress(HandshakeFailed):
            await wire.open(Transport(run.default_route.transport))
            witness.there = True
        try:
            yield witness
        finally:
            await wire.close()


async def _in_time(look: Callable[[], Awaitable[bool]], ends: float) -> bool:
    """Whether it is seen, looked for again and again until some moment, and once at least."""
    while not await look():
        if time.monotonic() >= ends:
            return False
        await asyncio.sleep(AGAIN)
    return True


class Witness:
    """The listener of a connection that sends nothing (``transport.listener``)."""

    def __init__(self) -> None:
        self.there = False
        self.ended = asyncio.Event()

    def on_handshake(self, *_: object) -> None: ...
    def on_message(self, *_: object) -> None: ...
    def on_attachment(self, *_: object) -> None: ...
    def on_engine(self, *_: object, **__: object) -> None: ...
    def on_garbled(self, *_: object) -> None: ...

    def on_closed(self, ending: CloseReason) -> None:
        if ending.by != "harness":
            self.ended.set()

    async def dies(self, within: float) -> bool:
        """Whether it ended, or does so within some seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self.ended.wait()
        return self.ended.is_set()
