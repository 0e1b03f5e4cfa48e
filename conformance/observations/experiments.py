"""What the experiments of the observations showed (see ``suites/test_observations.py``): one value, and one sentence.

Nothing here passes or fails. What could not be observed raises Unverified with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from conformance.checks.connection import ended
from conformance.checks.isolation import is_typing
from conformance.errors import Unverified
from conformance.protocol import CONNECTED, ERROR, MESSAGE, Json
from conformance.record.payloads import Message, Problem
from conformance.record.transcript import Entry, Kind
from conformance.record.views import Connection, Record, Send

ACCEPTED, REFUSED, ENDED = "accepted", "refused", "ended"


class Seen(NamedTuple):
    """An observation: a short value for machines, a sentence for people."""

    value: str
    says: str


def fate(send: Send) -> str:
    """What became of a trial send. Raises Unverified when the connection lived on and no ack came."""
    if send.acks:
        answer = send.answer if isinstance(send.answer, dict) else {}
        return ACCEPTED if isinstance(answer.get("message"), dict) else REFUSED
    if send.connection.ended_by_target is not None:
        return ENDED
    raise Unverified(f"{send.tag}: neither an ack nor the end of the connection came")


def code_of(send: Send) -> str:
    """The code of a refusal, for a sentence."""
    answer = send.answer if isinstance(send.answer, dict) else {}
    return Problem(answer.get("error"), "ack.error", send.acks[0].serial, "error").code


# -- what counts as a character (section 4.5) --------------------------------------------------------------------

EMOJI = "\N{GRINNING FACE}"
COMPOSABLE = "e\N{COMBINING ACUTE ACCENT}"
COMBINED = "q\N{COMBINING DOT ABOVE}"
"""With no composed form of its own."""
FEW, MANY = 100, 1500
"""Few are within the limit however one counts; of many, 2,000 lies between one way of counting and another."""


def _takes(record: Record, what: str) -> Callable[[str], bool]:
    """Whether many of a kind are accepted; Unverified where even a few are not."""
    if fate(record.send(f"few {what}")) != ACCEPTED:
        raise Unverified(f"{FEW} {what} are not accepted either, so it is not the count")
    return lambda tag: fate(record.send(tag)) == ACCEPTED


def emoji_counting(record: Record) -> Seen:
    if _takes(record, "emoji")("many emoji"):
        return Seen("1", "counts an emoji as one character")
    return Seen("2", "counts an emoji as two characters (UTF-16 units)")


def combining_counting(record: Record) -> Seen:
    takes = _takes(record, "combined")
    if takes("many combined"):
        return Seen("1", "counts a letter with a combining accent as one character (graphemes)")
    if takes("many composable"):
        return Seen("1 if composable", "counts a letter with its accent as one character where a composed form exists")
    return Seen("2", "counts a letter and its combining accent as two characters")


def huge_text(send: Send) -> Seen:
    says = {
        ACCEPTED: "takes a text of 20,000 characters",
        REFUSED: "refuses a text of 20,000 characters like any other that is too long",
        ENDED: "ends the connection for a text of 20,000 characters",
    }
    end = fate(send)
    return Seen(end, says[end])


# -- white space (section 4.5) -----------------------------------------------------------------------------------

WHITE_SPACE = "\u000b\u000c\u001c\u0085\u00a0\u180e\u200b\u2003\u2028\u3000\ufeff"
"""What one language's trim removes and another's keeps. U+0000 is OBS-NUL's."""

_TRIMS: Mapping[str, str] = {
    "JavaScript": "\u000b\u000c\u00a0\u2003\u2028\u3000\ufeff",
    "Python": "\u000b\u000c\u001c\u0085\u00a0\u2003\u2028\u3000",
    "Go, Rust or .NET": "\u000b\u000c\u0085\u00a0\u2003\u2028\u3000",
    "Kotlin": "\u000b\u000c\u001c\u00a0\u2003\u2028\u3000",
    "Java (strip)": "\u000b\u000c\u001c\u2003\u2028\u3000",
    "Java (trim)": "\u000b\u000c\u001c",
    "PHP": "\u000b",
    "Ruby": "\u000b\u000c",
}


def point(character: str) -> str:
    """A character's code point, as people write it."""
    return f"U+{ord(character):04X}"


