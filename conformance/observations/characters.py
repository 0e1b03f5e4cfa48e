"""How a target counts, trims and keeps characters (section 4.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from conformance.errors import Unverified
from conformance.observations.observed import ACCEPTED, ENDED, REFUSED, ObservedValue, code_of, fate
from conformance.record.views import Record, Send

# -- what counts as a character (section 4.5) --------------------------------------------------------------------

EMOJI = "\N{GRINNING FACE}"
COMPOSABLE = "e\N{COMBINING ACUTE ACCENT}"
COMBINED = "q\N{COMBINING DOT ABOVE}"
"""With no composed form of its own."""
FEW, MANY = 100, 1500
"""Few are within the limit however one counts; of many, 2,000 lies between one way of counting and another."""
COUNTED = {
    "few emoji": EMOJI * FEW,
    "many emoji": EMOJI * MANY,
    "few combined": COMBINED * FEW,
    "many combined": COMBINED * MANY,
    "many composable": COMPOSABLE * MANY,
}
"""Texts by their tags."""
HALF_A_PAIR = "\ud83d"
"""Half of a surrogate pair."""


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


def trimming(record: Record) -> ObservedValue:
    fates = {character: _end_of(record.send(point(character)), character) for character in WHITE_SPACE}
    trimmed = "".join(character for character, end in fates.items() if end == "trims")
    kin = next((language for language, characters in _TRIMS.items() if set(characters) == set(trimmed)), None)
    like = f" (as {kin} does)" if kin else ""
    others = [f"{verb} {_points(fates, verb)}" for verb in sorted({*fates.values()} - {"trims"})]
    trims = f"trims {_points(fates, 'trims') or 'none of what languages disagree about'}"
    return ObservedValue(trims, "; ".join([trims + like, *others]))


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


# -- odd characters (section 4.5) --------------------------------------------------------------------------------


def odd_character(record: Record, character: str, tag: str = "inside") -> ObservedValue:
    """What becomes of a character that not every database or JSON library can hold, in the middle of a text."""
    send, name = record.send(tag), point(character)
    end = fate(send)
    if end == ENDED:
        return ObservedValue(end, f"ends the connection over a text with {name}")
    if end == REFUSED:
        return ObservedValue(end, f"refuses a text with {name} ({code_of(send)})")
    sent, saved = str(send.text), send.message.text
    ways = {
        sent: ObservedValue("kept", f"stores {name} as it is"),
        sent.replace(character, ""): ObservedValue("removed", f"removes {name} from a text"),
        sent.replace(character, "\ufffd"): ObservedValue("replaced", f"replaces {name} by U+FFFD"),
        sent.partition(character)[0]: ObservedValue("cut", f"cuts a text off at {name}"),
    }
    return ways.get(saved, ObservedValue("changed", f"changes a text with {name} in another way"))


def nul(record: Record) -> ObservedValue:
    """Inside a text, and whether it is trimmed from the ends."""
    inside = odd_character(record, "\0")
    around = _end_of(record.send("around"), "\0") if inside.value == "kept" else ""
    return ObservedValue(inside.value, f"{inside.says}, and {around} it at the ends") if around else inside
