"""Random conversations: programs are plain data, and their records come apart again."""

from __future__ import annotations

from hypothesis import given, settings

from conformance.drive.conversations import FEWEST, STEPS, Burst, Connect, Leave, Send, Step, Type, play, programs
from conformance.record.transcript import Kind
from conformance.record.views import Record
from conformance.reference import HelpCenter
from tests.support.peers import in_loop
from tests.support.staging import stage_on


@settings(derandomize=True, database=None, deadline=None)
@given(programs)
def test_a_program_is_a_few_steps_that_read_as_sentences(program: list[Step]) -> None:
    assert FEWEST <= len(program) <= STEPS
    assert all(len(str(step).split()) >= 2 for step in program)


def test_steps_read_as_sentences() -> None:
    said = [str(step) for step in (Connect("phone", "header", "polling", fresh=True), Leave("tablet", abruptly=True))]
    assert said == ["phone connects by header over polling with a fresh token", "tablet drops the line"]
    assert str(Burst(("phone", "tablet"), 3, fetch=True)) == "phone and tablet: 3 texts at once while REST is asked"
    assert str(Send("phone", ack=False, wait=False)) == "phone sends a plain text without an ack and goes on"


@in_loop
async def test_what_the_target_is_known_to_die_of_is_left_out() -> None:
    async with stage_on(HelpCenter, users=2) as stage:
        stage.deadly = {"SEND-UNACKED", "REJECT-SURVIVED", "TYPING-HARMLESS"}
        steps = [Send("phone", ack=False), Send("phone", "null"), Type("phone"), Send("phone", "an emoji")]
        await play(stage, steps)
    said = [entry.get("label") for entry in stage.transcript.marks]
    assert said == ["example", "phone sends an emoji", "all is quiet"]


@in_loop
async def test_each_program_is_a_record_of_its_own() -> None:
    async with stage_on(HelpCenter, users=2) as stage:
        await play(stage, [Send("phone"), Leave("phone", abruptly=True), Send("tablet", wait=False)])
        await play(stage, [])
        first, second = Record(stage.transcript).parts
    marks = [entry.get("label") for entry in first.transcript.of(Kind.MARK)]
    assert marks == [
        "example",
        "phone sends a plain text",
        "phone drops the line",
        "tablet sends a plain text and goes on",
        "all is quiet",
    ]
    assert {connection.device for connection in first.connections} == {"phone", "tablet", "stranger"}
    assert {connection.device for connection in second.connections} == {"phone", "stranger"}
    assert first.transcript.key != second.transcript.key
    assert Record(stage.transcript).smallest_first[0].transcript.key == second.transcript.key
