"""How Hypothesis drives a scenario: how long, how far, and what becomes of errors. The stage is a fake."""

from __future__ import annotations

import asyncio
import threading
import unicodedata
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import strategies as st

from conformance.checks.generated import comes_back, last_batch, smallest_deviation
from conformance.drive import search as exploring
from conformance.drive.device import ScenarioAborted
from conformance.errors import Deviation, Unverified
from conformance.inputs import text_strategies
from tests.support.handmade import Handmade, message

NUMBERS = st.integers(0, 100_000)


def explored(
    judge: Callable[[Any], None],
    *,
    strategy: st.SearchStrategy[Any] = NUMBERS,
    examples: int = 50,
    seed: int = 1,
    drive: Callable[[Any], None] = lambda _: None,
) -> list[Any]:
    """The values that were driven; ``judge`` gets the last one."""
    driven: list[Any] = []

    async def driving(value: Any) -> None:
        await asyncio.sleep(0)
        driven.append(value)
        drive(value)

    async def main() -> None:
        stage: Any = SimpleNamespace(run=SimpleNamespace(examples=examples, seed=seed))
        await exploring.explore(stage, strategy, driving, lambda: judge(driven[-1]))

    asyncio.run(main())
    return driven


def holds(_: object) -> None:
    """Never deviates."""


def too_large(value: int) -> None:
    if value >= 1000:
        raise Deviation("less than 1000", str(value))


def test_as_many_examples_as_asked_for() -> None:
    assert len(explored(holds, examples=17)) == 17


def test_the_seed_draws_the_same_values_again() -> None:
    assert explored(holds, seed=7) == explored(holds, seed=7)
    assert explored(holds, seed=7) != explored(holds, seed=8)


def test_shrinking_ends_on_the_smallest_deviating_value() -> None:
    driven = explored(too_large)
    assert driven[-1] == 1000
    assert min(value for value in driven if value >= 1000) == 1000


def test_no_more_is_generated_after_the_first_deviation() -> None:
    driven = explored(too_large, examples=10_000)
    assert len(driven) < 200


def test_shrinking_is_bounded_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that each drive moves on by a second."""
    clock = [0.0]
    monkeypatch.setattr(exploring, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    def a_second(_: object) -> None:
        clock[0] += 1

    driven = explored(too_large, drive=a_second)
    first = next(index for index, value in enumerate(driven) if value >= 1000)
    assert len(driven) - 1 - first <= exploring.SHRINKING + 1


def test_a_judge_that_cannot_tell_lets_the_search_go_on() -> None:
    def unsure(value: int) -> None:
        raise Unverified(f"not acked: {value}", because="ACK-CALLED")

    assert len(explored(unsure, examples=9)) == 9


@pytest.mark.parametrize(
    "error", [KeyError("a bug of ours"), ScenarioAborted("phone: closed"), AssertionError("a bug of ours")]
)
def test_an_error_while_driving_ends_the_search_as_it_is(error: Exception) -> None:
    driven: list[object] = []

    def fails(value: object) -> None:
        driven.append(value)
        raise error

    with pytest.raises(type(error)) as caught:
        explored(holds, drive=fails)
    assert caught.value is error
    assert len(driven) == 1


def test_an_error_of_the_judge_ends_the_search_as_it_is() -> None:
    def broken(_: object) -> None:
        raise TypeError("a bug of ours")

    with pytest.raises(TypeError, match="a bug of ours"):
        explored(broken)


def test_a_verdict_that_changes_is_no_error() -> None:
    """Hypothesis calls it flaky; the record has what was seen."""
    seen: list[int] = []

    def once(value: int) -> None:
        seen.append(value)
        if len(seen) == 3:
            raise Deviation("a", "b")

    explored(once)
    assert len(seen) >= 3


@pytest.mark.parametrize("stopped", [False, True], ids=["the loop ends in order", "the loop just stops"])
def test_a_cancelled_scenario_leaves_no_search_behind(stopped: bool) -> None:
    began = threading.Event()

    async def main() -> None:
        async def never_ends(_: object) -> None:
            began.set()
            await asyncio.Event().wait()

        stage: Any = SimpleNamespace(run=SimpleNamespace(examples=50, seed=1))
        task = asyncio.create_task(exploring.explore(stage, NUMBERS, never_ends, lambda: None))
        await asyncio.to_thread(began.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    if stopped:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(main())
        loop.close()
    else:
        asyncio.run(main())  # cancels what is left on the loop, as the runner does
    for thread in threading.enumerate():
        if thread.name == "hypothesis":
            thread.join(10)
            assert not thread.is_alive()


def test_a_server_that_changes_digits_is_caught_with_a_short_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts and judge as the suites use them, against a target that folds foreign digits; time stands still."""
    monkeypatch.setattr(exploring, "time", SimpleNamespace(monotonic=lambda: 0.0))
    made = Handmade()
    made.opens()
    made.greeted()

    def answer(texts: list[str]) -> None:
        made.mark("batch")
        for text in texts:
            folded = "".join(str(unicodedata.digit(c)) if unicodedata.category(c) == "Nd" else c for c in text)
            made.says(text, saved=message(folded.strip(), id=f"m{len(made.transcript.entries)}"), tag="generated")

    explored(
        lambda _: smallest_deviation(last_batch(made.transcript).sends, comes_back),
        strategy=st.lists(text_strategies.valid_texts, min_size=1, max_size=2),
        drive=answer,
    )
    with pytest.raises(Deviation) as caught:
        smallest_deviation(made.record.tagged("generated"), comes_back)
    assert caught.value.actual.splitlines()[-1].endswith(" such: 'A\\u0660' (2 code points, 2 UTF-16 units)")
