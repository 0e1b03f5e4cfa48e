"""What happened to several recordings at once."""

from __future__ import annotations

from conformance.drive.reruns import RerunPolicy
from conformance.record.incidents import incidents, losses
from conformance.record.transcript import Kind
from tests.support.losses import chat, cut


def test_what_several_lost_at_once_is_one_incident() -> None:
    together = [cut("one", 3.0), cut("two", 3.4), cut("alone", 9.0)]
    [incident] = incidents(loss for one in together for loss in losses(one))
    assert incident.scenarios == ["one", "two"]
    assert incident.described.startswith("within the same moments, 3.0 s after the start, 2 connections or requests")


def test_who_was_there_without_a_connection_is_recorded_again_too() -> None:
    policy = RerunPolicy()
    for one in (cut("one", 3.0), cut("two", 3.1)):
        policy.struck(one, [])
    between = chat("between", 2.9)
    between.transcript.entries[-1] = between.transcript.entries[-1].__class__(9, 0.5, Kind.MARK, "", 0, {})
    later = chat("later", 4.0)
    assert policy.struck(between.transcript, []) == (None, True)
    assert policy.struck(later.transcript, []) == (None, False)
