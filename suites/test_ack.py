"""Section 4.6: the acknowledgement of help_center:send."""

from __future__ import annotations

import pytest

from conformance.checks import ack, laws, odd_texts, parity
from conformance.checks.assertions import check_all
from conformance.checks.law import check_records
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.record.views import Everything, Record
from conformance.requirements import requirement

UNANSWERED = "no send was acked"
NOTHING_SAVED = "no message was accepted"
AT_ONCE = 8

ODD_TEXTS = pytest.mark.usefixtures("counting", "white_space", "zero_characters")
"""What one layer of a target trims, cuts or counts otherwise than another."""


@requirement("ACK-CALLED")
def test_a_send_that_asks_for_an_ack_gets_one(everything: Everything, cut_off: Record) -> None:
    _ = cut_off
    laws.ACK_CALLED.check(everything)


@requirement("ACK-ONCE")
def test_an_ack_comes_once(everything: Everything) -> None:
    laws.ACK_ONCE.check(everything)


@requirement("ACK-ARGUMENT")
def test_an_ack_has_one_argument_an_object(everything: Everything) -> None:
    laws.ACK_ARGUMENT.check(everything)


@requirement("ACK-SHAPE")
def test_an_ack_has_either_a_message_or_an_error(everything: Everything) -> None:
    laws.ACK_SHAPE.check(everything)


# -- sends in flight ---------------------------------------------------------------------------------------------


@scenario
async def in_flight(stage: Stage) -> None:
    """One device sends a text, and then eight without waiting in between; a second device shows the conversation."""
    async with stage.device("phone") as phone:
        await phone.send_plain(tag="before")
        await phone.pipeline([stage.words() for _ in range(AT_ONCE)])
    async with stage.device("tablet"):
        pass


@scenario
async def in_flight_on_two_devices(stage: Stage) -> None:
    """Two devices of one user send four texts each, at the same time, without waiting in between."""
    async with stage.device("phone") as phone, stage.device("tablet") as tablet:
        await stage.together(
            phone.pipeline([stage.words() for _ in range(AT_ONCE // 2)]),
            tablet.pipeline([stage.words() for _ in range(AT_ONCE // 2)]),
        )


@requirement("ACK-MATCH")
def test_each_ack_in_flight_answers_its_own_send(everything: Everything, in_flight: Record) -> None:
    _ = in_flight
    laws.ACK_MATCH.check(everything)


@requirement("ACK-MATCH")
def test_each_device_gets_the_acks_of_its_own_sends(in_flight_on_two_devices: Record) -> None:
    check_all(ack.acked_sends(in_flight_on_two_devices), ack.answers_its_own, nothing=UNANSWERED)


@requirement("PIPELINE-ORDER")
def test_sends_in_flight_keep_their_order(everything: Everything, in_flight: Record, burst: Record) -> None:
    _ = in_flight, burst
    laws.PIPELINE_ORDER.check(everything)


# -- one message over all channels ------------------------------------------------------------------------------------


@scenario
async def trimmed_on_all_roads(stage: Stage) -> None:
    """One device sends a text with white space around it; then REST and a second device show the conversation."""
    async with stage.device("phone") as phone:
        await phone.send_text(f" {stage.words()} \n", tag="padded")
    await stage.fetch()
    async with stage.device("tablet"):
        pass


@requirement("PARITY-EVENT")
def test_the_event_tells_what_the_ack_tells(everything: Everything, trimmed_on_all_roads: Record) -> None:
    _ = trimmed_on_all_roads
    laws.PARITY_EVENT.check(everything)


@requirement("PARITY-EVENT")
def test_the_event_on_another_device_tells_what_the_ack_tells(
    everything: Everything, in_flight_on_two_devices: Record
) -> None:
    _ = in_flight_on_two_devices
    laws.PARITY_EVENT_ELSEWHERE.check(everything)


@requirement("PARITY-GREETING")
def test_the_next_greeting_tells_what_the_ack_told(everything: Everything, trimmed_on_all_roads: Record) -> None:
    _ = trimmed_on_all_roads
    laws.PARITY_GREETING.check(everything)


@requirement("PARITY-REST")
def test_rest_tells_what_the_ack_told(everything: Everything, trimmed_on_all_roads: Record) -> None:
    _ = trimmed_on_all_roads
    laws.PARITY_REST.check(everything)


@requirement("PARITY-TIME")
def test_a_message_has_one_created_at_everywhere(everything: Everything) -> None:
    laws.PARITY_TIME.check(everything)


# -- the same of texts that need not be accepted ----------------------------------------------------------------------


@requirement("PARITY-EVENT")
@ODD_TEXTS
def test_the_event_of_an_odd_text_tells_what_the_ack_tells(everything: Everything) -> None:
    check_records(everything, odd_texts.in_events, parity.agree)


@requirement("PARITY-GREETING")
@ODD_TEXTS
def test_the_next_greeting_tells_what_the_ack_told_of_an_odd_text(everything: Everything) -> None:
    check_records(everything, odd_texts.in_histories("greeting"), parity.agree)


@requirement("PARITY-REST")
@ODD_TEXTS
def test_rest_tells_what_the_ack_told_of_an_odd_text(everything: Everything) -> None:
    check_records(everything, odd_texts.in_histories("REST"), parity.agree)
