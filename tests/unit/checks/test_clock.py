"""``createdAt`` against the Date of REST answers, and what was emitted against what is kept."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.checks import clock, history, phantoms
from conformance.checks.history_window import windows
from conformance.checks.law import check_records
from conformance.errors import Deviation, Unverified
from conformance.protocol import MESSAGE
from conformance.record.transcript import Entry
from tests.support.handmade import CONVERSATION, Handmade, message

DATE = "Thu, 01 Jan 2026 12:00:00 GMT"
DATED = {"content-type": "application/json", "date": DATE}


def chat(*created: str, headers: dict[str, str] | None = None, apart: float = 0.0) -> Handmade:
    """Accepted sends, so many seconds apart, and a REST answer."""
    made = Handmade()
    made.opens("phone")
    made.greeted()
    for number, instant in enumerate(created):
        made.says(f"text {number}", saved=message(f"text {number}", id=f"m{number}", createdAt=instant))
    body = {"conversation": CONVERSATION, "messages": []}
    made.fetches(body, headers=DATED if headers is None else headers)
    if apart:
        _later(made.transcript.entries, apart)
    return made


def _later(entries: list[Entry], seconds: float) -> None:
    """Each send comes so many seconds after the one before."""
    sent = 0
    for place, entry in enumerate(entries):
        sent += entry.get("send") is not None
        moved: Any = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
        entries[place] = Entry(**{**moved, "at": entry.at + seconds * sent})


def judged(made: Handmade, items: Any, law: Any) -> str | None:
    try:
        check_records([made.record], items, law, nothing="nothing to judge")
    except Deviation as deviation:
        return deviation.actual
    return None


@pytest.mark.parametrize(
    ("created", "reported"),
    [
        ("2026-01-01T12:00:00Z", None),
        ("2026-01-01T12:05:00.123Z", None),
        ("2026-01-01T11:31:00", None),
        ("2026-01-01T13:00:00+01:00", None),
        ("2026-01-01T14:00:00Z", "2.0 h ahead"),
        ("2026-01-01T00:00:00Z", "12.0 h behind"),
        ("2026-01-01T12:45:00Z", "45 min ahead"),
    ],
)
def test_hours_off_are_found_and_minutes_are_not(created: str, reported: str | None) -> None:
    found = judged(chat(created), clock.stamps, clock.on_time)
    assert found is None if reported is None else reported in (found or "")


def answered(instant: str, *, listed: bool) -> str | None:
    """What is found where support said something as of this instant, which the greeting had shown before or not."""
    made = Handmade()
    said = message("an answer", id="m9", sender="support", createdAt=instant)
    made.opens("phone")
    made.greeted([said] if listed else [])
    made.says("a question", saved=message("a question", id="m1"))
    made.event(MESSAGE, said)
    made.fetches({"conversation": CONVERSATION, "messages": [said]}, headers=DATED)
    return judged(made, clock.said_by_support, clock.said_on_time)


def test_the_instant_of_what_support_says_has_the_same_clock() -> None:
    assert "3.0 h behind" in (answered("2026-01-01T09:00:00Z", listed=False) or "")
    assert answered("2026-01-01T12:00:01Z", listed=False) is None
    with pytest.raises(Unverified):  # said long ago, and emitted once more
        answered("2026-01-01T09:00:00Z", listed=True)


@pytest.mark.parametrize("field", ["createdAt", "updatedAt"])
@pytest.mark.parametrize(
    ("instant", "reported"),
    [
        ("2026-01-01T12:00:00Z", None),
        ("2026-01-01T12:25:00Z", None),
        ("1971-05-01T12:00:00+14:00", None),
        ("not an instant", None),
        ("2026-01-02", None),
        ("0001-01-01T00:00:00Z", "0001-01-01"),
        ("1970-01-01T00:00:00.000Z", "1970-01-01"),
        ("2026-01-01T14:00:00Z", "2.0 h ahead"),
    ],
)
def test_instants_of_a_conversation_that_are_unset_or_ahead_are_found(
    field: str, instant: str, reported: str | None
) -> None:
    made = chat("2026-01-01T12:00:00Z")
    made.fetches({"conversation": {**CONVERSATION, field: instant}, "messages": []}, headers=DATED)
    found = judged(made, windows, clock.possible)
    assert found is None if reported is None else reported in (found or "")


def test_without_a_clock_only_unset_instants_are_found() -> None:
    made = Handmade()
    made.fetches({"conversation": {**CONVERSATION, "createdAt": "2099-01-01T00:00:00Z"}, "messages": []})
    assert judged(made, windows, clock.possible) is None


SPOKEN = [message("hello")]


@pytest.mark.parametrize(
    ("then", "found"),
    [
        ({"createdAt": "2026-01-01T00:00:09Z"}, True),
        ({"createdAt": "2026-01-01T00:00:00.700Z"}, False),
        ({"createdAt": "2026-01-01T00:00:09Z", "id": "another"}, False),
        ({"createdAt": "yesterday"}, False),
    ],
    ids=["seconds later", "with more digits", "another conversation", "no instant"],
)
def test_a_conversation_that_begins_anew_is_found(then: dict[str, str], found: bool) -> None:
    made = Handmade()
    for changed in ({}, then):
        begun = {"createdAt": "2026-01-01T00:00:00Z"}
        made.fetches({"conversation": {**CONVERSATION, **begun, **changed}, "messages": SPOKEN})
    reported = judged(made, history.after_the_first_message, clock.begins_once)
    assert ("2026-01-01T00:00:09Z" in (reported or "")) is found


def test_a_conversation_may_be_saved_with_its_first_message() -> None:
    made = Handmade()
    made.fetches({"conversation": {**CONVERSATION, "createdAt": "2026-01-01T00:00:00Z"}, "messages": []})
    made.fetches({"conversation": {**CONVERSATION, "createdAt": "2026-01-01T00:00:09Z"}, "messages": SPOKEN})
    assert not list(history.after_the_first_message(made.record))


@pytest.mark.parametrize(
    ("created", "headers"),
    [
        ("2026-01-01T18:00:00Z", {}),
        ("2026-01-01T18:00:00Z", {"date": "yesterday"}),
        ("2026-01-01T18:00:00Z", {"date": "Fri, 31 Dec 9999 23:59:59 GMT"}),
        ("2026-01-01T18:00:00Z", {"date": "Fri, 31 Dec 99999999999999999999 23:59:59 GMT"}),
        ("2026-01-01", DATED),
        ("2026-01-01T18:00Z", DATED),
    ],
    ids=["no date", "no real date", "the end of time", "a huge year", "a day", "a minute"],
)
def test_what_tells_no_second_is_not_judged(created: str, headers: dict[str, str]) -> None:
    with pytest.raises(Unverified):
        check_records([chat(created, headers=headers).record], clock.stamps, clock.on_time, nothing="nothing to judge")


def test_one_instant_for_what_was_sent_seconds_apart_is_found() -> None:
    same = chat("2026-01-01T12:00:00Z", "2026-01-01T12:00:00Z", apart=4)
    assert "for both" in (judged(same, clock.far_apart, clock.moved_on) or "")
    assert (
        judged(chat("2026-01-01T12:00:00Z", "2026-01-01T12:00:04Z", apart=4), clock.far_apart, clock.moved_on) is None
    )
    with pytest.raises(Unverified):
        judged(chat("2026-01-01T12:00:00Z", "2026-01-01T12:00:00Z"), clock.far_apart, clock.moved_on)


@pytest.mark.parametrize(
    ("created", "value"),
    [
        ("2026-01-01T12:00:01Z", "on time"),
        ("2026-01-01T12:00:40Z", "40 s ahead"),
        ("2026-01-01T11:55:00Z", "5 min behind"),
        ("2026-01-01T17:30:00Z", "5.5 h ahead"),
    ],
)
def test_the_figure_is_observed(created: str, value: str) -> None:
    assert clock.observed([chat(created).record]).value == value


def emitted(*kept: str) -> Handmade:
    """A text that was sent once and emitted under two ids, and a history with some of them."""
    made = Handmade()
    made.opens("phone")
    made.greeted([message("old", id="m0")])
    made.emits({"text": "hello"})
    made.event(MESSAGE, message("hello", id="m1"))
    made.event(MESSAGE, message("hello", id="m2"))
    made.ack({"message": message("hello", id="m2")})
    shown = [message("old", id="m0"), *(message("hello", id=one) for one in kept)]
    made.fetches({"conversation": CONVERSATION, "messages": shown}, began=made.transcript.entries[-1].at)
    return made


def test_what_was_emitted_and_not_kept_is_found() -> None:
    assert '"m1"' in (judged(emitted("m2"), phantoms.repeated, phantoms.there) or "")
    assert judged(emitted("m1", "m2"), phantoms.repeated, phantoms.there) is None
    assert judged(emitted(), phantoms.repeated, phantoms.there) is None  # SEND-KEPT's


@pytest.mark.parametrize(
    ("event", "listed", "because"),
    [("12:00", "12:00", "PARITY-EVENT"), ("14:00", "12:00", "PARITY-REST"), ("14:00", "14:00", None)],
)
def test_an_instant_that_is_reported_differently_is_left_to_parity(
    event: str, listed: str, because: str | None
) -> None:
    made = Handmade()
    made.opens("phone")
    made.greeted()
    made.emits({"text": "hello"})
    made.event(MESSAGE, message(id="m1", createdAt=f"2026-01-01T{event}:00Z"))
    made.ack({"message": message(id="m1", createdAt="2026-01-01T14:00:00Z")})
    body = {"conversation": CONVERSATION, "messages": [message(id="m1", createdAt=f"2026-01-01T{listed}:00Z")]}
    made.fetches(body, headers=DATED, began=made.transcript.entries[-1].at)
    with pytest.raises(Deviation if because is None else Unverified) as found:
        check_records([made.record], clock.stamps, clock.on_time)
    assert getattr(found.value, "because", None) == because
