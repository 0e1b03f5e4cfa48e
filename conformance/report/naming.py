"""What a judgement is called where reporters have room for a few words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from conformance.requirements import Requirement


def judgement(nodeid: str) -> str:
    """The name of a test in words: ``test_the_text_is_kept[long]`` reads "the text is kept (long)"."""
    name = nodeid.partition("::")[2] or nodeid
    found = re.fullmatch(r"(?:\w+::)*test_(\w+)(?:\[(.*)\])?", name, re.DOTALL)
    if found is None:
        return name
    words = found[1].replace("_", " ")
    return f"{words} ({found[2]})" if found[2] else words


def beside_titles(nodeid: str, requirements: Sequence[Requirement]) -> str:
    """The judgement in words, without the title if it only repeats that."""
    name, titles = judgement(nodeid), "; ".join(one.title for one in requirements)
    return name[len(titles) :].strip() if titles and name.lower().startswith(titles.lower()) else name


def full_name(nodeid: str, requirements: Sequence[Requirement]) -> str:
    """Id, level, section and title of what is judged, and what the judgement adds to that: unique in a run."""
    ids = " ".join(one.id for one in requirements)
    first = requirements[0]
    added = beside_titles(nodeid, requirements)
    titles = "; ".join(one.title for one in requirements)
    return f"{ids} {first.level.upper()} {first.section}: {titles}{f' | {added}' if added else ''}"
