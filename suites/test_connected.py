"""Sections 4.1 and 9: help_center:connected, the first event of a connection, and whose conversation it shows."""

from __future__ import annotations

import pytest

from conformance.checks import aftermath, clock, history, laws
from conformance.checks.history_window import windows
from conformance.checks.law import check_records
from conformance.record.views import Everything, Record
from conformance.requirements import requirement

SHOWN_ONCE = "no conversation with a message was shown twice"


@requirement("CONNECTED-SENT")
def test_a_good_connection_is_greeted(everything: Everything, cut_off: Record) -> None:
    _ = cut_off
    laws.CONNECTED_SENT.check(everything)


@requirement("CONNECTED-SENT")
@pytest.mark.usefixtures("counting", "white_space", "zero_characters", "half_a_pair")
def test_a_user_is_greeted_whatever_text_was_accepted(everything: Everything) -> None:
    check_records(everything, aftermath.after(accepted=True), aftermath.greeted)


@requirement("CONNECTED-FIRST")
def test_the_greeting_is_the_first_event(everything: Everything) -> None:
    laws.CONNECTED_FIRST.check(everything)


@requirement("CONNECTED-ONCE")
def test_a_connection_is_greeted_once(everything: Everything) -> None:
    laws.CONNECTED_ONCE.check(everything)


@requirement("CONNECTED-SHAPE")
def test_every_greeting_fits(everything: Everything) -> None:
    laws.CONNECTED_SHAPE.check(everything)


@requirement("CONNECTED-OWN")
def test_the_messages_shown_belong_to_the_conversation_shown(everything: Everything) -> None:
    laws.CONNECTED_OWN.check(everything)


@requirement("CONNECTED-USER")
def test_a_user_has_one_user_id(everything: Everything) -> None:
    laws.CONNECTED_USER.check(everything)


@requirement("CONNECTED-CONVERSATION")
def test_a_user_has_one_conversation(everything: Everything) -> None:
    laws.CONNECTED_CONVERSATION.check(everything)


@requirement("CONNECTED-USER")
def test_another_user_has_another_user_id(everything: Everything, neighbours: Record) -> None:
    _ = neighbours
    laws.CONNECTED_USER_OF_OTHERS.check(everything)


@requirement("CONNECTED-CONVERSATION")
def test_another_user_has_another_conversation(everything: Everything, neighbours: Record) -> None:
    _ = neighbours
    laws.CONNECTED_CONVERSATION_OF_OTHERS.check(everything)


@requirement("CONNECTED-TIME")
def test_the_instants_of_a_conversation_are_set_and_past(everything: Everything) -> None:
    check_records(everything, windows, clock.possible, nothing="no conversation was shown")


@requirement("CONNECTED-TIME")
def test_a_conversation_keeps_the_instant_of_its_beginning(everything: Everything, patient_chat: Record) -> None:
    _ = patient_chat
    check_records(everything, history.after_the_first_message, clock.begins_once, nothing=SHOWN_ONCE)
