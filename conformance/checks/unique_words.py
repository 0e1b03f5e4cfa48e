"""The words by which a text is known wherever it comes up."""

from __future__ import annotations

import re
from collections.abc import Sequence

from conformance.blocks import Blocks
from conformance.protocol import Json

UNIQUE_WORDS = re.compile(r"conformance check [0-9a-f]+ number [0-9]+")
"""What ``Stage.words`` makes: in no two sends of a run."""


def words_in(value: Json) -> set[str]:
    """The unmistakable words inside a payload."""
    if isinstance(value, str):
        found = UNIQUE_WORDS.findall(value) if "conformance check " in value else []
        return {value} if found == [value] else set(found)  # not a copy of it, where there may be thousands
    if isinstance(value, Blocks):
        return set().union(*(block.fact(_words_of_block) for block in value.blocks))
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*(words_in(inner) for inner in inside if isinstance(inner, (str, dict, list))))


def _words_of_block(messages: Sequence[Json]) -> set[str]:
    return words_in(list(messages))
