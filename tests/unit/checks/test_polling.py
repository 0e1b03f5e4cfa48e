"""How POSTs over long-polling are answered."""

from __future__ import annotations

from conformance.checks.assertions import outcome_of
from conformance.checks.law import check_records
from conformance.checks.polling import answered_in_full, posting
from conformance.errors import Deviation
from conformance.record.transcript import Kind
from conformance.report import trace
from tests.support.handmade import Handmade


def chat(**answer: object) -> Handmade:
    made = Handmade()
    made.opens(transport="polling")
    made.add(Kind.ENGINE, direction="<", packet="the answer to a POST", via="polling", **answer)
    made.greeted()
    return made


def judged(made: Handmade) -> BaseException | None:
    return outcome_of(lambda records: check_records(records, posting, answered_in_full), [made.record])


def test_another_status_than_200_ends_the_session_for_some_clients() -> None:
    found = judged(chat(status=204))
    assert isinstance(found, Deviation)
    assert "HTTP 204, at which the JavaScript client gives the session up" in str(found)
    assert judged(chat()) is None


def test_the_status_is_shown() -> None:
    made = chat(status=204)
    [line] = [line for line in trace.lines(made.transcript) if "HTTP 204" in line]
    assert line.endswith("the answer to a POST over polling")
