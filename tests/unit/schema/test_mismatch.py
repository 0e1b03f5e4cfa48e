"""How a mismatch reads."""

import math

import pytest

from conformance.schema.mismatch import Mismatch, shortened


def test_a_mismatch_reads_as_a_sentence():
    assert str(Mismatch("id", "a string", "17")) == "id  expected a string, got 17"
    assert str(Mismatch("", "an object", "null")) == "the payload  expected an object, got null"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": 1, "b c": [True, None]}, '{a: 1, "b c": [true, null]}'),
        ([1, 2, 3, 4, 5, 6], "[1, 2, 3, 4, 5, …]"),
        ({"a": {"b": {"c": {"d": 1}}}}, "{a: {b: {c: {…}}}}"),
        ("a" * 2001, '"' + "a" * 40 + '…" (2,001 characters)'),
        ("\x1b[31m\x85\u202e\ud800", r'"\u001b[31m\x85\u202e\ud800"'),
        (b"\x00\x01", "binary data (2 bytes)"),
        (math.nan, "NaN"),
        (object(), "a value of type object"),
    ],
    ids=["names", "many", "deep", "long", "controls", "binary", "nan", "foreign"],
)
def test_actual_values_are_shortened(value, text):
    assert shortened(value) == text
