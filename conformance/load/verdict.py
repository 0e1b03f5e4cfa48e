"""What a run under load comes to: laws held or not, times, and how fast the target could go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from conformance.load import usage
from conformance.load.budgets import OUTCOMES, Budget
from conformance.load.tally import WINDOW, Tally, percentile, total
from conformance.load.usage import Usage
from conformance.protocol import Json
from conformance.requirements import Level, catalogue

SHARES = (0.5, 0.95, 0.99)
SLOWER, NOTICED = 5, 1000
"""The target has stopped keeping up in a window where 95 % of the acks take longer than this many times what they took
in its best window, and longer than this many milliseconds."""


class ExitCode(IntEnum):
    HELD = 0
    VIOLATED = 1
    INTERRUPTED = 2
    ERROR = 3
    NOTHING = 10
    OVER_BUDGET = 11


WORDS = {
    ExitCode.HELD: "held",
    ExitCode.VIOLATED: "violated",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.ERROR: "error",
    ExitCode.NOTHING: "nothing checked",
    ExitCode.OVER_BUDGET: "over budget",
}


@dataclass(frozen=True)
class Run:
    """How a run went. ``times``: of each outcome, the milliseconds by share, as Locust has them; ``errors``: how often
    our own code failed."""

    target: str
    started: str
    seconds: float
    users: int
    tally: Tally
    times: Mapping[str, Mapping[float, float | None]]
    budgets: Sequence[Budget] = ()
    errors: int = 0
    interrupted: bool = False
    level: Level = Level.MUST
    usage: Sequence[Usage] = ()

    @property
    def over_budget(self) -> list[str]:
        judged = (budget.judged(self.times) for budget in self.budgets)
        return [verdict for verdict in judged if verdict is not None]

    @property
    def failed(self) -> list[str]:
        """The requirements that were violated and fail the run."""
        fail = {Level.MUST} if self.level is Level.MUST else {Level.MUST, Level.SHOULD}
        return [name for name in catalogue() if self.tally.violated[name] and catalogue()[name].level in fail]

    @property
    def exit_code(self) -> ExitCode:
        """A violation that was seen stands, however the run ended."""
        if self.errors:
            return ExitCode.ERROR
        if self.failed:
            return ExitCode.VIOLATED
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if not (self.tally.held and self.tally.counts["ack"]):
            return ExitCode.NOTHING
        return ExitCode.OVER_BUDGET if self.over_budget else ExitCode.HELD


def status(tally: Tally, requirement: str) -> str:
    """``advice``: the document suggests it, and it was violated."""
    if tally.violated[requirement]:
        return "advice" if catalogue()[requirement].level is Level.SHOULD else "violated"
    return "held" if tally.held[requirement] else "unverified"


def judged(tally: Tally) -> list[Json]:
    """Each requirement that was looked at, in the order of the catalogue."""
    names = [name for name in catalogue() if tally.held[name] or tally.violated[name] or tally.open[name]]
    return [
        {
            "id": name,
            "level": str(catalogue()[name].level),
            "section": catalogue()[name].section,
            "title": catalogue()[name].title,
            "status": status(tally, name),
            "held": tally.held[name],
            "violated": tally.violated[name],
            "unverified": tally.open[name],
        }
        for name in names
    ]


def pace(tally: Tally) -> Json:
    """How many acks a second there were at most, and when the target stopped keeping up. The first and the last
    window are only partly of the run."""
    whole = sorted(tally.windows)[1:-1]
    rates = {at: sum(tally.windows[at].values()) / WINDOW for at in whole}
    slow = {at: percentile(tally.windows[at], 0.95) or 0 for at in whole}
    best = min(slow.values(), default=0)
    late = next((at for at in whole if slow[at] > max(SLOWER * best, NOTICED)), None)
    before = [rates[at] for at in whole if late is None or at < late]
    overall = total(tally.windows.values())
    return {
        "acks": sum(overall.values()),
        "highest_rate": max(rates.values(), default=None),
        "kept_up": late is None,
        "kept_up_until_rate": max(before, default=None),
    }


def to_json(run: Run, version: str) -> Json:
    return {
        "verdict": WORDS[run.exit_code],
        "exit_code": int(run.exit_code),
        "target": run.target,
        "harness": version,
        "started": run.started,
        "seconds": round(run.seconds, 1),
        "users": run.users,
        "requirements": judged(run.tally),
        "times_ms": {name: {f"p{share * 100:g}": ms for share, ms in of.items()} for name, of in run.times.items()},
        "pace": pace(run.tally),
        "generator": usage.to_json(run.usage, run.users),
        "counts": dict(sorted(run.tally.counts.items())),
        "apart": dict(run.tally.apart.most_common()),
        "budgets": [{"budget": budget.text, "exceeded": budget.judged(run.times)} for budget in run.budgets],
        "errors_of_the_harness": run.errors,
        "examples": {name: list(texts) for name, texts in run.tally.examples.items() if texts},
    }


def text(run: Run) -> str:
    """For the terminal."""
    rows = judged(run.tally)
    counted = {one: sum(row["status"] == one for row in rows) for one in ("held", "violated", "advice", "unverified")}
    lines = [f"{WORDS[run.exit_code]}: {run.target}, {run.users:,} users, {run.seconds:.0f} s"]
    lines += [f"  requirements: {', '.join(f'{number} {word}' for word, number in counted.items())}"]
    lines += [
        f"  {row['id']} ({row['level'].upper()}) violated {row['violated']:,} times: {row['title']}"
        for row in rows
        if row["violated"]
    ]
    lines += [f"  {_times(name, run.times[name])}" for name in OUTCOMES if name in run.times]
    lines += [f"  {pace_text(pace(run.tally))}"]
    lines += [f"  {usage.text(usage.to_json(run.usage, run.users))}"] if run.usage else []
    lines += [f"  counted apart, no failure: {what}, {often:,} times" for what, often in run.tally.apart.most_common(8)]
    lines += [f"  over budget: {one}" for one in run.over_budget]
    lines += [f"  the harness failed {run.errors} times: please report it"] if run.errors else []
    return "\n".join(lines)


def _times(name: str, times: Mapping[float, float | None]) -> str:
    shown = ", ".join(f"p{share * 100:g} {ms:g} ms" for share, ms in times.items() if ms is not None)
    return f"{name.replace('_', ' ')}: {shown or 'none'}"


def pace_text(pace: Mapping[str, Json]) -> str:
    if not pace["acks"]:
        return "no text was acked"
    if pace["highest_rate"] is None:
        return f"{pace['acks']:,} acks; the run was too short to tell how fast the target can go"
    if pace["kept_up"]:
        return f"{pace['acks']:,} acks; the target kept up with up to {pace['highest_rate']:.1f} a second"
    until = pace["kept_up_until_rate"]
    return f"{pace['acks']:,} acks; the target stopped keeping up {f'at {until:.1f} a second' if until else 'at once'}"
