"""Nothing a target sends breaks the harness: whatever stands in a record, only a Deviation or Unverified comes out."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.checks.conversations import RULES
from conformance.checks.law import Law
from conformance.errors import Deviation, Unverified, one_line
from conformance.protocol import CONNECTED, ERROR, MESSAGE
from conformance.record.payloads import Payload
from conformance.record.transcript import Kind
from conformance.record.views import Attempt, Connection, Event, Everything, Fetch, Record, Send
from conformance.redaction import Redactor
from conformance.report import failure, trace
from conformance.requirements import catalogue
from tests.support.handmade import CONVERSATION, Handmade, message

SUITES = Path(__file__).resolve().parents[3] / "suites"

NAMES = st.sampled_from(
    [
        "id",
        "conversationId",
        "sender",
        "text",
        "createdAt",
        "conversation",
        "messages",
        "message",
        "error",
        "code",
        "userId",
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.just(10**400),
    st.text(st.characters(), max_size=8),
    st.sampled_from(["user", "support", "open", "m1", "c1", "2026-01-01T00:00:00Z", "x" * 3000]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)
ERROR_PAYLOAD = {"code": "VALIDATION_ERROR", "message": "no"}
HISTORY = {"conversation": CONVERSATION, "messages": [message("old", id="m0")]}


def nearly(payload: dict[str, Any]) -> st.SearchStrategy[Any]:
    """A documented payload, or one with a field replaced or lost."""
    names = st.sampled_from(sorted(payload))
    replaced = st.builds(lambda name, value: {**payload, name: value}, names, JSON)
    lost = names.map(lambda name: {key: value for key, value in payload.items() if key != name})
    return st.just(payload) | replaced | lost


PAYLOADS = st.one_of(
    JSON,
    nearly(message(id="m1")),
    nearly(HISTORY),
    nearly({**HISTORY, "messages": [message(id=None), message(text=["m"])]}),
    nearly({"message": message(id="m1")}),
    nearly({"error": ERROR_PAYLOAD}),
    nearly(ERROR_PAYLOAD),
)
ARGS = st.one_of(PAYLOADS.map(lambda payload: [payload]), st.lists(PAYLOADS, max_size=3), JSON)
STATUSES = st.sampled_from([0, 200, 401])
ENDS = st.sampled_from(["target", "network", "harness"])


@st.composite
def records(draw: Any) -> Record:
    """Two devices that send, type and fetch as documented; the target answers anything at all."""
    made = Handmade()
    for device in ("phone", "tablet"):
        made.opens(device, trial=draw(st.booleans()) and device == "tablet")
        if draw(st.booleans()):
            made.greeted()
        for name in (CONNECTED, MESSAGE, ERROR, draw(JSON)):
            anything(made, "EVENT", draw, event=name, id=None)
        made.emits({"text": "hello"}, plain=draw(st.booleans()))
        anything(made, "ACK", draw, id=made.transcript.entries[-1].get("id"))
        made.packet(Kind.RECEIVED, "DISCONNECT", data=draw(JSON))
        made.fetches(draw(PAYLOADS), status=draw(STATUSES), reason=draw(st.text(max_size=5)))
        made.closed(draw(ENDS), reason=draw(st.text(max_size=5)))
    return made.record


def anything(made: Handmade, packet: str, draw: Any, **data: Any) -> None:
    made.packet(Kind.RECEIVED, packet, **{"args": draw(ARGS), **data})


ANYTHING = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

# -- accessors -----------------------------------------------------------------------------------------------------

READABLE = (Attempt, Connection, Event, Everything, Fetch, Record, Send, Payload)


def read_all(thing: object, seen: dict[int, object]) -> Iterator[Deviation | Unverified]:
    """Reads every property, and calls every method that needs no argument, of this and of all it leads to."""
    if isinstance(thing, (list, tuple)):
        for inner in thing[:6]:
            yield from read_all(inner, seen)
    if not isinstance(thing, READABLE) or id(thing) in seen:
        return
    seen[id(thing)] = thing
    for name, kind in inspect.getmembers(type(thing)):
        if name.startswith("_") or not readable(kind):
            continue
        try:
            found: Any = getattr(thing, name)
            found = found() if inspect.isfunction(kind) else found
            found = list(found) if isinstance(found, Iterator) else found
        except (Deviation, Unverified) as error:
            yield error
        else:
            yield from read_all(found, seen)


def readable(kind: object) -> bool:
    if not inspect.isfunction(kind):
        return isinstance(kind, (property, cached_property))
    parameters = list(inspect.signature(kind).parameters.values())[1:]
    return all(p.default is not p.empty or p.kind is p.VAR_POSITIONAL for p in parameters)


@ANYTHING
@given(records())
def test_only_deviations_and_doubts_come_out_of_a_record(record: Record) -> None:
    for error in read_all(record, {}):
        str(error).encode()  # no half of a surrogate pair is left for a terminal to stumble over
        if isinstance(error, Deviation):
            failure.text([catalogue()["MESSAGE-SHAPE"]], error, record.transcript, "pytest").encode()
            assert one_line(error).isprintable()


@ANYTHING
@given(records())
def test_any_record_can_be_reported(record: Record) -> None:
    lines = trace.lines(record.transcript, [3])
    assert all(line.isprintable() and len(line) < 500 for line in lines)


# -- judgements ----------------------------------------------------------------------------------------------------


def judgements() -> Iterator[tuple[str, Callable[..., None]]]:
    """Those of the suites that take nothing but records."""
    for path in sorted(SUITES.glob("test_*.py")):
        module = importlib.import_module(f"suites.{path.stem}")
        for name, judge in inspect.getmembers(module, inspect.isfunction):
            hints = [parameter.annotation for parameter in inspect.signature(judge).parameters.values()]
            if name.startswith("test_") and hints and set(hints) <= {"Record", "Everything"}:
                yield f"{path.stem}::{name}", judge


JUDGEMENTS = dict(judgements())


def stumbles(judge: Callable[..., None], record: Record) -> Exception | None:
    """What a judgement raises that is not a judgement."""
    parameters = inspect.signature(judge).parameters.values()
    try:
        judge(*(Everything([record]) if p.annotation == "Everything" else record for p in parameters))
    except (Deviation, Unverified, AssertionError, pytest.skip.Exception) as error:
        str(error).encode()
    except Exception as error:
        return error
    return None


@settings(ANYTHING, max_examples=60)
@given(records())
def test_only_deviations_and_doubts_come_out_of_a_judgement(record: Record) -> None:
    stumbled = {name: stumbles(judge, record) for name, judge in JUDGEMENTS.items()}
    assert {name: error for name, error in stumbled.items() if error is not None} == {}


WRONG: dict[str, Any] = {"an object": {"id": "m1"}, "an array": ["m1"], "a number": 7, "null": None, "no": ...}
"""What may stand in the place of any field."""


def broken(payload: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    return {name: kept for name, kept in payload.items() if name != field} | ({} if value is ... else {field: value})


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("field", [*message(), *CONVERSATION])
def test_any_field_may_be_anything(field: str, value: str) -> None:
    reported = broken(message(id="m1"), field, WRONG[value])
    history = {"conversation": broken(CONVERSATION, field, WRONG[value]), "messages": [reported]}
    made = Handmade()
    for device in ("phone", "tablet"):
        made.opens(device)
        made.event(CONNECTED, history)
        made.emits({"text": "hello"}, plain=True)
        made.event(MESSAGE, reported)
        made.ack({"message": reported})
        made.fetches(history)
    stumbled = {name: stumbles(judge, made.record) for name, judge in JUDGEMENTS.items()}
    stumbled |= {rule.says: stumbles(_follows(rule), made.record) for rule in RULES}
    assert {name: error for name, error in stumbled.items() if error is not None} == {}


def _follows(rule: Law[Any]) -> Callable[..., None]:
    def judge(record: Record) -> None:
        rule.check([record])

    return judge


# -- before it is recorded -----------------------------------------------------------------------------------------


def test_what_is_nested_too_deeply_never_gets_into_a_record() -> None:
    nested: Any = "core"
    for _ in range(100_000):
        nested = [nested]
    made = Handmade()
    made.event(MESSAGE, Redactor().clean(nested))
    assert len(str(made.transcript.entries[0].to_json())) < 500
    assert trace.lines(made.transcript)
