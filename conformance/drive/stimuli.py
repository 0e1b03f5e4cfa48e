"""What the target was sent, and which requirement judges that such a thing does no harm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance.formatting import preview
from conformance.protocol import ERROR, LONGEST, SEND, TYPING, Json
from conformance.record.health import moment
from conformance.record.token_kinds import EXPIRED
from conformance.record.transcript import Entry, Kind, Transcript
from conformance.record.views import Connection, Record

PLAIN, VERBATIM, UNACKED, REJECTED = "SEND-PLAIN", "SEND-VERBATIM", "SEND-UNACKED", "REJECT-SURVIVED"
TYPING_HARMLESS = "TYPING-HARMLESS"


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
