"""Adaptive timeouts: how long the run waits for what must come, by what it has seen so far."""

from __future__ import annotations

from conformance.record.timeouts import IN_VAIN, OFTEN, SHORTEST, SURE, AdaptiveTimeout, late
from conformance.record.transcript import Doubt


def untaught() -> AdaptiveTimeout:
    return AdaptiveTimeout(deadline=4.0, late=12.0)


def test_nothing_is_known() -> None:
    assert untaught().of("ack") == 12.0
    assert (late(1.0), late(10.0)) == (15.0, 30.0)


def test_what_never_came_is_given_up_soon() -> None:
    timeout = untaught()
    assert timeout.gave_up("ack", 12.0) is None
    assert timeout.of("ack") == 4.0 / IN_VAIN
    assert timeout.gave_up("ack", 1.0) is Doubt.UNPRECEDENTED
    assert timeout.of("message") == 12.0


def test_who_never_acks_acks_no_refusal_either() -> None:
    timeout = untaught()
    timeout.gave_up("ack", 12.0)
    assert timeout.of("refusing ack") == 4.0 / IN_VAIN
    timeout.came("ack", 0.1)
    assert timeout.of("refusing ack") == 12.0


def test_without_any_greeting_no_ack_is_expected_and_no_greeting_of_an_experiment() -> None:
    timeout = untaught()
    timeout.gave_up("connected", 12.0)
    kinds = ("ack", "refusing ack", "connected on trial")
    assert [timeout.of(kind) for kind in kinds] == [4.0 / IN_VAIN] * 3
    assert timeout.of("refusal") == timeout.of("REST") == 12.0
    timeout.came("connected", 11.0)
    assert [timeout.of(kind) for kind in kinds] == [12.0] * 3


def test_what_came_is_not_hopeless_whatever_did_not() -> None:
    timeout = untaught()
    timeout.came("ack", 0.1)
    timeout.gave_up("connected", 12.0)
    assert timeout.of("ack") == 12.0


def test_a_wait_is_short_once_some_were_lost() -> None:
    timeout = untaught()
    timeout.came("REST", 0.1)
    for _ in range(SURE):
        assert not timeout.is_short("REST")
        timeout.gave_up("REST", 12.0)
    assert timeout.is_short("REST")
    assert not timeout.is_short("ack")
    timeout.gave_up("ack", 12.0)
    assert timeout.is_short("ack")


def test_a_first_loss_does_not_shorten_the_wait_for_what_comes() -> None:
    timeout = untaught()
    timeout.came("ack", 0.1)
    assert timeout.gave_up("ack", 12.0) is None
    assert timeout.of("ack") == 12.0


def test_after_some_losses_what_came_says_how_long_to_wait() -> None:
    timeout = untaught()
    timeout.came("ack", 0.5)
    for _ in range(SURE):
        timeout.gave_up("ack", 12.0)
    assert timeout.of("ack") == 1.5
    timeout.came("ack", 3.0)
    assert timeout.of("ack") == 9.0


def test_what_comes_late_makes_patient() -> None:
    timeout = untaught()
    timeout.gave_up("ack", 12.0)
    timeout.came("ack", 11.0)
    assert timeout.of("ack") == 33.0
    assert timeout.gave_up("ack", 32.0) is Doubt.SLOW
    timeout.came("ack", 100.0)
    assert timeout.of("ack") == 36.0


def test_what_never_came_is_waited_for_ever_more_briefly() -> None:
    timeout = untaught()
    timeout.gave_up("ack", 12.0)
    for _ in range(OFTEN):
        timeout.gave_up("ack", 1.0)
    assert timeout.of("ack") == 4.0 / IN_VAIN / 2
    for _ in range(10 * OFTEN):
        timeout.gave_up("ack", 1.0)
    assert timeout.of("ack") == 4.0 / IN_VAIN / SHORTEST
    timeout.came("ack", 0.1)
    assert timeout.of("ack") == 12.0


def test_whether_any_of_some_kinds_ever_came() -> None:
    timeout = untaught()
    timeout.gave_up("ack", 12.0)
    assert not timeout.ever_came()
    assert not timeout.ever_came("ack", "REST")
    timeout.came("ack", 0.1)
    assert timeout.ever_came("ack", "REST")


def test_what_stands_behind_many_others_may_take_as_many_times_as_long() -> None:
    timeout = untaught()
    timeout.came("ack", 2.0)
    assert [timeout.of("ack", behind) for behind in (0, 3, 10, 100)] == [12.0, 12.0, 20.0, 36.0]
    assert timeout.gave_up("ack", 36.0, 100) is Doubt.SLOW
    assert timeout.gave_up("ack", 20.0, 10) is None


def test_a_target_is_slow_by_its_acks() -> None:
    timeout = untaught()
    assert not timeout.slow
    timeout.came("handshake", 3.0)
    timeout.came("ack", 4.0 / IN_VAIN)
    assert not timeout.slow
    timeout.came("ack", 1.5)
    assert timeout.slow
