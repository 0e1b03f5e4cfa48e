"""Generated payloads: JSON of any shape, and to which family of misfits each of them belongs (sections 3.2 and 4.5).

What correct servers may well read as a text is left out: a field that differs from ``text`` in its case only (some JSON
libraries bind names so), U+0000 and halves of surrogate pairs, numbers that not every parser holds.
"""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.inputs.text_strategies import label
from conformance.protocol import Json

_TELLING = (
    "message",
    "content",
    "body",
    "value",
    "data",
    "length",
    "toString",
    "__proto__",
    "constructor",
    "$text",
    "text ",
    "id",
    "sender",
    "conversationId",
    "isTyping",
    "0",
    "",
)
"""Names that some server might take for a text, or stumble over."""
_LARGEST = 2**53 - 1
"""The largest integer that every JSON parser holds."""

_words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
_names = st.one_of(st.sampled_from(_TELLING), _words).filter(lambda name: name.casefold() != "text")
_numbers = st.one_of(
    st.integers(-_LARGEST, _LARGEST), st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
)
_scalars: st.SearchStrategy[Json] = st.one_of(st.booleans(), _numbers)
_json: st.SearchStrategy[Json] = st.recursive(
    st.one_of(st.none(), _scalars, _words),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.one_of(st.just("text"), _names), inner)),
    max_leaves=6,
)
_others = st.dictionaries(_names, _json, max_size=3)
_lists = st.lists(_json, max_size=3)
_objects = st.dictionaries(st.one_of(st.just("text"), _names), _json, max_size=3)


def _with_text(texts: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.builds(lambda text, others: {**others, "text": text}, texts, _others)


absent = st.one_of(_others, _with_text(st.none()))
structured = _with_text(st.one_of(_lists, _objects))
scalar = _with_text(_scalars)
blank = _with_text(st.text(" \t\n\r", min_size=1, max_size=4))
batches = st.tuples(absent, structured, scalar, blank, st.one_of(absent, structured))
"""Payloads that are objects, each of a family that is to be refused; every family in each batch."""

no_objects = st.one_of(st.none(), _scalars, _words, _lists)
no_object_batches = st.lists(st.one_of(st.just(()), st.tuples(no_objects)), min_size=1, max_size=2)
"""Arguments of ``help_center:send`` that are no object: none at all, or one of any other type."""

typing_batches = st.lists(
    st.one_of(
        st.just(()),
        st.tuples(st.builds(lambda value, others: {**others, "isTyping": value}, _json, _others)),
        st.tuples(_json),
        st.tuples(_json, _json),
    ),
    min_size=1,
    max_size=4,
)
"""Arguments of ``help_center:typing``: documented ones with more fields, and any others."""


def family(payload: Json) -> str | None:
    """Why a payload is to be refused, in all readings of the document: "no-object", "absent" (missing or null),
    "structured" (an array or object), "scalar" (a number or boolean), "blank" or "long"; None where it is not."""
    if not isinstance(payload, dict):
        return "no-object"
    text = payload.get("text")
    if text is None:
        return "absent"
    if isinstance(text, str):
        named = label(text)
        return named if named != "valid" else None
    return "structured" if isinstance(text, (list, dict)) else "scalar"
