"""Payloads that are made to break a validator, and random ones."""

import math
from copy import deepcopy

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conformance.schema import validator
from conformance.schema.validator import fits, mismatches
from tests.unit.schema.examples import DETERMINISTIC, ERROR, FIELDS, FILES, MESSAGE, good, nested

# Values no ordinary server sends

HOSTILE = {
    "surrogate": "\ud800",
    "surrogate-key": {"\ud800": "\udfff"},
    "huge": 10**100,
    "longer-than-python-prints": 10**5000,
    "nan": math.nan,
    "infinity": -math.inf,
    "binary": b"\x00\x01",
    "deep": nested(50_000),
    "deep-object": {"a": {"b": nested(50_000)}},
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize(("name", "field"), sorted({(name, field) for name, field, _ in FIELDS}))
def test_hostile_values_are_judged_like_any_other(name, field, value):
    payload = {**good(name), field: value}
    reported = mismatches(name, payload)
    assert fits(name, payload) == (reported == [])
    assert all(len(str(mismatch)) < 400 and str(mismatch).isprintable() for mismatch in reported)


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_payloads_are_refused(name, value):
    assert not fits(name, value)
    assert all(mismatch.actual for mismatch in mismatches(name, value))


def test_deep_nesting_hides_no_other_mismatch():
    value = {**MESSAGE, "text": nested(50_000), "sender": "bot"}
    assert [mismatch.path for mismatch in mismatches("message", value)] == ["sender", "text"]


def test_details_may_be_deep():
    assert mismatches("error", {**ERROR, "details": {"trace": nested(50_000)}}) == []


# Agreement of the two validators

STRINGS = st.text(st.characters(), max_size=3) | st.sampled_from(
    ["user", "support", "open", "\ud800", "m\udfff", "a" * 64, "2026-03-01T09:30:00Z", "2026-02-30", "1\n"]
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**30, -(10**400), 1.0, -0.0])
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | STRINGS | st.binary(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRINGS, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def payloads(draw):
    """An example of some schema with up to three of its parts replaced, removed or added to."""
    name = draw(st.sampled_from(sorted(FILES)))
    value = deepcopy(draw(st.sampled_from(FILES[name]["examples"])))
    for _ in range(draw(st.integers(0, 3))):
        value = mutated(draw, value)
    return name, value


def mutated(draw, value):
    inner = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    action = draw(st.sampled_from(["replace", "remove", "add", "enter", "enter", "enter"] if inner else ["replace"]))
    if action == "replace":
        return draw(ANYTHING)
    key = draw(st.sampled_from(inner))
    if action == "remove":
        del value[key]
    elif action == "add" and isinstance(value, dict):
        value[draw(STRINGS)] = draw(ANYTHING)
    else:
        value[key] = mutated(draw, value[key])
    return value


@DETERMINISTIC
@given(payloads())
@example(("send-ack", {"message": None}))
def test_a_payload_fits_exactly_when_it_has_no_mismatches(case):
    name, value = case
    assert fits(name, value) == (mismatches(name, value) == [])


@DETERMINISTIC
@given(payloads())
def test_the_fast_validator_accepts_nothing_the_thorough_one_refuses(case):
    name, value = case
    assert mismatches(name, value) == [] or not validator._surely_fits(name, value)


@pytest.mark.parametrize("name", FILES)
def test_the_fast_validator_needs_no_help_with_good_payloads(name):
    assert all(validator._surely_fits(name, item) for item in FILES[name]["examples"])


# What people read
