"""How a target counts, trims and keeps characters (section 4.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from conformance.checks.history_window import windows
from conformance.checks.odd_texts import event
from conformance.errors import Unverified
from conformance.inputs.odd_texts import FEW, WHITE_SPACE, point
from conformance.observations.observed import ACCEPTED, ENDED, REFUSED, ObservedValue, code_of, fate
from conformance.record.payloads import Message
from conformance.record.views import Record, Send

Read = Callable[[Send], str]
"""The text of an accepted message, on one of the channels."""

# -- what counts as a character (section 4.5) --------------------------------------------------------------------


def _takes(record: Record, what: str) -> Callable[[str], bool]:
    """Whether many of a kind are accepted; Unverified where even a few are not."""
    if fate(record.send(f"few {what}")) != ACCEPTED:
        raise Unverified(f"{FEW} {what} are not accepted either, so it is not the count")
    return lambda tag: fate(record.send(tag)) == ACCEPTED


def emoji_counting(record: Record) -> ObservedValue:
    if _takes(record, "emoji")("many emoji"):
        return ObservedValue("1", "counts an emoji as one character")
    return ObservedValue("2", "counts an emoji as two characters (UTF-16 units)")


def combining_counting(record: Record) -> ObservedValue:
    takes = _takes(record, "combined")
    if takes("many combined"):
        return ObservedValue("1", "counts a letter with a combining accent as one character (graphemes)")
    if takes("many composable"):
        return ObservedValue(
            "1 if composable", "counts a letter with its accent as one character where a composed form exists"
        )
    return ObservedValue("2", "counts a letter and its combining accent as two characters")


def huge_text(send: Send) -> ObservedValue:
    says = {
        ACCEPTED: "takes a text of 20,000 characters",
        REFUSED: "refuses a text of 20,000 characters like any other that is too long",
        ENDED: "ends the connection for a text of 20,000 characters",
    }
    end = fate(send)
    return ObservedValue(end, says[end])


# -- the same message everywhere ------------------------------------------------------------------------------------


def _everywhere(record: Record, seen: Callable[[Read], ObservedValue]) -> ObservedValue:
    """What is seen in the acks, and in events, greetings and REST bodies of the same ids: once, where that is the same.
    (Where it is not, PARITY-EVENT, PARITY-GREETING and PARITY-REST speak.)"""
    finders: dict[str, Callable[[Send], Message | None]] = {"event": event}
    finders.update((window.channel, window.under_its_id) for window in windows(record))
    accepted = [send for send in record.trials if send.acks and send.accepted]
    shown = {channel: find for channel, find in finders.items() if any(find(send) for send in accepted)}
    channels: dict[ObservedValue, list[str]] = {seen(lambda send: send.message.text): ["ack"]}
    for channel, find in shown.items():
        channels.setdefault(seen(partial(_text, find)), []).append(channel)
    if len(channels) == 1:
        return next(iter(channels))
    where = [(value, ", ".join(names)) for value, names in channels.items()]
    values = "; ".join(f"{value.value} ({names})" for value, names in where)
    return ObservedValue(values, "; but ".join(f"{value.says} ({names})" for value, names in where))


def _text(find: Callable[[Send], Message | None], send: Send) -> str:
    """Where a history does not reach back that far, what the ack says."""
    found = find(send)
    return send.message.text if found is None else found.text


# -- white space (section 4.5) -----------------------------------------------------------------------------------

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


def trimming(record: Record) -> ObservedValue:
    return _everywhere(record, partial(_trimming, record))


def _trimming(record: Record, read: Read) -> ObservedValue:
    fates = {character: _end_of(record.send(point(character)), character, read) for character in WHITE_SPACE}
    trimmed = "".join(character for character, end in fates.items() if end == "trims")
    kin = next((language for language, characters in _TRIMS.items() if set(characters) == set(trimmed)), None)
    like = f" (as {kin} does)" if kin else ""
    others = [f"{verb} {_points(fates, verb)}" for verb in sorted({*fates.values()} - {"trims"})]
    trims = f"trims {_points(fates, 'trims') or 'none of what languages disagree about'}"
    return ObservedValue(trims, "; ".join([trims + like, *others]))


def _points(fates: Mapping[str, str], verb: str) -> str:
    return " ".join(point(character) for character, end in fates.items() if end == verb)


def _end_of(send: Send, character: str, read: Read) -> str:
    """A verb for what became of this character around a text."""
    end = fate(send)
    if end != ACCEPTED:
        return {REFUSED: "refuses", ENDED: "ends the connection over"}[end]
    sent, saved = str(send.text), read(send)
    verbs = {sent: "keeps", sent.strip(character): "trims"}
    return verbs.get(saved, "trims at one end" if saved in sent else "changes")


# -- odd characters (section 4.5) --------------------------------------------------------------------------------


def odd_character(record: Record, character: str) -> ObservedValue:
    """What becomes of a character that not every database or JSON library can hold, in the middle of a text."""
    return _everywhere(record, partial(_odd_character, record, character))


def _odd_character(record: Record, character: str, read: Read) -> ObservedValue:
    send, name = record.send("inside"), point(character)
    end = fate(send)
    if end == ENDED:
        return ObservedValue(end, f"ends the connection over a text with {name}")
    if end == REFUSED:
        return ObservedValue(end, f"refuses a text with {name} ({code_of(send)})")
    sent, saved = str(send.text), read(send)
    ways = {
        sent: ObservedValue("kept", f"stores {name} as it is"),
        sent.replace(character, ""): ObservedValue("removed", f"removes {name} from a text"),
        sent.replace(character, "\ufffd"): ObservedValue("replaced", f"replaces {name} by U+FFFD"),
        sent.partition(character)[0]: ObservedValue("cut", f"cuts a text off at {name}"),
    }
    return ways.get(saved, ObservedValue("changed", f"changes a text with {name} in another way"))


def nul(record: Record) -> ObservedValue:
    """Inside a text, and whether it is trimmed from the ends."""
    return _everywhere(record, partial(_nul, record))


def _nul(record: Record, read: Read) -> ObservedValue:
    inside = _odd_character(record, "\0", read)
    around = _end_of(record.send("around"), "\0", read) if inside.value == "kept" else ""
    return ObservedValue(inside.value, f"{inside.says}, and {around} it at the ends") if around else inside
