"""Properties: let Hypothesis generate what a scenario drives, and shrink what deviates.

The verdict never comes from Hypothesis: whatever was exchanged is in the transcript, and the judgement reads it there
with the same judges. Hypothesis only decides what is tried next.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

from conformance.drive.stage import Stage
from conformance.errors import Deviation, Unverified
from conformance.record.payloads import MalformedPayload

T = TypeVar("T")

SHRINKING = 5.0
"""Seconds that the search for a smaller example may go on after the first deviation."""
_EXPECTED = (Deviation, Flaky)


async def explore(
    stage: Stage,
    strategy: SearchStrategy[T],
    drive: Callable[[T], Coroutine[Any, Any, None]],
    judge: Callable[[], None],
    *,
    share: tuple[int, int] = (0, 1),
) -> None:
    """Drive up to ``run.examples`` generated values; or a ``share`` of them, (2, 3) being the last of three, where
    several scenarios explore the same side by side. ``judge`` looks at what the last one left in the record; when
    it raises a Deviation, smaller values are tried for a while. Raises what ``drive`` raises, at once."""
    search = _Search(stage, strategy, drive, judge, share)
    await search.run()


class _Search:
    """One run of Hypothesis in a daemon thread (a pool's thread would delay Ctrl-C), driving the scenario's loop."""

    def __init__(
        self, stage: Stage, strategy: SearchStrategy[Any], drive: Any, judge: Any, share: tuple[int, int]
    ) -> None:
        number, shares = share
        self._seed = stage.run.seed + number
        self._examples = math.ceil(stage.run.examples / shares)
        self._strategy = strategy
        self._drive = drive
        self._judge = judge
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._give_up = math.inf
        """When the search for a smaller example ends, on the monotonic clock."""
        self._driving: Future[None] | None = None
        """The value that is driven, or was last."""
        self._over = False
        self._error: BaseException | None = None
        """What ended the scenario, or broke the harness: the first such thing, which Hypothesis never sees."""

    async def run(self) -> None:
        threading.Thread(target=self._search, name="hypothesis", daemon=True).start()
        try:
            await self._done
        finally:
            self._over = True
            if self._driving is not None:
                self._driving.cancel()  # else the thread would wait for a loop that has stopped
        if self._error is not None:
            raise self._error

    def _search(self) -> None:
        try:
            self._generate()
        except _EXPECTED:
            pass
        except BaseException as error:
            self._error = self._error or error
        with contextlib.suppress(RuntimeError):  # the loop may be closed by now
            self._loop.call_soon_threadsafe(self._finish)

    def _finish(self) -> None:
        if not self._done.done():
            self._done.set_result(None)

    def _generate(self) -> None:
        @hypothesis.seed(self._seed)
        @settings(
            max_examples=self._examples,
            derandomize=False,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            print_blob=False,
            report_multiple_bugs=False,
        )
        @given(self._strategy)
        def example(value: Any) -> None:
            self._try(value)

        example()

    def _try(self, value: Any) -> None:
        if self._over or time.monotonic() > self._give_up:
            return  # pretends to hold: Hypothesis ends its shrinking, the record keeps what was seen
        try:
            self._driving = asyncio.run_coroutine_threadsafe(self._drive(value), self._loop)
            if self._over:  # meanwhile
                self._driving.cancel()
            self._driving.result()
            self._judge()
        except (MalformedPayload, Unverified):
            return  # other values may say more
        except Deviation:
            self._give_up = min(self._give_up, time.monotonic() + SHRINKING)
            raise
        except BaseException as error:  # a smaller example of it would not help
            self._error, self._over = error, True
