"""What was on its way to the target when it went, and which requirement judges that such a thing does no harm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.errors import Deviation, Unverified
from conformance.formatting import preview
from conformance.protocol import ERROR, LONGEST, SEND, TYPING, Json
from conformance.record.health import moment
from conformance.record.token_kinds import EXPIRED
from conformance.record.transcript import Entry, Kind, Transcript
from conformance.record.views import Connection, Record

JUST_BEFORE = 0.25
"""Seconds: what a target dies of was sent no longer before, where it answers quickly."""
SOON = 1.0
"""Seconds within which it dies of something although it has answered."""
LEAKS = 3
"""Things of a kind that were not answered: as many connections to a database, say, that never were given back."""
PLAIN, VERBATIM, UNACKED, REJECTED = "SEND-PLAIN", "SEND-VERBATIM", "SEND-UNACKED", "REJECT-SURVIVED"
TYPING_HARMLESS = "TYPING-HARMLESS"
BESIDE = 0.05
"""Seconds between two things that may have arrived in the other order."""


@dataclass(frozen=True, slots=True)
class Stimulus:
    """Something that the target was sent. ``at``: when, in seconds since the recordings began; ``odd``: no documented
    input; ``judges``: the requirements that it does no harm, the first of which is blamed."""

    transcript: Transcript
    entry: Entry
    at: float
    odd: bool
    answered: bool
    says: str
    judges: Sequence[str]
    took: float | None = None
    """Seconds until the ack."""
    replied: bool = False
    """Whether it was answered itself, not only outlived."""
    refused: bool = False
    """Whether it was sent by a client that had shown a bad token: nothing needs to be answered."""

    @property
    def due(self) -> bool:
        """Whether there must be an answer: not where no ack was asked for, or could be expected."""
        emitted = self.entry.kind is not Kind.HTTP and self.entry.get("packet") == "EVENT"
        return not emitted or (self.entry.get("id") is not None and not self.refused)

    @property
    def special(self) -> bool:
        """Whether it is a send that differs from the plain ones that every scenario has: by its text, or in asking for
        no ack."""
        return self.entry.get("event") == SEND and self.judges[0] != PLAIN

    @property
    def named(self) -> str:
        """For a person: what it was, and in which scenario."""
        return f"{self.says} ({self.transcript.key})"


# -- everything that was sent --------------------------------------------------------------------------------------


def stimuli(transcript: Transcript) -> list[Stimulus]:
    """All that was sent, in the order in which it was."""
    record = Record(transcript)
    found = [one for connection in record.all_connections for one in _of(connection)]
    found += [_request(transcript, entry) for entry in transcript.of(Kind.HTTP)]
    return sorted(found, key=lambda one: one.at)


def _of(connection: Connection) -> Iterator[Stimulus]:
    yield _arrival(connection)
    for entry in connection.entries:
        if entry.kind is Kind.SENT and entry.get("packet") not in ("CONNECT", "DISCONNECT"):
            yield _emission(connection, entry)


def _arrival(connection: Connection) -> Stimulus:
    opened, transcript = connection.opened, connection.record.transcript
    entered = next((e for e in connection.entries if e.kind is Kind.SENT and e.get("packet") == "CONNECT"), opened)
    closed = connection.broken_off
    received = connection.received("EVENT", "BINARY_EVENT", "DISCONNECT", "CONNECT_ERROR")
    answered = bool(received) or (closed is not None and closed.get("by") == "target")
    how = f"in {connection.option} over {connection.transport}"
    if connection.good:
        judge = {"bearer": "AUTH-PREFIXED", "header": "AUTH-HEADER"}.get(connection.option, "CONNECTED-SENT")
        says, judges = f"a good token {how}", [judge]
    else:
        says, judges = f"a bad token ({opened.get('token')}) {how}", ["REFUSAL-EVENT"]
    at, odd = moment(transcript, entered), not connection.good
    return Stimulus(transcript, entered, at, odd, answered, says, judges, replied=answered)


def _emission(connection: Connection, entry: Entry) -> Stimulus:
    transcript = connection.record.transcript
    odd, says, judges = _judged(connection, entry)
    answered = _answered(connection, entry, odd=odd)
    took = next((e.at - entry.at for e in connection.received("ACK") if e.get("id") == entry.get("id")), None)
    replied = took is not None or any(e.get("event") == ERROR for e in connection.received() if e.serial > entry.serial)
    at, refused = moment(transcript, entry), not connection.good
    return Stimulus(transcript, entry, at, odd, answered, says, judges, took, replied, refused)


def _judged(connection: Connection, entry: Entry) -> tuple[bool, str, list[str]]:
    """Whether an emission is odd, what it is, and who judges it."""
    name, args = entry.get("event"), entry.get("args") or []
    payload = args[0] if args else None
    what = f"{name} {preview(payload)}" if args else f"{name} without a payload"
    if not connection.good:
        return True, what, ["REFUSAL-EVENT"]
    if name == TYPING:
        odd = len(args) != 1 or not _documented_typing(payload)
        return odd, what, [TYPING_HARMLESS, *(["TYPING-ODD"] if odd else [])]
    if name != SEND:
        return True, what, ["CONN-STAYS"]
    if entry.get("valid"):
        return False, what, [_judge_of_text(entry)]
    if connection.unjudged and _is_text(payload):
        return True, what, [VERBATIM]
    no_object = len(args) != 1 or not isinstance(payload, dict)
    return True, what, ["SEND-NO-OBJECT" if no_object else REJECTED]


def _is_text(payload: Json) -> bool:
    text = payload.get("text") if isinstance(payload, dict) else None
    return isinstance(text, str) and 0 < len(text.strip()) <= LONGEST


def _documented_typing(payload: Json) -> bool:
    return isinstance(payload, dict) and isinstance(payload.get("isTyping"), bool) and len(payload) == 1


def _judge_of_text(entry: Entry) -> str:
    if entry.get("id") is None:
        return UNACKED
    return PLAIN if entry.get("plain") else VERBATIM


def judges_of_text(*, valid: bool, plain: bool, acked: bool) -> set[str]:
    """The requirements that the target outlives a text, where it is more than a plain one with an ack."""
    if not valid:
        return {REJECTED}
    return ({VERBATIM} if not plain else set()) | ({UNACKED} if not acked else set())


def _answered(connection: Connection, entry: Entry, *, odd: bool) -> bool:
    """Whether the target outlived an emission: it answered, or it answered what came later on the connection."""
    later = [e for e in connection.received() if e.serial > entry.serial]
    acks = {e.get("id") for e in later if e.get("packet") in ("ACK", "BINARY_ACK")}
    if entry.get("id") in acks - {None}:
        return True
    sent = (e for e in connection.entries if e.kind is Kind.SENT and e.serial > entry.serial)
    outlived = any(e.get("id") in acks - {None} for e in sent)
    answered = any(e.get("event") == ERROR for e in later)
    return (outlived or answered) if odd or entry.get("id") is None else False


def _request(transcript: Transcript, entry: Entry) -> Stimulus:
    at = float(transcript.facts.get("began", 0.0)) + float(entry.get("began") or 0.0)
    if entry.get("good"):
        says, judge = "REST with a good token", "REST-OPEN"
    else:
        says = f"REST with a bad token ({entry.get('token')})"
        judge = "REST-EXPIRY" if entry.get("token_kind") in EXPIRED else "REST-REFUSAL"
    odd, answered = not entry.get("good"), bool(entry.get("status"))
    return Stimulus(transcript, entry, at, odd, answered, says, [judge], replied=answered)


# -- what the target went of ---------------------------------------------------------------------------------------


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
    near = [s for s in odd if lately <= s.at <= max(first.at, heard) + BESIDE]
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
