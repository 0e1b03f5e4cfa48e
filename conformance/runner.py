"""Records all the scenarios of a run at once, on one event loop in a background thread, in two waves."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import gc
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

import httpx

from conformance.contact import Contact, kept_out
from conformance.device import Cut
from conformance.errors import Unverified
from conformance.lifetimes import SKEW, remaining, up
from conformance.protocol import ERROR, UNAUTHORIZED
from conformance.readable import cut
from conformance.record import Record
from conformance.scenario import Casting
from conformance.stage import LOST, Stage, Surroundings
from conformance.transcript import Entry, Kind, Transcript
from conformance.users import User, Users

T = TypeVar("T")

REFUSED_AT_ONCE = 4
"""Bad tokens go out a few at a time: a target may well shut out an address that sends many."""
AGAIN = 5
"""Connections (or requests) lost in so many recordings and once more in the second ones: no need to ask on."""
GONE = "the target "
"""How the reason of a recording begins that came too late, for the target is gone."""
LETTING_GO = 1.0
"""Seconds that recordings may take to end when they are told to."""
LONGEST_REASON = 160
WAIT = 1.0
"""Seconds: the main thread wakes up this often, for Ctrl-C."""


class Runner:
    """Owns the loop. ``start`` hands it every recording of the run; ``result`` waits for one."""

    def __init__(self, surroundings: Surroundings, users: Users, *, concurrency: int) -> None:
        self._surroundings = surroundings
        self._users = users
        self._concurrency = concurrency
        self._futures: dict[str, Future[Transcript]] = {}
        self._running = 0
        self.gone: str | None = None
        """Since when the target has not answered, if it stopped and did not come back within a deadline."""
        self._again: list[tuple[Casting, Transcript, Entry]] = []
        """Who lost something, and what."""
        self._recurred: Counter[Kind] = Counter()
        """By what was lost: ``Kind.HTTP`` for requests."""
        self._begun: list[Future[None]] = []
        self.first_tries: list[Transcript] = []
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run_loop, name="conformance", daemon=True)
        self._thread.start()

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        if not asyncio.all_tasks(self.loop):
            self.loop.close()

    def run(self, work: Coroutine[Any, Any, None], meanwhile: Callable[[], None] | None = None) -> None:
        """Do something on the loop and wait for it. Raises what it raises."""
        _waited_for(self._begin(work), meanwhile)

    def _begin(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        begun = asyncio.run_coroutine_threadsafe(work, self.loop)
        self._begun.append(begun)
        return begun

    def start(self, castings: Iterable[Casting]) -> None:
        """Begin recording; each casting once, whoever needs it."""
        gc.freeze()  # what was imported and collected stays; Hypothesis has the rest looked through for each search
        unique = {casting.key: casting for casting in castings}
        self._futures = {key: Future() for key in unique}
        self._begin(self._record_or_say_why(list(unique.values())))

    def result(self, key: str, meanwhile: Callable[[], None] | None = None) -> Transcript:
        """The transcript, waited for. Raises what the recording raised (an error of the harness)."""
        return _waited_for(self._futures[key], meanwhile)

    @property
    def standing(self) -> str:
        """How far the recordings are, in a few words."""
        recorded = sum(future.done() for future in self._futures.values())
        waiting = max(0, len(self._futures) - recorded - self._running)
        return f"scenarios: {recorded} recorded, {self._running} running, {waiting} waiting"

    def finished(self) -> list[Transcript]:
        """The transcripts recorded so far."""
        done = (f for f in self._futures.values() if f.done() and not f.cancelled())
        return [future.result() for future in done if future.exception() is None]

    @property
    def keys(self) -> list[str]:
        return list(self._futures)

    def stop(self) -> None:
        """End every recording at once and let the loop go."""
        everything: list[Future[Any]] = [*self._futures.values(), *self._begun]
        for future in everything:
            future.cancel()
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._let_go(), self.loop)
            self._thread.join(timeout=3)

    async def _let_go(self) -> None:
        """What was begun is cancelled; it gets the time to close its connections, then the rest of the tasks ends."""
        self.loop.set_exception_handler(lambda *_: None)  # whatever is lost now is nobody's business
        me = asyncio.current_task()
        for patience in (LETTING_GO, LETTING_GO / 2):
            running = asyncio.all_tasks() - {me}
            if running:
                await asyncio.wait(running, timeout=patience)
            for task in asyncio.all_tasks() - {me}:
                task.cancel()
        self.loop.stop()

    async def _record_or_say_why(self, castings: Sequence[Casting]) -> None:
        """Nobody waits for ever: whatever ends the recordings, each future is settled."""
        try:
            await self._record_all(castings)
        finally:
            for future in self._futures.values():
                if not future.done():
                    future.set_exception(RuntimeError("the recordings ended before this one"))

    async def _record_all(self, castings: Sequence[Casting]) -> None:
        s = self._surroundings
        free = asyncio.Semaphore(s.load.at_once(self._concurrency, s.deadline))
        few = asyncio.Semaphore(REFUSED_AT_ONCE)
        for phase in sorted({_phase(casting) for casting in castings}):
            own = [casting for casting in castings if _phase(casting) == phase]
            await asyncio.gather(*(self._record(c, few if c.scenario.refused else free) for c in own))
            while self._again:
                casting, first, lost = self._again.pop(0)
                if self._recurred[lost.kind] < AGAIN:
                    await self._resolve(casting, self._once_more(casting, first, lost), innocent=False)
                else:
                    self._settle(casting.key, first)
            still = [c.scenario for c in castings if _phase(c) > phase and c.scenario.brand_new]
            await self._users.release(keep=sum(scenario.users for scenario in still))

    async def _record(self, casting: Casting, turn: asyncio.Semaphore) -> None:
        async with turn:
            await self._resolve(casting, self._try(casting), innocent=not casting.scenario.refused)

    async def _resolve(self, casting: Casting, recording: Coroutine[Any, Any, Transcript], *, innocent: bool) -> None:
        """Settle the future of a casting; or put it off, when an innocent scenario lost a connection."""
        future = self._futures[casting.key]
        try:
            transcript = await recording
        except Exception as error:  # an error of the harness: whoever needs the transcript gets it
            if not future.cancelled():
                future.set_exception(error)
            return
        by = ("network", "target") if casting.scenario.wave == 1 else ("network",)
        lost = _dropped(transcript, by)
        if innocent and self.gone is None and transcript.unverified is None and lost is not None:
            self._again.append((casting, transcript, lost))
        else:
            self._settle(casting.key, transcript)

    def _settle(self, key: str, transcript: Transcript) -> None:
        if not self._futures[key].cancelled():
            self._futures[key].set_result(transcript)

    async def _once_more(self, casting: Casting, first: Transcript, lost: Entry) -> Transcript:
        """Record a scenario again, alone, that lost a connection or a request for no reason of its own; keep both
        records."""
        second = await self._try(casting)
        if second.unverified is not None and casting.scenario.brand_new and _told_why(first):
            return first  # no new user is left, and what the target said is no accident of the network
        if (once_more := _dropped(second)) is not None:
            self._recurred[once_more.kind] += 1
        elif second.unverified is None:
            second.dropped = _said(lost)
        first.key += " (first try)"
        self.first_tries.append(first)
        return second

    async def _try(self, casting: Casting) -> Transcript:
        scenario = casting.scenario
        transcript = Transcript(
            casting.key, scenario.name, dict(casting.values), scenario.doc, scenario.wave, facts=self._facts()
        )
        try:
            needs = {"brand_new": scenario.brand_new, "fewer": scenario.fewer, "alike": scenario.alike}
            async with self._users.lease(scenario.users, **needs) as users:
                self._still_there()
                transcript.users = [user.name for user in users]
                transcript.subjects = {user.name: user.subject for user in users}
                with self._counted():
                    await self._drive(casting, Stage(self._surroundings, transcript, users, rush=scenario.rush))
                if scenario.brand_new:
                    _note_who_is_kept_out(transcript, users)
                _outlived(transcript, users)
            if _unreached(transcript):
                await self._look_again(casting.key)
                if not _in_flight(transcript):
                    self._still_there()
        except Unverified as reason:
            transcript.unverified = self._surroundings.redactor.text(str(reason))
        return transcript

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    def _still_there(self) -> None:
        if self.gone is not None:
            raise Unverified(f"{GONE}{self.gone}")

    async def _look_again(self, key: str) -> None:
        """Wait for a target that nothing can be opened on: no longer than a deadline where it takes no connections,
        longer where it loses those that it takes. An answer in another scenario shows that it is there, too."""
        clock, began = asyncio.get_running_loop().time, asyncio.get_running_loop().time()
        patience, wait = self._surroundings.patience, self._surroundings.deadline
        answers = patience.answers
        while self.gone is None and patience.answers == answers:
            try:
                async with self._surroundings.client() as client:
                    await client.get("/")
                    return
            except LOST as error:
                wait = wait if isinstance(error, httpx.ConnectError) else self._surroundings.late
            except httpx.HTTPError:
                pass
            if clock() > began + wait:
                self.gone = f"stopped answering after {key}"
            await asyncio.sleep(0.1)

    async def _drive(self, casting: Casting, stage: Stage) -> None:
        limit = self._limit()
        try:
            async with asyncio.timeout(limit) as bound:
                await casting.scenario.drive(stage, **casting.values)
        except Cut as cut:
            stage.recorder.transcript.cut = self._surroundings.redactor.text(str(cut))
        except TimeoutError:
            if not bound.expired():
                raise
            stage.recorder.transcript.limit = limit
            stage.recorder.transcript.cut = f"the scenario took longer than {limit:.0f} s"
        finally:
            await stage.close()

    def _limit(self) -> float:
        """Seconds that a scenario may take at all: each of its waits ends by itself, but there are targets that always
        find something more to say."""
        s = self._surroundings
        return 30 + (10 + s.examples) * max(s.late, 4 * s.deadline)

    def _facts(self) -> dict[str, float]:
        s = self._surroundings
        facts = {"rtt": round(s.rtt, 4), "deadline": round(s.deadline, 2)}
        return facts | {"late": round(s.late, 2), "settle": round(s.settle, 3)}


def _phase(casting: Casting) -> tuple[int, bool]:
    """When it is recorded: by wave, and within a wave the first contacts of new users before all others, for whether
    they overlap is a matter of milliseconds, and as long as a user is kept for them nobody else has it."""
    return casting.scenario.wave, not casting.scenario.brand_new


def _waited_for(future: Future[T], meanwhile: Callable[[], None] | None = None) -> T:
    """Its result. Wakes up now and then, as a wait without end cannot be interrupted on every system; then, and when
    the wait begins, it calls ``meanwhile``."""
    while not future.done():
        if meanwhile is not None:
            meanwhile()
        concurrent.futures.wait([future], timeout=WAIT)
    return future.result()


def _dropped(transcript: Transcript, by: Sequence[str] = ("network", "target")) -> Entry | None:
    """The end of a connection with a good token that was lost after its handshake, though the scenario had not closed
    it; or of such a request."""
    shaken = {entry.connection for entry in transcript.of(Kind.HANDSHAKE)}
    good = {entry.connection for entry in transcript.of(Kind.OPEN) if entry.get("good")}
    for entry in transcript.of(Kind.CLOSED, Kind.RECEIVED, Kind.HTTP):
        lost = entry.get("by") in by or (entry.get("packet") == "DISCONNECT" and "target" in by)
        if lost and (entry.get("good") if entry.kind is Kind.HTTP else entry.connection in shaken & good):
            return entry
    return None


def _told_why(transcript: Transcript) -> bool:
    """Whether the target refused a connection with a good token in words."""
    good = [connection for connection in Record(transcript).connections if connection.good]
    return any(connection.events(ERROR) or connection.received("CONNECT_ERROR") for connection in good)


def _note_who_is_kept_out(transcript: Transcript, users: Sequence[User]) -> None:
    record = Record(transcript)
    for user in users:
        user.turned_away = not user.brand_new and kept_out(Contact(record, user.name))


def _said(lost: Entry) -> str:
    return f"{lost.device}: {cut(lost.get('reason') or lost.get('code') or lost.get('packet'), LONGEST_REASON)}"


def _outlived(transcript: Transcript, users: Sequence[User]) -> None:
    """Raises Unverified where the time of a token was up before the scenario's end: what the target did then says
    nothing about it. Where it was nearly up, the target may be a little ahead of us. Likewise where there was none."""
    for user in users:
        if user.lacking is not None:
            raise user.lacking
    first = min(users, key=lambda user: user.expiry)
    if remaining(first.expiry) <= (SKEW if _turned_away(transcript) else 0):
        raise Unverified(up(first.subject, first.expiry))


def _turned_away(transcript: Transcript) -> bool:
    """Whether a good token was refused, or a connection with one ended by the target."""
    good = {entry.connection for entry in transcript.of(Kind.OPEN) if entry.get("good")}
    ends = [e for e in transcript.of(Kind.RECEIVED, Kind.CLOSED) if e.connection in good]
    refused = (e.get("by") == "target" or e.get("packet") in ("DISCONNECT", "CONNECT_ERROR") for e in ends)
    errors = (e.get("event") == ERROR and UNAUTHORIZED in str(e.get("args")) for e in ends)
    asked = (e.get("good") is True and e.get("status") in (401, 403) for e in transcript.of(Kind.HTTP))
    return any(refused) or any(errors) or any(asked)


def _unreached(transcript: Transcript) -> bool:
    """Whether the network kept every connection and request of the scenario from an answer since some moment."""
    ended = transcript.of(Kind.CLOSED, Kind.HTTP)
    if not ended:
        return False
    last = ended[-1]
    return last.get("by") == "network" or (last.kind is Kind.HTTP and last.get("status") == 0)


def _in_flight(transcript: Transcript) -> bool:
    """Whether the network ended a connection right after something malformed went out on it, unanswered: then the
    scenario is judged, although the target is gone, because it may well be the reason."""
    for closed in transcript.of(Kind.CLOSED):
        own = [e for e in transcript.of(Kind.SENT, Kind.RECEIVED) if e.connection == closed.connection]
        if closed.get("by") == "network" and own and own[-1].get("valid") is False:
            return True
    return False
