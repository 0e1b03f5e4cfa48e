"""What a run under load comes to, and in which words."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from conformance.load import budgets, reports, verdict
from conformance.load.tally import WINDOW, Tally, percentile
from conformance.load.usage import MB, Usage
from conformance.load.verdict import ExitCode, Run
from conformance.requirements import Level


def tally(**counters: dict[str, int]) -> Tally:
    whole = Tally(held=Counter({"ACK-MATCH": 10, "SEND-KEPT": 4}), counts=Counter({"ack": 10}))
    for name, numbers in counters.items():
        getattr(whole, name).update(numbers)
    return whole


def run(whole: Tally | None = None) -> Run:
    times = {"ack": {0.5: 10.0, 0.95: 320.0, 0.99: 500.0}}
    return Run("http://localhost:3000", "2026-01-01T00:00:00+00:00", 60.0, 200, whole or tally(), times)


def budget(text: str) -> Run:
    return replace(run(), budgets=[budgets.parse(text)])


def test_nothing_that_was_seen_makes_a_run_held_without_traffic() -> None:
    assert run(Tally()).exit_code is ExitCode.NOTHING
    assert run(Tally(counts=Counter({"ack": 3}))).exit_code is ExitCode.NOTHING
    assert run(Tally(held=Counter({"CONNECTED-SENT": 3}))).exit_code is ExitCode.NOTHING


@pytest.mark.parametrize(
    ("it", "code"),
    [
        (run(), ExitCode.HELD),
        (run(tally(violated={"ACK-MATCH": 1})), ExitCode.VIOLATED),
        (replace(run(tally(violated={"ACK-MATCH": 1})), interrupted=True), ExitCode.VIOLATED),
        (replace(run(), interrupted=True), ExitCode.INTERRUPTED),
        (replace(run(tally(violated={"ACK-MATCH": 1})), errors=1), ExitCode.ERROR),
        (run(tally(violated={"MESSAGE-ONCE": 1})), ExitCode.HELD),
        (replace(run(tally(violated={"MESSAGE-ONCE": 1})), level=Level.SHOULD), ExitCode.VIOLATED),
        (budget("p95_ack=1s"), ExitCode.HELD),
        (budget("p95_ack=300ms"), ExitCode.OVER_BUDGET),
        (budget("p95_reply=300ms"), ExitCode.OVER_BUDGET),
        (run(tally(apart={"REST answered 503": 7}, open={"SEND-PLAIN": 9})), ExitCode.HELD),
    ],
)
def test_exit_codes(it: Run, code: ExitCode) -> None:
    assert it.exit_code is code


def test_a_person_reads_what_was_violated_and_how_often() -> None:
    reported = verdict.text(run(tally(violated={"ACK-MATCH": 1234}, apart={"ack refused (RATE_LIMITED)": 5})))
    assert reported.splitlines()[:3] == [
        "violated: http://localhost:3000, 200 users, 60 s",
        "  requirements: 1 held, 1 violated, 0 advice, 0 unverified",
        "  ACK-MATCH (MUST) violated 1,234 times: an ack answers its own send",
    ]
    assert "  ack: p50 10 ms, p95 320 ms, p99 500 ms" in reported
    assert "  counted apart, no failure: ack refused (RATE_LIMITED), 5 times" in reported


def test_what_the_document_only_suggests_is_advice() -> None:
    reported = verdict.text(run(tally(violated={"MESSAGE-ONCE": 2})))
    assert reported.startswith("held: ")
    assert "  MESSAGE-ONCE (SHOULD) violated 2 times" in reported
    assert "2 held, 0 violated, 1 advice, 0 unverified" in reported


def paced(*windows: tuple[int, int]) -> Tally:
    """Acks of consecutive windows: how many, and after how many milliseconds. One more stands before and behind."""
    whole = tally()
    for number, (often, milliseconds) in enumerate([(1, 1), *windows, (1, 1)]):
        whole.windows[number * WINDOW][milliseconds] += often
    return whole


@pytest.mark.parametrize(
    ("windows", "says"),
    [
        ([], "the run was too short"),
        ([(50, 20), (500, 90)], "kept up with up to 100.0 a second"),
        ([(50, 20), (500, 90), (400, 4000)], "stopped keeping up at 100.0 a second"),
        ([(50, 300), (60, 1200)], "kept up with up to 12.0 a second"),
    ],
)
def test_where_the_target_stopped_keeping_up(windows: list[tuple[int, int]], says: str) -> None:
    assert says in verdict.text(run(paced(*windows)))


def test_the_page_escapes_what_the_target_said() -> None:
    whole = tally(violated={"ACK-MATCH": 1}, apart={"error <b>": 1})
    whole.examples["ACK-MATCH"].append("actual <script>")
    page = reports.page(verdict.to_json(run(whole), "0.1.0"))
    assert "actual &lt;script&gt;" in page
    assert "error &lt;b&gt;" in page


def test_what_locust_needs_is_told_and_when_that_is_too_much() -> None:
    usage = [Usage(100 * MB, 160 * MB, 95.0), Usage(100 * MB, 120 * MB, 20.0)]
    generator = verdict.to_json(replace(run(), usage=usage), "0.1.0")["generator"]
    assert generator == {"processes": 2, "memory_mb": 280.0, "memory_mb_per_user": 0.4, "cpu_percent": 95}
    assert "up to 95 % of a core: too little is left, and the times are too long" in verdict.text(
        replace(run(), usage=usage)
    )
    assert "too long" not in verdict.text(replace(run(), usage=usage[1:]))


# -- numbers ---------------------------------------------------------------------------------------------------------


def test_the_tallies_of_workers_add_up() -> None:
    one, other = paced((5, 20)), paced((7, 30))
    other.examples["ACK-MATCH"] = ["a", "b", "c"]
    one.examples["ACK-MATCH"] = ["first"]
    one.add(Tally.from_json(other.to_json()))
    assert one.held["ACK-MATCH"] == 20
    assert one.windows[WINDOW] == {20: 5, 30: 7}
    assert one.examples["ACK-MATCH"] == ["first", "a", "b"]


def test_what_was_reported_is_not_reported_again() -> None:
    whole = paced((5, 20))
    whole.clear()
    assert whole.to_json() == Tally().to_json()


def test_percentiles_of_counted_times() -> None:
    assert percentile({10: 90, 20: 9, 500: 1}, 0.95) == 20
    assert percentile({10: 90, 20: 9, 500: 1}, 1.0) == 500
    assert percentile({}, 0.95) is None
