"""The schemas of `schemas/` and the two questions the harness puts to them."""

import json
import math
import re
import shutil
from copy import deepcopy

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from conformance.paths import SCHEMAS
from conformance.schema import validator
from conformance.schema.mismatch import Mismatch, shortened
from conformance.schema.validator import fits, mismatches

DETERMINISTIC = settings(derandomize=True, deadline=None, database=None, max_examples=300)
FILES = {path.stem: json.loads(path.read_text("utf-8")) for path in SCHEMAS.glob("*.json")}
OBJECTS = sorted(name for name, schema in FILES.items() if schema["type"] == "object")

MESSAGE = FILES["message"]["examples"][0]
CONNECTED = FILES["connected"]["examples"][0]
ERROR = FILES["error"]["examples"][0]
VERDICT = FILES["verdict"]["examples"][0]

FIELDS = [
    ("conversation", "id", "a string"),
    ("conversation", "userId", "a string"),
    ("conversation", "status", "one of 'open', 'closed'"),
    ("conversation", "createdAt", "an ISO 8601 instant"),
    ("conversation", "updatedAt", "an ISO 8601 instant"),
    ("message", "id", "a string"),
    ("message", "conversationId", "a string"),
    ("message", "sender", "one of 'user', 'support'"),
    ("message", "text", "a string"),
    ("message", "createdAt", "an ISO 8601 instant"),
    ("connected", "conversation", "an object"),
    ("connected", "messages", "an array"),
    ("typing-event", "isTyping", "a boolean"),
    ("typing-event", "sender", "'support'"),
    ("error", "code", "a string"),
    ("error", "message", "a string"),
    ("error", "details", "an object"),
    ("send", "text", "a string"),
    ("typing", "isTyping", "a boolean"),
    ("verdict", "verdict", "one of "),
    ("verdict", "target", "a string"),
    ("verdict", "harness", "a string"),
    ("verdict", "document", "a SHA-256 in 64 hexadecimal digits"),
    ("verdict", "started", "an ISO 8601 instant"),
    ("verdict", "seconds", "a number"),
    ("verdict", "seed", "an integer"),
    ("verdict", "summary", "an object"),
    ("verdict", "requirements", "an array"),
    ("verdict", "observations", "an array"),
    ("verdict", "scope", "an object"),
    ("verdict", "options", "an object"),
    ("verdict", "rejudged", "an object"),
]
OPTIONAL = {("error", "details"), ("verdict", "scope"), ("verdict", "options"), ("verdict", "rejudged")}
REQUIRED = sorted({(name, field) for name, field, _ in FIELDS} - OPTIONAL)

TYPES = {"a string": str, "a boolean": bool, "a number": float, "an object": dict, "an array": list}
WRONG = [
    (name, field, expected, value)
    for name, field, expected in FIELDS
    for value in (None, True, 1.5, "words", {}, [[]])
    if not isinstance(value, TYPES.get(expected, ()))
]


def good(name):
    return deepcopy(FILES[name]["examples"][0])


def found(name, value):
    return [(mismatch.path, mismatch.expected, mismatch.actual) for mismatch in mismatches(name, value)]


def nested(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


# The files


def test_there_is_a_file_for_every_payload():
    payloads = {"conversation", "message", "connected", "typing-event", "error", "send", "typing", "send-ack"}
    assert set(validator.names()) == payloads | {"instant", "verdict"}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_a_schema(name):
    Draft202012Validator.check_schema(FILES[name])
    assert FILES[name]["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


@pytest.mark.parametrize("name", FILES)
def test_a_file_says_what_it_describes(name):
    schema = FILES[name]
    assert schema["$id"].endswith(f"/schemas/{name}.json")
    assert schema["title"]
    assert schema["description"]
    assert schema["examples"]


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"verdict"}))
def test_a_file_names_its_section(name):
    assert re.match(r"Sections? [0-9]\.[0-9]", FILES[name]["$comment"])


@pytest.mark.parametrize("name", FILES)
def test_a_reference_names_a_file_beside_it(name):
    references = re.findall(r'"\$ref": "([^"#]+)', json.dumps(FILES[name]))
    assert all((SCHEMAS / reference).is_file() for reference in references)


