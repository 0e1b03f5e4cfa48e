"""What a target went of, or stalled at."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from conformance.drive.context import RunContext
from conformance.drive.liveness import Life
from conformance.drive.reruns import suspect
from conformance.drive.stimuli import stimuli
from conformance.drive.suspects import alone, as_likely, blame, fatal, fate, of_death, of_stall, silent_before, waiting
from conformance.errors import Deviation, Unverified
from conformance.protocol import TYPING
from conformance.record.transcript import Kind
from conformance.redaction import Redactor
from tests.support.losses import CUT, ERROR, chat, refused
from tests.support.peers import in_loop


def test_what_was_answered_killed_no_one() -> None:
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


def test_what_was_on_its_way_at_the_same_moment_may_have_been_it_just_as_well() -> None:
    made, other, earlier = chat(wave=2), chat("other", wave=2), chat("earlier", -5.0, wave=2)
    earlier.emits({"text": 7}, valid=False)
    earlier.ack({"error": ERROR})
    made.emits({"text": 7}, valid=False)
    other.emits(None, valid=False)
    token, late = refused("token"), refused("late", 1.0)
    found = [one for scene in (earlier, made, other, token, late) for one in stimuli(scene.transcript)]
    culprit = of_death(found, 0.1)
    assert culprit is not None
    others = as_likely(culprit, found, 0.1)
    assert sorted([culprit.judges[0], *(one.judges[0] for one in others)]) == ["REFUSAL-EVENT", "SEND-NO-OBJECT"]


@pytest.mark.parametrize(("went", "named"), [(0.6, ["REFUSAL-EVENT"]), (0.1, [])], ids=["before", "after"])
def test_what_was_sent_after_a_slow_target_went_was_not_it(went: float, named: list[str]) -> None:
    slow, made, late = chat("slow", -5.0, wave=2), chat(wave=2), refused("late", 0.5)
    slow.emits({"text": 7}, valid=False)
    slow.ack({"error": ERROR})
    made.emits(None, valid=False)
    earlier = [replace(one, took=1.0) for one in stimuli(slow.transcript)]
    [culprit] = [one for one in stimuli(made.transcript) if one.odd]
    found = [*earlier, culprit, *stimuli(late.transcript)]
    assert [one.judges[0] for one in as_likely(culprit, found, went)] == named


def test_of_a_slow_target_what_was_sent_just_after_it_was_heard_of_may_be_it() -> None:
    """It has answered such tokens before, and never anything without a payload."""
    [token], made = stimuli(refused("token").transcript), chat(wave=2, at=0.4)
    made.emits(None, valid=False)
    outlived = replace(token, at=-5.0, answered=True, took=1.0)
    found = [outlived, token, *stimuli(made.transcript)]
    culprit = of_stall(found, token.at + 0.2)
    assert culprit is not None
    assert culprit.judges == ["SEND-NO-OBJECT"]


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


def test_what_needs_no_answer_is_no_suspect_where_something_sent_later_was_answered() -> None:
    typing, null, other = chat("typing", wave=2), chat("null", 0.2, wave=2), chat("other", 0.1)
    typing.packet(Kind.SENT, "EVENT", event=TYPING, args=[None])
    null.emits(None, valid=False)
    other.says("hello")
    sent = [*stimuli(typing.transcript), *(one for one in stimuli(null.transcript) if one.odd)]
    suspects = [of_stall(sent, 0.2), of_stall([*sent, *stimuli(other.transcript)], 0.2)]
    assert [one and one.judges[0] for one in suspects] == ["TYPING-HARMLESS", "SEND-NO-OBJECT"]


def test_what_waits_its_turn_beside_something_odd_is_not_what_it_stalled_at() -> None:
    made, other = chat(wave=2), chat("other", 0.1, wave=2)
    made.emits({"text": "waits"}, plain=True)
    other.emits(None, valid=False)
    found = [*stimuli(made.transcript), *stimuli(other.transcript)]
    culprit = of_stall(found, other.transcript.entries[-1].at + 0.1)
    assert culprit is not None
    assert culprit.judges == ["SEND-NO-OBJECT"]


def test_what_a_refused_client_sent_needs_no_answer_and_is_no_suspect_beside_what_does() -> None:
    made, earlier, other = refused(), refused("earlier", -5.0), chat("other", 0.1, wave=2)
    for one in (earlier, made):
        one.event("help_center:error", ERROR)
        one.emits({"text": "hello"}, plain=True)
    other.emits(None, valid=False)
    sent = [one for scene in (earlier, made, other) for one in stimuli(scene.transcript)]
    culprit = of_stall(sent, made.transcript.entries[-1].at)
    assert culprit is not None
    assert culprit.judges == ["SEND-NO-OBJECT"]


@pytest.mark.parametrize(
    ("sent", "blamed"),
    [([1.0, 9.9], "REST-EXPIRY"), ([1.0, 9.85, 9.9], "SEND-NO-OBJECT"), ([9.85, 9.9, 9.9], "REST-EXPIRY")],
    ids=["few", "leaks", "all at once"],
)
def test_a_kind_that_is_never_answered_may_have_leaked_until_nothing_was_left(sent: list[float], blamed: str) -> None:
    made = [chat(str(at), at, wave=2) for at in sent]
    for one in made:
        one.emits(None, valid=False)
    other, asking = chat("other", 9.95), chat("asking", 9.8, wave=2)
    other.says("hello")
    asking.fetches(None, good=False, token="expired", token_kind="expired", status=0, by="network", began=0.0)
    culprit = of_stall([one for scene in (*made, other, asking) for one in stimuli(scene.transcript)], 10.0)
    assert culprit is not None
    assert culprit.judges == [blamed]


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


def test_whoever_judges_what_killed_it_blames_the_target_and_no_one_else_does() -> None:
    dead = refused()
    dead.closed(**CUT)
    [found] = stimuli(dead.transcript)
    dead.transcript.fatal = dict(fatal(found, how="it went down"))
    assert isinstance(fate(dead.transcript, ["REFUSAL-EVENT"]), Deviation)
    other = fate(dead.transcript, ["REFUSAL-CODE"])
    assert isinstance(other, Unverified)
    assert other.because == "REFUSAL-EVENT"
    assert blame(dead.transcript).at == (found.entry.serial,)
