"""The two questions that the harness puts to the schemas: does it fit, and what does not?"""

from copy import deepcopy

import pytest

from conformance.schema.mismatch import shortened
from conformance.schema.validator import fits, mismatches
from tests.unit.schema.examples import CONNECTED, ERROR, MESSAGE, OBJECTS, OPTIONAL, REQUIRED, WRONG, found, good

# What is refused


@pytest.mark.parametrize(("name", "field"), REQUIRED)
def test_a_missing_field_is_reported(name, field):
    value = good(name)
    del value[field]
    assert not fits(name, value)
    assert found(name, value) == [(field, "present", "missing")]


@pytest.mark.parametrize(("name", "field"), sorted(OPTIONAL))
def test_an_optional_field_may_be_missing(name, field):
    value = {**good(name), field: {}}
    del value[field]
    assert fits(name, value)


@pytest.mark.parametrize(("name", "field", "expected", "value"), WRONG)
def test_a_wrong_value_is_reported(name, field, expected, value):
    payload = {**good(name), field: value}
    [mismatch] = mismatches(name, payload)
    assert not fits(name, payload)
    assert (mismatch.path, mismatch.actual) == (field, shortened(value))
    assert mismatch.expected.startswith(expected)


@pytest.mark.parametrize("wrong", [None, 17, True, "text", []], ids=shortened)
@pytest.mark.parametrize("name", OBJECTS)
def test_a_payload_that_is_no_object_is_reported(name, wrong):
    assert not fits(name, wrong)
    assert found(name, wrong) == [("", "an object", shortened(wrong))]


@pytest.mark.parametrize(
    ("name", "field"),
    [("message", "id"), ("message", "conversationId"), ("conversation", "id"), ("conversation", "userId")],
)
def test_an_empty_id_identifies_nothing(name, field):
    assert found(name, {**good(name), field: ""}) == [(field, "a non-empty string", '""')]


@pytest.mark.parametrize(
    "text",
    ["", "2026-13-01T00:00:00Z", "2026-03-01 09:30:00", "Sun, 01 Mar 2026 09:30:00 GMT", "1772357400",
     "2026-03-01T09:30:00Z\n"],
)  # fmt: skip
def test_a_text_that_is_no_instant_is_reported_once(text):
    value = {**MESSAGE, "createdAt": text}
    assert not fits("message", value)
    assert found("message", value) == [("createdAt", "an ISO 8601 instant", shortened(text))]


def test_every_mismatch_of_a_payload_is_reported():
    value = deepcopy(CONNECTED)
    value["conversation"]["status"] = "OPEN"
    value["messages"] += [
        {**MESSAGE, "id": 17, "text": None},
        "hello",
        {**MESSAGE, "createdAt": 1772357400000},
    ]
    assert found("connected", value) == [
        ("conversation.status", "one of 'open', 'closed'", '"OPEN"'),
        ("messages[1].id", "a string", "17"),
        ("messages[1].text", "a string", "null"),
        ("messages[2]", "an object", '"hello"'),
        ("messages[3].createdAt", "an ISO 8601 instant", "1772357400000"),
    ]


@pytest.mark.parametrize(
    ("ack", "expected"),
    [
        ({}, ("", "exactly one of message and error", "{}")),
        ({"ok": True}, ("", "exactly one of message and error", "{ok: true}")),
        ({"message": None, "error": None}, ("error", "an object", "null")),
        ({"message": 17}, ("message", "an object", "17")),
        ({"message": {**MESSAGE, "id": 17}}, ("message.id", "a string", "17")),
        ({"error": "too long"}, ("error", "an object", '"too long"')),
        ({"error": {"code": "VALIDATION_ERROR"}}, ("error.message", "present", "missing")),
        (
            {"message": MESSAGE, "error": {"code": "A", "message": "b"}},
            ("error", "no error beside a message", '{code: "A", message: "b"}'),
        ),
    ],
    ids=["empty", "neither", "nulls", "no-message", "bad-message", "no-error", "bad-error", "both"],
)
def test_a_bad_ack_says_what_is_wrong(ack, expected):
    assert not fits("send-ack", ack)
    assert found("send-ack", ack) == [expected]


# What is tolerated


@pytest.mark.parametrize("name", sorted(set(OBJECTS) - {"verdict"}))
def test_unknown_fields_are_fine(name):
    assert fits(name, {**good(name), "v": 2, "metadata": {"a": [None]}})


@pytest.mark.parametrize("ack", [{"message": MESSAGE, "error": None}, {"message": None, "error": ERROR}])
def test_null_beside_the_answer_is_fine(ack):
    assert fits("send-ack", ack)
    assert mismatches("send-ack", ack) == []


@pytest.mark.parametrize("value", ["0", "b1946ac9-2492-4d23", " ", "\u00e9", "\ud800", "x" * 5000])
def test_ids_may_have_any_form(value):
    assert fits("message", {**MESSAGE, "id": value})


@pytest.mark.parametrize("text", ["", " padded ", "x" * 5000, "\x00", "\ud800"], ids=shortened)
def test_texts_of_a_history_have_no_bounds(text):
    assert fits("message", {**MESSAGE, "text": text})


def test_a_history_may_be_empty():
    assert fits("connected", {**CONNECTED, "messages": []})


def test_an_unknown_name_is_a_mistake_of_the_caller():
    with pytest.raises(KeyError, match="massage"):
        fits("massage", {})
    with pytest.raises(KeyError, match="massage"):
        mismatches("massage", {})
