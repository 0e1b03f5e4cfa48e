"""What the target went of, as far as one can tell from what was on its way to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from conformance.drive.stimuli import Stimulus
from conformance.errors import Deviation, Unverified
from conformance.protocol import Json
from conformance.record.health import moment
from conformance.record.transcript import Entry, Transcript

JUST_BEFORE = 0.25
"""Seconds: what a target dies of was sent no longer before, where it answers quickly."""
SOON = 1.0
"""Seconds within which it dies of something although it has answered."""
LEAKS = 3
"""Things of a kind that were not answered: as many connections to a database, say, that never were given back."""
BESIDE = 0.05
"""Seconds between two things that may have arrived in the other order."""


def of_death(found: Sequence[Stimulus], died: float) -> Stimulus | None:
    """What a target died of that did not come back, as far as one can tell: the first odd thing that it had not
    answered, sent just before; of several at the same moment that which it has answered least of. A target that dies
    while it is sent nothing odd may have been ended by others."""
    since = died - max(JUST_BEFORE, 2 * _slowest(found))
    near = [s for s in found if s.odd and not s.answered and since <= s.at <= died + BESIDE]
    return _least_proven(near, found, since)


def _slowest(found: Iterable[Stimulus]) -> float:
    """Seconds that the target takes for an answer, but for the slowest few."""
    took = sorted(s.took for s in found if s.took is not None)
    return took[int(0.95 * (len(took) - 1))] if took else 0.0


def _least_proven(near: Sequence[Stimulus], found: Sequence[Stimulus], since: float) -> Stimulus | None:
    """Of what came with the first that must be answered, that which the target has outlived least often before: it
    answered it, or it was sent well before the target was heard of last (``since``)."""
    first = _first(s for s in near if s.due) or _first(near)
    if first is None:
        return None
    outlived = [s for s in found if s.odd and (s.answered or s.at < since)]
    said, kinds = Counter(s.says for s in outlived), Counter((s.judges[0], s.refused) for s in outlived)
    at_once = [s for s in near if s.at <= first.at + max(BESIDE, _slowest(found))]
    return min(at_once, key=lambda s: (said[s.says], kinds[s.judges[0], s.refused], s.at))


def silent_before(found: Sequence[Stimulus], *, heard: float, died: float) -> bool:
    """Whether a target had stalled before its connections ended: what must be answered had waited for much longer than
    answers take since it was heard of last."""
    since = died - max(SOON, 2 * _slowest(found))
    return any(s.due and not s.answered and heard - BESIDE <= s.at < since for s in found)


def of_stall(found: Sequence[Stimulus], heard: float) -> Stimulus | None:
    """What a target stopped answering at, as far as one can tell: the first odd thing that was on its way when it was
    heard of last (documented ones that were sent a little earlier may have waited their turn), or the first thing of
    all since then, if that was odd; but where it never answered any of a kind, while it still answered others, one of
    that kind. What it outlived for longer than answers take is not a suspect, nor what needs no answer, where something
    sent later was answered."""
    lately = heard - max(JUST_BEFORE, 2 * _slowest(found))
    waiting = [s for s in found if not s.answered and (s.odd or s.due)]
    latest = max((s.at for s in found if s.answered), default=-BESIDE)
    odd = [s for s in waiting if s.odd and (s.due or s.at >= latest - BESIDE)]
    late = [s for s in waiting if s.at >= lately]
    first = _first(s for s in late if s.due) or _first(late)
    if first is None or not odd:
        return None
    near = [s for s in odd if lately <= s.at <= max(first.at, heard) + max(BESIDE, _slowest(found))]
    leaks = _leaks(found, lately, heard)
    near = [s for s in near if s.judges[0] == leaks] or near
    return _least_proven(near, found, lately) or _first(s for s in odd if s.judges[0] == leaks)


def _leaks(found: Iterable[Stimulus], lately: float, heard: float) -> str | None:
    """Who judges the odd things of which several were sent and none was ever answered, the first of them well before
    the target was heard of last: each may have kept what it took, until nothing was left."""
    odd = [s for s in found if s.odd and s.due and s.at <= heard]
    replied, early = {s.judges[0] for s in odd if s.replied}, {s.judges[0] for s in odd if s.at < lately}
    kept = Counter(s.judges[0] for s in odd if s.judges[0] in early - replied)
    return next((judge for judge, times in kept.most_common(1) if times >= LEAKS), None)


def alone(found: Sequence[Stimulus], until: float, *, broken: Entry | None = None) -> Stimulus | None:
    """What a target died of while one scenario alone was played, again and again: odd things before documented ones,
    what differs from plain texts before these, and what it had not answered before what it had; else the last that it
    was sent. ``broken``: the first connection or request that it left behind."""
    before = [s for s in found if s.at <= until + BESIDE]
    odd = [s for s in before if s.odd]
    waiting = [s for s in before if not s.answered and s.due]
    special = [s for s in before if s.special]
    return (
        _not_too_late(_first(s for s in odd if not s.answered), odd, broken)
        or _last(s for s in odd if s.at >= until - SOON)
        or _first([s for s in special if not s.answered] or waiting)
        or _last(s for s in special if s.at >= until - SOON)
        or _last(before)
    )


def _not_too_late(suspect: Stimulus | None, odd: Sequence[Stimulus], broken: Entry | None) -> Stimulus | None:
    """The suspect; but of a target that was going already, for a connection broke on which something odd had been sent
    just before, that."""
    if suspect is None or broken is None or suspect.entry.connection == broken.connection:
        return suspect
    going = [s for s in odd if s.entry.connection == broken.connection and suspect.at - SOON <= s.at < suspect.at]
    broke = moment(suspect.transcript, broken)
    return _last(going) or suspect if suspect.at >= broke - BESIDE else suspect


def as_likely(culprit: Stimulus, found: Sequence[Stimulus], went: float) -> list[Stimulus]:
    """What it may have been just as well, where the target does not come back and cannot be asked: odd things that were
    on their way at the same moment, too, before it ``went``, and that it had outlived no more often; one for each who
    judges them."""
    sent = [s for s in found if s.odd]
    outlived = {s.says for s in sent if s.answered}
    near, until = max(BESIDE, _slowest(found)), max(went, culprit.at) + BESIDE
    waited = [s for s in sent if not s.answered and culprit.at - near <= s.at <= min(culprit.at + near, until)]
    same = [s for s in waited if s.says not in outlived]
    return list({s.judges[0]: s for s in reversed(same) if s.judges[0] != culprit.judges[0]}.values())


def waiting(found: Iterable[Stimulus]) -> list[Stimulus]:
    """What was on its way, unanswered: odd things first, then sends that differ from the plain ones."""
    unanswered = (s for s in found if not s.answered and (s.odd or s.special or s.due))
    return sorted(unanswered, key=lambda s: (not s.odd, not s.special, s.at))


def _first(found: Iterable[Stimulus]) -> Stimulus | None:
    return min(found, key=lambda one: one.at, default=None)


def _last(found: Iterable[Stimulus]) -> Stimulus | None:
    return max(found, key=lambda one: one.at, default=None)


def fatal(culprit: Stimulus, *, how: str) -> Mapping[str, Json]:
    """What a transcript says of what the target went of."""
    return {"says": culprit.says, "how": how, "at": culprit.entry.serial, "requirements": list(culprit.judges)}


def fate(transcript: Transcript, judges: Sequence[str] = ()) -> Deviation | Unverified:
    """What is said of the scenario that the target went of, to whoever judges these requirements."""
    fatal = transcript.fatal or {}
    requirements = list(fatal.get("requirements", ()))
    if set(requirements) & set(judges):
        return blame(transcript)
    return Unverified(f"the target went after {fatal.get('says')}", because=next(iter(requirements), None))


def blame(transcript: Transcript) -> Deviation:
    fatal = transcript.fatal or {}
    actual = f"after {fatal.get('says')} {fatal.get('how')}"
    return Deviation("the target to go on answering", actual, at=[int(fatal["at"])], transcript=transcript.key)
