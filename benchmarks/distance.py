"""Full runs through a proxy that adds distance: 0, 25, 100 and 300 ms for a round trip."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.figure import Figure, Figures
from benchmarks.processes import pytest, reference, run
from conformance.record.transcript import Transcript
from tests.support.distance import Distance, far_away

FAR = 0.1
SEED = "--hypothesis-seed=1"
"""The same examples at every distance."""


def measure() -> Figures:
    (local, near), (_, _), (wall, far), (farthest, _) = (_certified(rtt) for rtt in (0.0, 0.025, FAR, 0.3))
    chain = max((seconds - near[name]) / FAR for name, seconds in far.items() if name in near)
    longest = max(far.values())
    return [
        Figure("wall time at 0 ms", local, "s"),
        Figure("wall time at 100 ms", wall, "s", at_most=8),
        Figure("wall time at 300 ms", farthest, "s"),
        Figure("the longest scenario at 100 ms", longest, "s"),
        Figure("what a scenario takes longer at 100 ms: round trips, at most", chain, at_most=40),
        Figure(
            "the run at 100 ms, without what it takes locally, in longest scenarios",
            (wall - local) / longest,
            at_most=1.5,
        ),
    ]


def one_by_one() -> Figures:
    """Takes many minutes."""
    together, _ = _certified(FAR)
    alone, _ = _certified(FAR, "--concurrency=1", "--max-time=7200")
    return [Figure("--concurrency=1 at 100 ms, in runs with the default", alone / together, at_least=15)]


def _certified(rtt: float, *options: str) -> tuple[float, dict[str, float]]:
    """Seconds of a run, and of each of its scenarios by the name of its transcript."""
    with tempfile.TemporaryDirectory() as folder, reference() as server, far_away(server, Distance(rtt)) as url:
        cost = run(pytest("suites", f"--target={url}", f"--reports={folder}", SEED, *options))
        transcripts = Path(folder, "transcripts").glob("*.jsonl")
        entries = {path.stem: Transcript.load(path).entries for path in transcripts}
        return cost.wall, {name: recorded[-1].at for name, recorded in entries.items() if recorded}
