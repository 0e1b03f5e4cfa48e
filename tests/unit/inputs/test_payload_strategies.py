"""Generated payloads: each belongs to a family that is to be refused, whatever the language of the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from conformance.inputs import payload_strategies
from conformance.inputs.payload_strategies import family

CHECK = settings(derandomize=True, database=None, deadline=None)


def names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from names(inner)


@CHECK
@given(payload_strategies.batches)
def test_every_payload_of_a_batch_is_to_be_refused(batch: tuple[Any, ...]) -> None:
    families = [family(payload) for payload in batch]
    assert families[:4] == ["absent", "structured", "scalar", "blank"]
    assert families[4] in ("absent", "structured")


@CHECK
@given(payload_strategies.batches)
def test_no_field_could_be_read_as_the_text(batch: tuple[Any, ...]) -> None:
    for payload in batch:
        assert all(name == "text" for name in payload if name.casefold() == "text")


@CHECK
@given(payload_strategies.no_object_batches)
def test_no_object_is_no_object(batch: list[tuple[Any, ...]]) -> None:
    assert all(family(arg) == "no-object" for args in batch for arg in args)


@CHECK
@given(payload_strategies.batches, payload_strategies.typing_batches)
def test_payloads_are_json_that_every_parser_holds(batch: tuple[Any, ...], typing: list[tuple[Any, ...]]) -> None:
    said = json.dumps([*batch, *typing], allow_nan=False, ensure_ascii=False)
    assert json.loads(said) == [*batch, *([*args] for args in typing)]
    said.encode()  # no halves of surrogate pairs
    assert "\\u0000" not in said


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({}, "absent"),
        ({"text": None}, "absent"),
        ({"message": "hi"}, "absent"),
        ({"text": []}, "structured"),
        ({"text": {"text": "hi"}}, "structured"),
        ({"text": 0}, "scalar"),
        ({"text": False}, "scalar"),
        ({"text": " \n"}, "blank"),
        ({"text": "hi"}, None),
        ([{"text": "hi"}], "no-object"),
        (None, "no-object"),
    ],
)
def test_families(payload: Any, expected: str | None) -> None:
    assert family(payload) == expected
