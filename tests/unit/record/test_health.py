"""What counts as lost, what happened to several at once, who is recorded again, and what a target went of."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from conformance.drive.context import RunContext
from conformance.drive.liveness import Life
from conformance.drive.reruns import ALIKE, EXTRA, HELPED, Case, RerunPolicy, suspect
from conformance.drive.scenario import Scenario, ScenarioCall
from conformance.drive.stimuli import alone, blame, fatal, fate, of_death, of_stall, silent_before, stimuli, waiting
from conformance.errors import Deviation, Unverified
from conformance.protocol import TYPING
from conformance.record.health import (
    NO_FILES,
    accepts_no_token,
    accidents,
    is_of_socket_io_2,
    lost,
    out_of_files,
    oversized,
    silent,
    turned_away,
    unreached,
)
from conformance.record.incidents import incidents, losses
from conformance.record.transcript import Kind, Transcript
from conformance.redaction import Redactor
from tests.support.handmade import Handmade
from tests.support.peers import in_loop

ERROR = {"code": "UNAUTHORIZED", "message": "no"}
UNKNOWN = {"by": "target", "status": 400, "reason": "Session ID unknown"}
CUT = {"by": "network", "reason": "the connection ended without a close frame"}
REPLACED = {"by": "target", "code": 1012, "reason": "service restart"}


def began(made: Handmade, at: float = 0.0, *, wave: int = 1) -> Handmade:
    made.transcript.facts.update(began=at, deadline=5.0)
    made.transcript.wave = wave
    return made


def chat(key: str = "chat", at: float = 0.0, *, wave: int = 1) -> Handmade:
    made = began(Handmade(key), at, wave=wave)
    made.opens()
    made.greeted()
    return made


def refused(key: str = "refused", at: float = 0.0) -> Handmade:
    made = began(Handmade(key), at, wave=2)
    made.opens(good=False)
    return made


# -- what counts as lost -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wave", [1, 2])
@pytest.mark.parametrize("how", [UNKNOWN, CUT, REPLACED], ids=["forgotten", "cut", "replaced"])
def test_a_good_connection_may_be_lost_in_either_wave(wave: int, how: dict[str, Any]) -> None:
    made = chat(wave=wave)
    closed = made.closed(**how)
    assert lost(made.transcript) is closed
    assert accidents(made.transcript) == [closed]


@pytest.mark.parametrize("how", [UNKNOWN, CUT, REPLACED], ids=["forgotten", "cut", "replaced"])
def test_a_refused_client_may_be_lost_before_it_is_told(how: dict[str, Any]) -> None:
    made = refused()
    closed = made.closed(**how)
    assert lost(made.transcript) is closed


@pytest.mark.parametrize("how", [UNKNOWN, CUT, REPLACED], ids=["forgotten", "cut", "replaced"])
def test_a_client_that_was_refused_is_not_lost(how: dict[str, Any]) -> None:
    made = refused()
    made.event("help_center:error", ERROR)
    made.closed(**how)
    assert lost(made.transcript) is None


def test_a_target_that_hangs_up_on_bad_tokens_without_a_word_does_so_on_purpose() -> None:
    made = refused()
    made.closed(by="target", code=1000)
    assert lost(made.transcript) is None


def test_what_the_device_left_is_not_lost() -> None:
    made = chat()
    made.packet(Kind.SENT, "DISCONNECT")
    made.closed(**UNKNOWN)
    assert lost(made.transcript) is None


def test_a_namespace_that_is_ended_is_lost_where_the_input_was_documented() -> None:
    first, second = chat(), chat(wave=2)
    for made in (first, second):
        made.packet(Kind.RECEIVED, "DISCONNECT")
    assert lost(first.transcript) is not None
    assert lost(second.transcript) is None


def test_a_request_that_a_gateway_lost_is_lost() -> None:
    made = began(Handmade())
    answered = made.fetches(None, status=502, json=False)
    assert lost(made.transcript) is answered
    assert not unreached(made.transcript)


def test_a_wait_in_vain_after_the_last_word_is_silence() -> None:
    made = chat()
    made.emits({"text": "hello"})
    waited = made.add(Kind.EXPIRED, waiting={"ack": 1}, seconds=5.0)
    assert silent(made.transcript) is waited
    made.ack({"message": {}})
    assert silent(made.transcript) is None


# -- several at once -----------------------------------------------------------------------------------------------


def cut(key: str, at: float) -> Transcript:
    made = chat(key, at)
    made.closed(**CUT)
    return made.transcript


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


# -- who is recorded again -----------------------------------------------------------------------------------------


async def _nothing(_: object) -> None: ...


def case(*recordings: Transcript) -> Case:
    return Case(ScenarioCall(Scenario("chat", _nothing), {}), list(recordings), lost(recordings[0]))


def test_a_second_loss_counts_where_nobody_else_lost_anything() -> None:
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


def test_a_second_recording_that_helps_is_owed_to_nobody() -> None:
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


# -- what a target went of -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "judges"),
    [
        ((None,), ["SEND-NO-OBJECT"]),
        ((), ["SEND-NO-OBJECT"]),
        (({"text": ""},), ["REJECT-SURVIVED"]),
    ],
    ids=["null", "nothing", "empty"],
)
def test_who_judges_a_payload(args: tuple[Any, ...], judges: list[str]) -> None:
    made = chat(wave=2)
    made.emits(*args, valid=False)
    assert stimuli(made.transcript)[-1].judges == judges
    assert stimuli(made.transcript)[-1].odd


@pytest.mark.parametrize(
    ("payload", "judges"),
    [({"isTyping": True}, ["TYPING-HARMLESS"]), (None, ["TYPING-HARMLESS", "TYPING-ODD"])],
    ids=["documented", "odd"],
)
def test_who_judges_typing(payload: Any, judges: list[str]) -> None:
    made = chat()
    made.packet(Kind.SENT, "EVENT", event="help_center:typing", args=[payload])
    assert stimuli(made.transcript)[-1].judges == judges


def test_what_was_answered_killed_nobody() -> None:
    made = chat(wave=2)
    made.emits(None, valid=False)
    made.says("after")
    made.emits(None, valid=False)
    made.closed(**CUT)
    found = stimuli(made.transcript)
    assert [one.answered for one in found if one.odd] == [True, False]
    assert of_death(found, 0.02) is found[-1]


def test_a_target_that_is_ended_while_nothing_odd_is_on_its_way_is_not_blamed() -> None:
    made = chat()
    made.emits({"text": "hello"})
    made.closed(**CUT)
    found = stimuli(made.transcript)
    assert of_death(found, 0.02) is None
    assert [one.judges for one in waiting(found)] == [["SEND-VERBATIM"]]


def test_a_text_that_kills_it_again_and_again_alone_is_blamed() -> None:
    made = chat()
    made.says("before")
    made.emits({"text": "\N{GRINNING FACE}"})
    made.closed(**CUT)
    found = alone(stimuli(made.transcript), 1.0)
    assert found is not None
    assert found.judges == ["SEND-VERBATIM"]


def test_a_send_without_an_ack_that_kills_it_again_and_again_alone_is_blamed() -> None:
    made = chat()
    made.emits({"text": "plain"}, plain=True)
    made.emits({"text": "unacked"}, plain=True, ack=False)
    made.closed(**CUT)
    found = alone(stimuli(made.transcript), 1.0)
    assert found is not None
    assert found.judges == ["SEND-UNACKED"]


def test_what_is_named_first_is_what_differs_from_plain_texts() -> None:
    made = chat()
    made.packet(Kind.SENT, "EVENT", id=None, event=TYPING, args=[{"isTyping": True}])
    made.emits({"text": "plain"}, plain=True)
    made.emits({"text": "special"})
    made.emits(None, valid=False)
    named = [one.says for one in waiting(stimuli(made.transcript))]
    assert [says.rpartition(" ")[2] for says in named] == ["null", '"special"}', '"plain"}']


def test_a_target_that_stalls_at_a_plain_text_is_not_blamed() -> None:
    made = chat()
    made.emits({"text": "hello"}, plain=True)
    assert of_stall(stimuli(made.transcript), 0.0) is None


def test_a_target_that_stalls_at_something_odd_is() -> None:
    made = chat(wave=2)
    made.emits(None, valid=False)
    found = of_stall(stimuli(made.transcript), 0.0)
    assert found is not None
    assert found.judges == ["SEND-NO-OBJECT"]


def test_what_waits_its_turn_beside_something_odd_is_not_what_it_stalled_at() -> None:
    made, other = chat(wave=2), chat("other", 0.1, wave=2)
    made.emits({"text": "waits"}, plain=True)
    other.emits(None, valid=False)
    found = [*stimuli(made.transcript), *stimuli(other.transcript)]
    culprit = of_stall(found, other.transcript.entries[-1].at + 0.1)
    assert culprit is not None
    assert culprit.judges == ["SEND-NO-OBJECT"]


def test_what_was_outlived_for_long_is_not_what_it_stalled_at() -> None:
    made, other = chat(wave=2), chat("other", 5.0, wave=2)
    made.packet(Kind.SENT, "EVENT", event=TYPING, args=[None])
    other.emits({"text": "hello"}, plain=True)
    assert of_stall([*stimuli(made.transcript), *stimuli(other.transcript)], 5.0) is None


def test_a_target_that_was_silent_for_long_before_its_connections_ended_had_stalled() -> None:
    made = chat(wave=2)
    made.emits(None, valid=False)
    made.closed(**CUT)
    found = stimuli(made.transcript)
    assert silent_before(found, heard=0.0, died=15.0)
    assert not silent_before(found, heard=0.0, died=0.1)


def test_of_what_was_answered_what_differs_from_plain_texts_is_blamed() -> None:
    made = chat()
    made.emits({"text": "unacked"}, plain=True, ack=False)
    made.says("plain", plain=True)
    made.closed(**CUT)
    found = alone(stimuli(made.transcript), 0.1)
    assert found is not None
    assert found.judges == ["SEND-UNACKED"]


def test_a_request_that_came_when_a_refused_connection_broke_is_not_blamed() -> None:
    made = refused()
    made.event("help_center:error", ERROR)
    made.closed(**CUT)
    asked = made.transcript.entries[-1].at
    made.fetches(None, good=False, token="garbage", status=0, by="network", json=False, began=asked)
    dead = suspect(made.transcript)
    assert dead is not None
    assert dead.judges == ["REFUSAL-EVENT"]


def test_a_request_that_came_when_a_refused_connection_had_been_closed_is() -> None:
    made = refused()
    made.event("help_center:error", ERROR)
    made.closed(by="target", code=1000)
    asked = made.transcript.entries[-1].at
    made.fetches(None, good=False, token="garbage", status=0, by="network", json=False, began=asked)
    dead = suspect(made.transcript)
    assert dead is not None
    assert dead.judges == ["REST-REFUSAL"]


@in_loop
async def test_nothing_is_said_of_recordings_that_ended_after_the_target_had_gone() -> None:
    heard, dead, quiet = chat("heard", 1.0), refused("dead", 3.0), refused("quiet", 5.0)
    dead.closed(**CUT)
    quiet.closed(by="harness")
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    life = Life(RunContext.create(url, {}, None, Redactor(), deadline=0.2, settle=0.05, late_after=0.2))
    life.recordings += [heard.transcript, dead.transcript, quiet.transcript]
    await life.reached()
    assert life.gone is not None
    assert heard.transcript.unverified is None
    assert dead.transcript.fatal is not None
    assert quiet.transcript.unverified is not None
    assert quiet.transcript.unverified.startswith("the target stopped answering at ")


def test_whoever_judges_what_killed_it_blames_the_target_and_nobody_else_does() -> None:
    dead = refused()
    dead.closed(**CUT)
    [found] = stimuli(dead.transcript)
    dead.transcript.fatal = dict(fatal(found, how="it went down"))
    assert isinstance(fate(dead.transcript, ["REFUSAL-EVENT"]), Deviation)
    other = fate(dead.transcript, ["REFUSAL-CODE"])
    assert isinstance(other, Unverified)
    assert other.because == "REFUSAL-EVENT"
    assert blame(dead.transcript).at == (found.entry.serial,)


# -- who is turned away --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "turned"),
    [
        (ERROR, 200, True),
        ({"code": "SERVER_ERROR", "message": "no"}, 200, False),
        (None, 401, True),
        (None, 200, False),
    ],
)
def test_a_good_token_that_is_refused_is_turned_away(error: Any, status: int, turned: bool) -> None:
    made = chat()
    if error is not None:
        made.event("help_center:error", error)
    made.fetches(None, status=status)
    assert turned_away(made.transcript) is turned


def test_a_bad_token_that_is_refused_is_not() -> None:
    made = refused()
    made.event("help_center:error", ERROR)
    made.closed("target")
    assert not turned_away(made.transcript)


@pytest.mark.parametrize("status", [0, 401, 500])
@pytest.mark.parametrize("error", [None, ERROR])
def test_a_user_whose_tokens_are_accepted_nowhere_is_told_so(error: Any, status: int) -> None:
    made = began(Handmade())
    made.opens()
    if error is not None:
        made.event("help_center:error", error)
    made.fetches(None, status=status)
    assert accepts_no_token(made.record, "user 1") is (error is not None or status == 401)
    assert not accepts_no_token(made.record, "user 2")
    made.opens("tablet")
    made.greeted()
    assert not accepts_no_token(made.record, "user 1")


# -- what is not the target's failure, and what is no Help Center ------------------------------------------------------


def test_what_exceeds_a_limit_is_named() -> None:
    made = Handmade()
    made.opens("phone")
    assert oversized(made.transcript) is None
    made.add(Kind.CLOSED, device="phone", connection=1, by="target", reason="sent more than 9 bytes", oversized=9)
    assert oversized(made.transcript) == "phone: the target sent more than 9 bytes: raise --max-payload"


def test_our_own_want_of_files_is_named() -> None:
    made = Handmade()
    made.opens("phone")
    made.add(Kind.CLOSED, device="phone", connection=1, by="target", reason=NO_FILES)
    assert out_of_files(made.transcript) is None
    made.add(Kind.CLOSED, device="phone", connection=1, by="network", reason=f"OSError: {NO_FILES} Too many open files")
    assert "raise ulimit -n" in (out_of_files(made.transcript) or "")


@pytest.mark.parametrize("namespace", ["/", "/help-center"])
def test_socket_io_2_enters_a_namespace_by_itself(namespace: str) -> None:
    made = Handmade()
    made.opens("phone")
    made.add(Kind.RECEIVED, device="phone", connection=1, packet="CONNECT", namespace=namespace)
    assert is_of_socket_io_2(made.transcript) == (namespace == "/")
