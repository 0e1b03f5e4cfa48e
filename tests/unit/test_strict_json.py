"""JSON is read as clients in JavaScript read it, and can always be written again."""

from __future__ import annotations

import json
import sys

import pytest

from conformance import strict_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e999", sys.float_info.max),
        ("[-1e999]", [-sys.float_info.max]),
        ('{"a":1e-999}', {"a": 0.0}),
        ("-0", 0),
        (str(2**64), 2**64),
        (f"{'1' * 300}.5e-3", float(f"{'1' * 300}.5e-3")),
        (b'\xef\xbb\xbf{"a":"\xc3\xa9"}', {"a": "\xe9"}),
    ],
    ids=range(7),
)
def test_what_javascript_reads_is_read_and_can_be_written(text: str | bytes, value: object) -> None:
    assert strict_json.loads(text) == value
    assert strict_json.loads(json.dumps(value, allow_nan=False)) == value


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "latin-1"])
def test_bytes_are_utf_8(encoding: str) -> None:
    with pytest.raises(ValueError, match=r"decode|Expecting"):
        strict_json.loads('{"a":"\xe9"}'.encode(encoding))


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a":-Infinity}', "", "\ufeff1", "1 2"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not JSON|Expecting|Extra"):
        strict_json.loads(text)
