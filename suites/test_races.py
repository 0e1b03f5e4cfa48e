"""Overlap (sections 4.6, 6 and 7): devices come and go and REST is asked while messages flow, and nothing is lost."""

from __future__ import annotations

import pytest

from conformance.checks import ack, history
from conformance.checks.assertions import check_all
from conformance.checks.history_window import windows
from conformance.checks.law import check_records
from conformance.checks.lifecycle import misses_nothing, require, shows_once
from conformance.checks.parity import beside, heard_as_listed, heard_by, listed_unacked, without_gaps
from conformance.record.views import Record
from conformance.requirements import requirement

NOTHING_SENT = "no text was accepted"


def kept(crowd: Record) -> None:
    check_records([crowd], windows, history.kept, nothing=NOTHING_SENT)


@requirement("SEND-KEPT")
def test_nothing_is_lost_while_devices_come_and_go(crowd: Record) -> None:
    kept(crowd)


@requirement("RECONNECT-RESYNC")
def test_nothing_is_doubled_while_devices_come_and_go(crowd: Record) -> None:
    shows_once(crowd.connection("laptop").history, crowd.tagged("running"))


@requirement("ACK-MATCH")
def test_each_ack_is_its_own_while_devices_come_and_go(crowd: Record) -> None:
    check_all(ack.acked_sends(crowd), ack.answers_its_own, nothing=NOTHING_SENT)


@requirement("MESSAGE-DEVICES")
@pytest.mark.parametrize("device", ["tablet", "guest", "watch"])
def test_a_device_hears_on_after_another_has_left(crowd: Record, device: str) -> None:
    heard_by(crowd.connection(device), crowd.send("last"))


@requirement("DEVICE-JOIN")
@pytest.mark.parametrize("device", ["guest", "watch"])
def test_a_device_that_joins_a_running_chat_misses_nothing(crowd: Record, device: str) -> None:
    require(lambda: kept(crowd), because="SEND-KEPT")
    misses_nothing(crowd.connection(device), crowd.send("last"))


@requirement("MESSAGE-DEVICES")
def test_what_was_sent_by_a_device_that_was_cut_off_is_heard(cut_off: Record) -> None:
    check_all(listed_unacked(cut_off), heard_as_listed)


@requirement("MESSAGE-DEVICES")
def test_each_of_two_devices_that_poll_hears_what_the_other_one_sends(passers_by: Record) -> None:
    check_all(beside(passers_by, "passed"), without_gaps)
