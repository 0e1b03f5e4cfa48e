"""Visits made by hand, and what becomes of them."""

from __future__ import annotations

from conformance.load.judge import Judge
from conformance.load.story import Person, Story
from conformance.load.tally import Tally
from conformance.protocol import Json
from conformance.redaction import Redactor
from tests.support.handmade import Handmade, message

RUN = "0badcafe"


def person(tag: str = "0123456789") -> Person:
    return Person(RUN, tag)


def words(number: int, tag: str = "0123456789") -> str:
    return f"conformance check {RUN}{tag} number {number}"


def story(visit: Handmade, who: Person | None = None, *, later: float = 0.0) -> Story:
    """``later``: how many seconds after others it began."""
    made = Story(who or person(), Redactor(), late=15.0, settle=0.3)
    made.began += later
    made.transcript.entries = visit.transcript.entries
    return made


def judged(visit: Handmade, who: Person | None = None) -> Tally:
    judge = Judge(Tally(), lambda _: None)
    judge.over(story(visit, who))
    return judge.tally


def chat(*numbers: int, history: Json = ()) -> tuple[Handmade, list[Json]]:
    """A visit whose texts are accepted, and its messages."""
    visit = Handmade("visit")
    visit.opens()
    visit.greeted(history)
    said = [visit.says(words(number), saved=message(words(number), id=f"m{number}"), plain=True) for number in numbers]
    return visit, said


def violated(tally: Tally) -> set[str]:
    return {name for name, often in tally.violated.items() if often}
