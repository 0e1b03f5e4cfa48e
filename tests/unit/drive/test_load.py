"""How many scenarios are recorded at once depends on what a greeting costs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.drive.load import FEWEST, LARGE, Load, measured
from conformance.record.transcript import Kind
from tests.support.handmade import Handmade, message


@pytest.mark.parametrize(
    ("load", "at_once"),
    [
        (Load(), 24),
        (Load(10, 4.0), 24),
        (Load(10_000, 0.01), 24),
        (Load(10_000, 0.25), 10),
        (Load(10_000, 9.0), FEWEST),
    ],
)
def test_large_greetings_make_them_fewer(load: Load, at_once: int) -> None:
    assert load.at_once(24, 5.0) == at_once


def test_no_more_than_asked_for() -> None:
    assert Load(10_000, 9.0).at_once(1, 5.0) == 1


def test_what_a_greeting_takes_is_what_the_slowest_took_for_its_length() -> None:
    records = []
    for count, seconds in ((LARGE, 0.2), (2 * LARGE, 0.1), (5, 3.0)):
        chat = Handmade()
        chat.opens()
        asked = next(entry.at for entry in chat.transcript if entry.kind is Kind.SENT)
        greeting = chat.greeted([message("hello", id=f"m{number}") for number in range(count)])
        chat.transcript.entries[-1] = replace(greeting, at=asked + seconds)
        records.append(chat.record)
    load = measured([(records[0], 1), (records[1], 1), (records[2], 1)])
    assert load.messages == 2 * LARGE
    assert load.seconds == pytest.approx(0.4)
    assert measured([(records[0], 4)]).seconds == pytest.approx(0.05)


def test_it_is_said_where_conversations_are_long() -> None:
    assert Load(5, 0.1).note(24, 5.0) is None
    said = "a greeting with 10,000 messages took 0.50 s: 5 scenarios were recorded at once"
    assert Load(10_000, 0.5).note(24, 5.0) == said
    assert "24 scenarios could be" in str(Load(10_000, 0.01).note(24, 5.0))
