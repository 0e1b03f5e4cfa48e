"""Named texts to send, each with what is special about it (section 4.5). Pure data: builders and tables.

The names are ids of tests. Every reading of the document agrees on what becomes of these texts: their length is the
same in code points, UTF-16 units and graphemes wherever it is near a limit, their ends are nothing that some language
trims and another does not, and none has U+0000 or half of a surrogate pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import cycle, islice

from conformance.protocol import LONGEST

WHITE = " \t\n\r"
"""White space that every common trim removes."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it is sent, and in a few words what it is."""

    sent: str
    about: str

    @property
    def saved(self) -> str:
        """The text without the white space around it: what is saved."""
        return self.sent.strip(WHITE)


Texts = Mapping[str, Text]


def of_length(alphabet: str, length: int) -> str:
    """So many characters, going round the alphabet."""
    return "".join(islice(cycle(alphabet), length))


def padded(name: str, before: str, after: str) -> Text:
    """One of its own for each name: some servers take the same text again for a mistake."""
    return Text(f"{before}text with {name}{after}", f"white space: {name}")


def merged(tables: Iterable[Texts]) -> Texts:
    """All the texts of some tables by name."""
    return {name: text for table in tables for name, text in table.items()}


ASCII = "abcdefghijklmnopqrstuvwxyz0123456789"
LATIN = "éàüñçøåßîõ"
"""One code point, one UTF-16 unit, one grapheme, two bytes of UTF-8 each."""
CJK = "请帮助我找回丢失的密码"
"""Three bytes of UTF-8 each."""

MIXED = '<b>Zoë</b> & "好" isn\'t 😀 C:\\new %20'
"""What careless servers escape, filter, or read in another encoding: markup, quotes, a backslash, one to four bytes."""

# -- how long (SEND-MIN, SEND-FULL, SEND-PADDED-FULL, SEND-MAX) -----------------------------------------------------

SHORTEST: Texts = {
    "one-letter": Text("a", "one letter"),
    "one-zero": Text("0", "one digit, which some languages take for nothing"),
    "one-latin": Text("é", "one letter beyond ASCII"),
    "one-cjk": Text("好", "one ideograph"),
}
FULL: Texts = {
    "2000-ascii": Text(of_length(ASCII, LONGEST), "as long as may be, in ASCII"),
    "2000-latin": Text(of_length(LATIN, LONGEST), "as long as may be, 4,000 bytes"),
    "2000-cjk": Text(of_length(CJK, LONGEST), "as long as may be, 6,000 bytes"),
}
FULL_MIXED = f'{MIXED} "in\nlines" {of_length(CJK, LONGEST - 60)}'
"""Nearly as long as may be, however emoji are counted."""


def long_text(words: str) -> str:
    """One of its own for these words, nearly as long as may be, however emoji are counted."""
    return f"{words} {FULL_MIXED}"[: LONGEST - 20]


PADDED_FULL: Texts = {
    "2000-and-spaces": Text(f" {of_length(ASCII[::-1], LONGEST)} ", "as long as may be, between spaces"),
    "2000-and-newlines": Text(f"{of_length(LATIN[::-1], LONGEST)}\r\n\r\n", "as long as may be, before empty lines"),
}
LONG: Texts = {
    "2001-ascii": Text(of_length(ASCII, LONGEST + 1), "one character too long, in ASCII"),
    "2001-latin": Text(of_length(LATIN, LONGEST + 1), "one character too long, beyond ASCII"),
    "2001-cjk": Text(of_length(CJK, LONGEST + 1), "one character too long, in ideographs"),
    "2001-padded": Text(f"  {of_length(ASCII, LONGEST + 1)}\n", "one character too long after trimming"),
    "2001-lines": Text(of_length("a short line\n", LONGEST) + ".", "one character too long, in short lines"),
    "2001-tags": Text(of_length("<b>a</b>", LONGEST) + ".", "one character too long, most of it HTML tags"),
    "2001-spaces": Text(f"a{' ' * (LONGEST - 1)}b", "one character too long, with spaces inside"),
    "2001-mixed": Text(
        of_length("<i>&amp;</i>  https://example.com/a\n ", LONGEST) + ".",
        "one character too long, with tags, entities, URLs and white space inside",
    ),
    "20000-ascii": Text(of_length(ASCII, 10 * LONGEST), "ten times too long: a packet that no server has to take"),
}

# -- nothing to say (SEND-EMPTY, SEND-BLANK) -----------------------------------------------------------------------

EMPTY: Texts = {"empty": Text("", "no character at all")}
BLANK: Texts = {
    "space": Text(" ", "one space"),
    "spaces": Text("   ", "spaces"),
    "tab": Text("\t", "a tab"),
    "line-feed": Text("\n", "a line feed"),
    "carriage-return": Text("\r", "a carriage return"),
    "line-break": Text("\r\n", "carriage return and line feed"),
    "mixed-white": Text(" \t\r\n\n \t", "white space of all four kinds"),
    "2001-spaces": Text(" " * (LONGEST + 1), "more white space than a text may have characters"),
}

# -- white space around (SEND-TRIM) --------------------------------------------------------------------------------

_KINDS = {"space": " ", "tab": "\t", "line-feed": "\n", "carriage-return": "\r"}
PADDED_ONCE: Texts = {
    **{f"{name}-before": padded(f"{name} before", white, "") for name, white in _KINDS.items()},
    **{f"{name}-after": padded(f"{name} after", "", white) for name, white in _KINDS.items()},
}
PADDED_TWICE: Texts = {
    **{f"{name}-around": padded(f"{name} before and after", white, white) for name, white in _KINDS.items()},
    "spaces-around": padded("several spaces before and after", "    ", "    "),
    "line-breaks-after": padded("line breaks after", "", "\r\n\r\n"),
    "mixed-around": padded("all four kinds before and after", " \t\r\n", "\n \t\r\n "),
}
PADDED: Texts = merged([PADDED_ONCE, PADDED_TWICE])