def trimming(record: Record) -> Seen:
    fates = {character: _end_of(record.send(point(character)), character) for character in WHITE_SPACE}
    trimmed = "".join(character for character, end in fates.items() if end == "trims")
    kin = next((language for language, characters in _TRIMS.items() if set(characters) == set(trimmed)), None)
    like = f" (as {kin} does)" if kin else ""
    others = [f"{verb} {_points(fates, verb)}" for verb in sorted({*fates.values()} - {"trims"})]
    trims = f"trims {_points(fates, 'trims') or 'none of what languages disagree about'}"
    return Seen(trims, "; ".join([trims + like, *others]))


def _points(fates: Mapping[str, str], verb: str) -> str:
    return " ".join(point(character) for character, end in fates.items() if end == verb)


def _end_of(send: Send, character: str) -> str:
    """A verb for what became of this character around a text."""
    end = fate(send)
    if end != ACCEPTED:
        return {REFUSED: "refuses", ENDED: "ends the connection over"}[end]
    sent, saved = str(send.text), send.message.text
    verbs = {sent: "keeps", sent.strip(character): "trims"}
    return verbs.get(saved, "trims at one end" if saved in sent else "changes")


# -- odd characters and fields (sections 3.2 and 4.5) ------------------------------------------------------------


def odd_character(record: Record, character: str, tag: str = "inside") -> Seen:
    """What becomes of a character that not every database or JSON library can hold, in the middle of a text."""
    send, name = record.send(tag), point(character)
    end = fate(send)
    if end == ENDED:
        return Seen(end, f"ends the connection over a text with {name}")
    if end == REFUSED:
        return Seen(end, f"refuses a text with {name} ({code_of(send)})")
    sent, saved = str(send.text), send.message.text
    ways = {
        sent: Seen("kept", f"stores {name} as it is"),
        sent.replace(character, ""): Seen("removed", f"removes {name} from a text"),
        sent.replace(character, "\ufffd"): Seen("replaced", f"replaces {name} by U+FFFD"),
        sent.partition(character)[0]: Seen("cut", f"cuts a text off at {name}"),
    }
    return ways.get(saved, Seen("changed", f"changes a text with {name} in another way"))


def nul(record: Record) -> Seen:
    """Inside a text, and whether it is trimmed from the ends."""
    inside = odd_character(record, "\0")
    around = _end_of(record.send("around"), "\0") if inside.value == "kept" else ""
    return Seen(inside.value, f"{inside.says}, and {around} it at the ends") if around else inside


def further_fields(record: Record, names: Sequence[str]) -> Seen:
    send = record.send("further fields")
    if fate(send) != ACCEPTED:
        why = code_of(send) if send.acks else "by ending the connection"
        return Seen("refused", f"refuses a send with further fields ({why})")
    kept = [name for name in names if name in _fields(send.message)]
    ending = f"gives back {' and '.join(kept)}" if kept else "drops them"
    return Seen("kept" if kept else "ignored", f"accepts a send with further fields and {ending}")


def _fields(message: Message) -> Sequence[str]:
    return list(message.raw) if isinstance(message.raw, dict) else []


def unknown_event(record: Record, name: str) -> Seen:
    connection = record.connection("phone")
    sent = next((e for e in connection.entries if e.kind is Kind.SENT and e.get("event") == name), None)
    if sent is None:
        raise record.cut_short(name)
    if connection.ended_by_target is not None:
        return Seen("ended", "ends the connection over an event it does not know")
    if any(ack.get("id") == sent.get("id") for ack in connection.received("ACK", "BINARY_ACK")):
        return Seen("acked", "acks an event it does not know")
    if connection.events(ERROR):
        return Seen("error", f"answers an event it does not know with {ERROR}")
    return Seen("ignored", "ignores an event it does not know, and never acks it")


# -- tokens (sections 2.2, 4.1 and 6) ----------------------------------------------------------------------------


def bearer_case(record: Record) -> Seen:
    if record.connection("phone").greeted:
        return Seen("accepted", "accepts the prefix in lower case")
    return Seen("refused", "refuses the prefix in lower case")


def both_options(record: Record) -> Seen:
    auth, header = (record.connection(f"good {option}").greeted for option in ("auth.token", "header"))
    return {
        (True, False): Seen("auth.token", "goes by auth.token, whatever the header says"),
        (False, True): Seen("header", "goes by the Authorization header, whatever auth.token says"),
        (True, True): Seen("either", "lets a client in when either of auth.token and header is good"),
        (False, False): Seen("both", "lets a client in only when auth.token and header are both good"),
    }[auth, header]


