"""What is said of connections that several scenarios lost at once."""

from __future__ import annotations

from conformance.record.health import FIRST_TRY
from conformance.record.transcript import Transcript
from conformance.run.circumstances import happenings
from tests.support.losses import chat, cut


def lost_at_once(*again: Transcript) -> list[str]:
    """What is said where three scenarios lost something within a second, and these recordings followed, alone."""
    firsts = {one.key for one in again}
    names = {"one": 3.0, "two": 3.4, "three": 3.5}
    first = [cut(name + (FIRST_TRY if name in firsts else ""), at) for name, at in names.items()]
    return happenings([*again, *first], gone=False)


def sound(key: str, at: float) -> Transcript:
    return chat(key, at).transcript


def test_what_is_not_lost_again_was_the_environments() -> None:
    [note] = lost_at_once(sound("one", 10.0), sound("two", 12.0), sound("three", 14.0))
    assert note.startswith("within the same moments, 3.0 s after the start, 3 connections or requests of 3 scenarios")
    assert note.endswith("taken for one event of the environment, and recorded again")


def test_what_is_lost_again_is_the_targets_and_said_once() -> None:
    [note] = lost_at_once(cut("one", 10.0), cut("two", 10.5), cut("three", 11.0))
    assert note.startswith("within the same moments, 3.0 s after the start, 3 connections or requests of 3 scenarios")
    assert note.endswith(
        "; 3 of the 3 that were recorded again, alone, lost something once more: taken for the target's doing"
    )


def test_one_that_is_lost_again_does_not_speak_for_all() -> None:
    [note] = lost_at_once(cut("one", 10.0), sound("two", 12.0), sound("three", 14.0))
    assert note.endswith("taken for one event of the environment, and recorded again")


def test_later_losses_that_were_not_looked_into_are_of_the_same_kind() -> None:
    [note] = happenings(
        [
            *(cut(name, at) for name, at in (("one", 10.0), ("two", 12.0))),
            *(cut(name + FIRST_TRY, 3.0) for name in ("one", "two")),
            *(cut(name, 30.0) for name in ("late", "later")),
        ],
        gone=False,
    )
    assert note.startswith("within the same moments, 3.0 s, 30.0 s after the start, 4 connections or requests of 4")