@pytest.mark.parametrize("name", FILES)
def test_the_files_suffice_without_the_harness(name):
    registry = [Resource.from_contents(schema) for schema in FILES.values()] @ Registry()
    validator = Draft202012Validator(FILES[name], registry=registry)
    assert all(validator.is_valid(item) for item in FILES[name]["examples"])
    assert not validator.is_valid("\n")


@pytest.mark.parametrize("name", FILES)
def test_the_examples_fit(name):
    assert all(fits(name, item) for item in FILES[name]["examples"])
    assert [mismatches(name, item) for item in FILES[name]["examples"]] == [[]] * len(FILES[name]["examples"])


def test_the_readme_lists_every_file():
    readme = (SCHEMAS / "README.md").read_text("utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)\.json`", readme, re.MULTILINE)) == FILES.keys()


def test_the_digest_changes_with_the_files(tmp_path):
    copy = shutil.copytree(SCHEMAS, tmp_path / "copy")
    assert validator.digest(copy) == validator.digest()
    (copy / "send.json").write_text("{}")
    assert validator.digest(copy) != validator.digest()
    assert re.fullmatch("[0-9a-f]{64}", validator.digest())


def test_an_unknown_name_is_a_mistake_of_the_caller():
    with pytest.raises(KeyError, match="massage"):
        fits("massage", {})
    with pytest.raises(KeyError, match="massage"):
        mismatches("massage", {})


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


# The harness's own file


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (lambda verdict: verdict, "extra"),
        (lambda verdict: verdict["summary"], "summary.extra"),
        (lambda verdict: verdict["summary"]["must"], "summary.must.extra"),
        (lambda verdict: verdict["requirements"][0], "requirements[0].extra"),
        (lambda verdict: verdict["observations"][0], "observations[0].extra"),
    ],
    ids=["root", "summary", "counts", "requirement", "observation"],
)
def test_a_verdict_has_no_unknown_fields(place, expected):
    verdict = deepcopy(VERDICT)
    place(verdict)["extra"] = 1
    assert not fits("verdict", verdict)
    assert found("verdict", verdict) == [(expected, "no such field", "1")]


@pytest.mark.parametrize(
    "path",
    ["summary.must", "summary.should", "summary.must.passed", "summary.should.error", "requirements[0].id",
     "requirements[0].section", "requirements[0].level", "requirements[0].title", "requirements[0].status",
     "requirements[0].tests", "observations[0].id", "observations[0].section", "observations[0].value",
     "observations[0].says"],
)  # fmt: skip
def test_a_verdict_is_complete(path):
    verdict = deepcopy(VERDICT)
    *way, field = re.findall(r"[a-z]+|[0-9]+", path)
    parent = verdict
    for step in way:
        parent = parent[int(step) if step.isdigit() else step]
    del parent[field]
    assert found("verdict", verdict) == [(path, "present", "missing")]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"status": "skipped"}, "requirements[0].status"),
        ({"level": "MUST"}, "requirements[0].level"),
        ({"id": "send trim"}, "requirements[0].id"),
        ({"tests": ["a", "a"]}, "requirements[0].tests"),
        ({"reason": "two\nlines"}, "requirements[0].reason"),
    ],
    ids=shortened,
)
def test_a_requirement_is_held_to_the_contract(change, path):
    verdict = deepcopy(VERDICT)
    verdict["requirements"][0] = {**verdict["requirements"][0], "reason": "a line", **change}
    assert [mismatch.path for mismatch in mismatches("verdict", verdict)] == [path]


@pytest.mark.parametrize("status", ["failed", "unverified", "waived", "error"])
def test_a_requirement_that_did_not_pass_has_a_reason(status):
    verdict = deepcopy(VERDICT)
    verdict["requirements"][0]["status"] = status
    [mismatch] = mismatches("verdict", verdict)
    assert (mismatch.path, mismatch.expected) == (
        "requirements[0]",
        "a reason beside every status but passed",
    )


@pytest.mark.parametrize("count", [-1, 1.5, "1", True], ids=shortened)
def test_counts_are_whole_numbers(count):
    verdict = deepcopy(VERDICT)
    verdict["summary"]["should"]["waived"] = count
    assert [mismatch.path for mismatch in mismatches("verdict", verdict)] == ["summary.should.waived"]


def test_what_older_verdicts_lack_is_optional():
    later = ("scope", "options", "rejudged")
    assert fits("verdict", {key: VERDICT[key] for key in VERDICT if key not in later})


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