def expiry(record: Record) -> Seen:
    phone, late = record.connection("phone"), record.connection("late phone")
    if late.greeted:
        raise Unverified("the token was still good for a new connection after its time (leeway, or another clock)")
    afterwards = [send for send in _tagged(record, "after") if send.acks]
    if phone.ended_by_target is not None and not afterwards:
        told = f" with {ERROR}" if phone.events(ERROR) else " without a word"
        return Seen("ended", f"ends a connection{told} when its token expires")
    if not afterwards:
        raise Unverified("what was sent after the token had expired was not answered")
    if fate(afterwards[0]) == ACCEPTED:
        return Seen("nothing", "lets a connection go on after its token has expired")
    return Seen("refused", f"refuses what is sent after the token has expired ({code_of(afterwards[0])})")


def long_token(record: Record) -> Seen:
    phone = record.connection("phone")
    if not phone.greeted:
        if phone.events(ERROR):
            return Seen("refused", "refuses a token of thirty days")
        raise record.cut_short("greeting")
    if ended(phone) is not None:
        return Seen("ended", f"answers a token of thirty days with {CONNECTED}, and ends the connection then")
    if fate(record.send("second")) == ACCEPTED:
        return Seen("accepted", "takes a token of thirty days")
    raise Unverified("what was sent with a token of thirty days was not accepted")


def _tagged(record: Record, tag: str) -> list[Send]:
    """The sends with a tag; none where the connection ended before."""
    try:
        return record.tagged(tag)
    except Unverified:
        return []


def user_id_claims(claims: Mapping[str, Json], greeting: Entry) -> list[str]:
    """The names of those claims of a token that say what ``conversation.userId`` of a greeting says."""
    args = greeting.get("args") or [None]
    conversation = args[0].get("conversation") if isinstance(args[0], dict) else None
    told = conversation.get("userId") if isinstance(conversation, dict) else None
    return sorted(name for name, value in claims.items() if isinstance(told, str) and str(value) == told)


def user_id(record: Record) -> Seen:
    found = [mark.get("claims") for mark in record.transcript.of(Kind.MARK)]
    claims = next((claims for claims in found if claims is not None), None)
    if claims is None:
        raise record.cut_short("greeting")
    if not claims:
        return Seen("none", "conversation.userId is none of the token's claims")
    named = ", ".join(claims)
    return Seen("sub" if "sub" in claims else named, f"conversation.userId is the token's claim {named}")


# -- what comes unasked (sections 4.3, 4.4 and 9) ----------------------------------------------------------------


def support(record: Record, patience: float) -> Seen:
    """Whether support replies by itself, to one message or to each, and how soon."""
    waits = [_reply_after(send) for send in record.tagged("alone")]
    soon = [wait for wait in waits if wait is not None]
    if not soon:
        return Seen("none", f"no reply of support came within {patience:g} s")
    often = "each message" if len(soon) == len(waits) else "the first of two messages"
    when = f"{min(soon):.2f} s" if min(soon) >= 0.01 else "less than 0.01 s"
    coarse = f"{min(soon):.1f} s" if min(soon) >= 0.1 else "at once"  # so that two runs can be compared
    return Seen(coarse, f"support replies by itself to {often}, {when} after it")


def _reply_after(send: Send) -> float | None:
    """Seconds between a message and the first message of support after it, in its connection."""
    told = send.event
    later = (e for e in send.connection.events(MESSAGE) if e.entry.serial > told.entry.serial)
    reply = next((e for e in later if e.message.sender == "support"), None)
    return None if reply is None else reply.entry.at - told.entry.at


def error_roads(record: Record) -> Seen:
    send = record.send("refused")
    if fate(send) != REFUSED:
        raise Unverified("an empty text was not refused", because="SEND-EMPTY")
    if send.connection.events(ERROR):
        return Seen("ack and event", f"tells of a refused text in the ack and by {ERROR} too")
    return Seen("ack", "tells of a refused text in the ack only, when there is one")


def typing_relay(record: Record) -> Seen:
    heard = {name: _typing_at(record.connection(name)) for name in ("phone", "tablet")}
    if not any(heard.values()):
        return Seen("nobody", "what a user types reaches none of the user's devices")
    who = "the user's other device" if not heard["phone"] else "the user's own devices"
    return Seen("relayed", f"what a user types reaches {who}")


def _typing_at(connection: Connection) -> int:
    return sum(is_typing(event) for event in connection.events())
