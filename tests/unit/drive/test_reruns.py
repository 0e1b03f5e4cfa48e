"""Who is recorded again, and how often."""

from __future__ import annotations

from dataclasses import replace

from conformance.drive.reruns import AGAIN, ALIKE, EXTRA, HELPED, Case, RerunPolicy, suspect
from conformance.drive.scenario import Scenario, ScenarioCall
from conformance.record.health import lost
from conformance.record.transcript import Kind, Transcript
from tests.support.losses import CUT, chat, cut, refused


async def _nothing(_: object) -> None: ...


def case(*recordings: Transcript) -> Case:
    return Case(ScenarioCall(Scenario("chat", _nothing), {}), list(recordings), lost(recordings[0]))


def test_a_second_loss_counts_where_no_one_else_lost_anything() -> None:
    assert not RerunPolicy().once_more(died=False)


def test_a_second_loss_in_a_restless_environment_is_recorded_again_so_often() -> None:
    policy = RerunPolicy(restless=True)
    assert [policy.once_more(died=False) for _ in range(EXTRA + 1)] == [*[True] * EXTRA, False]


def test_a_third_recording_that_helps_is_owed_to_others_too() -> None:
    policy = RerunPolicy(restless=True)
    for number in range(EXTRA + HELPED):
        assert policy.once_more(died=False), number
        policy.calm(case(*[cut("one", 1.0)] * 2, chat("one").transcript))
    assert not policy.once_more(died=False)


def test_a_second_recording_that_helps_is_owed_to_no_one() -> None:
    policy = RerunPolicy(restless=True, extra=0)
    policy.calm(case(cut("one", 1.0), chat("one").transcript))
    assert not policy.once_more(died=False)


def test_a_server_that_loses_all_is_not_asked_for_ever() -> None:
    policy = RerunPolicy()
    one = case(cut("one", 1.0))
    assert policy.worthwhile(one)
    policy.recurred[Kind.CLOSED] = 5
    assert not policy.worthwhile(one)


def test_what_was_blamed_often_enough_is_not_tried_again() -> None:
    policy = RerunPolicy()
    dead = refused()
    dead.closed(**CUT)
    found = suspect(dead.transcript)
    assert found is not None
    assert policy.familiar(case(dead.transcript)) is None
    for _ in range(ALIKE):
        policy.blame(found)
    assert policy.familiar(case(dead.transcript)) == "REFUSAL-EVENT"


def in_vain(waiting: dict[str, bool]) -> Transcript:
    made = chat("one")
    made.opens()
    made.add(Kind.EXPIRED, waiting=waiting, seconds=15.0)
    return made.transcript


def test_who_waits_in_vain_is_recorded_again_once_a_connection_was_not_answered_beside_others() -> None:
    policy = RerunPolicy()
    assert not policy.waits(in_vain({"greeting": True}), others=True, slow=False)
    assert not policy.waits(in_vain({"handshake": True}), others=False, slow=False)
    assert policy.waits(in_vain({"handshake": True}), others=True, slow=False)
    assert policy.waits(in_vain({"greeting": True}), others=False, slow=False)
    policy.in_vain = 5
    assert not policy.waits(in_vain({"handshake": True}), others=True, slow=False)


def test_who_waits_in_vain_beside_others_for_a_slow_target_is_recorded_again() -> None:
    policy = RerunPolicy()
    assert not policy.waits(in_vain({"ack": True}), others=True, slow=False)
    assert policy.waits(in_vain({"ack": True}), others=True, slow=True)
    assert not policy.waits(chat("quick").transcript, others=True, slow=True)
    for _ in range(AGAIN):
        policy.waits(in_vain({"ack": True}), others=False, slow=True)
    assert not policy.waits(in_vain({"ack": True}), others=True, slow=True)


def test_what_has_no_answer_five_times_when_nothing_else_is_recorded_wants_no_room() -> None:
    policy = RerunPolicy()
    policy.waits(in_vain({"handshake": True}), others=True, slow=False)
    policy.waits(in_vain({"handshake": True}), others=True, slow=False)
    for alone in range(AGAIN):
        assert policy.in_vain == alone
        assert not policy.alone_in_vain
        policy.waits(in_vain({"handshake": True}), others=False, slow=False)
    assert policy.alone_in_vain
    assert not policy.waits(in_vain({"handshake": True}), others=True, slow=False)


def test_alone_without_an_answer_to_other_things_says_nothing_of_room() -> None:
    policy = RerunPolicy(crowded=True)
    policy.waits(in_vain({"greeting": True}), others=False, slow=False)
    assert policy.in_vain == 0


def beside(one: Transcript) -> Case:
    return replace(case(one), bystander=True)


def test_who_was_there_when_others_lost_something_is_recorded_again() -> None:
    policy = RerunPolicy()
    assert not policy.worthwhile(beside(chat("there", 3.05).transcript))
    for one in (cut("one", 3.0), cut("two", 3.1)):
        policy.struck(one, [])
    assert policy.worthwhile(beside(chat("there", 3.05).transcript))
    assert not policy.worthwhile(beside(chat("later", 9.0).transcript))
    policy.in_vain = AGAIN
    assert policy.worthwhile(replace(beside(chat("there", 3.05).transcript), waited=True))
    assert not policy.worthwhile(replace(beside(chat("later", 9.0).transcript), waited=True))


def test_nobody_is_recorded_again_for_what_others_lose_of_the_target_s_own_doing() -> None:
    policy = RerunPolicy()
    for one in (cut("one", 3.0), cut("two", 3.1)):
        policy.struck(one, [])
    policy.recurred[Kind.HTTP] = AGAIN
    assert policy.struck(chat("there", 3.05).transcript, []) == (None, True)
    policy.recurred[Kind.CLOSED] = AGAIN
    assert not policy.worthwhile(beside(chat("there", 3.05).transcript))
    assert policy.struck(chat("there", 3.05).transcript, []) == (None, False)
