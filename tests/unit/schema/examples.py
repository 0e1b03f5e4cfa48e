"""The schemas' examples, their fields, and values that fit none."""

import json
from copy import deepcopy

from hypothesis import settings

from conformance.paths import SCHEMAS
from conformance.schema.validator import mismatches

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
