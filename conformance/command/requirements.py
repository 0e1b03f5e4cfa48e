"""``help-center-conformance requirements [WORD]``: lists the requirements, those that speak of WORD, or shows one."""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Iterator, Sequence

from conformance.command.parser import NAME, Parser
from conformance.requirements import Catalogue, Level, Requirement, catalogue

_WIDTH = 100


def main(arguments: Sequence[str]) -> int:
    """Returns 0; 1 where no requirement speaks of the word."""
    parser = Parser("requirements", "Lists the requirements; those that speak of WORD; or shows the one that it names.")
    parser.add_argument("word", metavar="WORD", nargs="?", default="", help="an id, or what to search for")
    word, known = parser.parse_args(arguments).word, catalogue()
    if word.upper() in known:
        print("\n".join(shown(known[word.upper()], known)))
        return 0
    found = [one for one in known.values() if speaks_of(one, word)]
    print("\n".join(map(line, found)) if found else _nothing(word, known))
    return 0 if found else 1


def speaks_of(one: Requirement, word: str) -> bool:
    return any(word.lower() in text.lower() for text in (one.id, one.title, one.statement, one.reading, one.chapter))


def line(one: Requirement) -> str:
    return f"{one.id:<24} {_level(one):<12} {one.section:<6} {one.title}"


def _level(one: Requirement) -> str:
    return one.level.upper() if one.level in (Level.MUST, Level.SHOULD) else str(one.level)


def shown(one: Requirement, known: Catalogue) -> Iterator[str]:
    """All that is known of one."""
    yield f"{one.id}   {_level(one)}   section {one.section}   {one.title}"
    for name, text in (("clause", one.statement), ("reading", reading(one, known)), ("not judged", one.untestable)):
        if text:
            yield ""
            yield from textwrap.wrap(
                text, _WIDTH, initial_indent=f"  {name:<12}", subsequent_indent=" " * 14, break_on_hyphens=False
            )
    if one.testable:
        yield f"\n  judge it    {NAME} certify URL -k {one.id}"


def reading(one: Requirement, known: Catalogue) -> str:
    """With the reading of another where it holds for this one, too: "As SEND-FULL"."""

    def inlined(found: re.Match[str]) -> str:
        other = known[found[1]].reading.removesuffix(".")
        return f"As {found[1]} ({other[0].lower()}{other[1:]})"

    return re.sub(r"\bAs ([A-Z]+(?:-[A-Z]+)+)", inlined, one.reading)


def _nothing(word: str, known: Catalogue) -> str:
    near = difflib.get_close_matches(word.upper(), known, n=1)
    hint = f": did you mean {near[0]}?" if near else ""
    return f"no requirement speaks of {word}{hint}"
