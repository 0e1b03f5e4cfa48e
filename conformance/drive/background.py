"""An event loop in a background thread, for a main thread that waits and can be interrupted."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

LETTING_GO, AGAIN, TIMES = 1.0, 0.1, 10
"""Seconds that what was begun may take to end when it is asked to; and each time that it is asked again, as often as
that: a scenario with several devices closes one after the other, and gives up on one each time."""
WAIT = 1.0
"""Seconds: the main thread wakes up this often, for Ctrl-C."""


class Background:
    """Owns the loop. ``begin`` hands it work; ``stop`` ends everything."""

    def __init__(self) -> None:
        self._begun: list[Future[Any]] = []
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run_loop, name="conformance", daemon=True)
        self._thread.start()

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        if not asyncio.all_tasks(self.loop):
            self.loop.close()

    def run(self, work: Coroutine[Any, Any, T], meanwhile: Callable[[], None] | None = None) -> T:
        """What comes of some work, waited for; ``meanwhile``: see ``waited_for``. Raises what it raises."""
        return waited_for(self.begin(work), meanwhile)

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        begun = asyncio.run_coroutine_threadsafe(work, self.loop)
        self._begun.append(begun)
        return begun

    def stop(self, waiting: Iterable[Future[Any]]) -> None:
        """Cancel what was begun and those who wait, and let the loop go."""
        for future in [*waiting, *self._begun]:
            future.cancel()
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._let_go(), self.loop)
            self._thread.join(timeout=3)

    async def _let_go(self) -> None:
        """What was begun is cancelled; it gets the time to close its connections, then the rest of the tasks ends."""
        self.loop.set_exception_handler(lambda *_: None)  # whatever is lost now matters to no one
        me = asyncio.current_task()
        for patience in (LETTING_GO, *[AGAIN] * TIMES):
            if running := asyncio.all_tasks() - {me}:
                await asyncio.wait(running, timeout=patience)
            for task in asyncio.all_tasks() - {me}:
                task.cancel()
        self.loop.stop()


def waited_for(future: Future[T], meanwhile: Callable[[], None] | None = None) -> T:
    """Its result. Wakes up now and then, as a wait without end cannot be interrupted on every system; then, and when
    the wait begins, it calls ``meanwhile``."""
    while not future.done():
        if meanwhile is not None:
            meanwhile()
        concurrent.futures.wait([future], timeout=WAIT)
    return future.result()
