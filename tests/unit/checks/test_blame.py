"""Whom an unverified requirement points at: the one that judges what went wrong, and saw it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from conformance.checks import authentication, parity, support
from conformance.checks.assertions import check_all
from conformance.checks.connection import acked, heard, transports_work, works
from conformance.checks.history import deep
from conformance.checks.history_window import windows
from conformance.checks.law import check_records
from conformance.checks.lifecycle import misses_nothing, showed_once, shows
from conformance.checks.upgrades import heard_once
from conformance.errors import Deviation, Unverified
from conformance.protocol import ERROR, MESSAGE, NAMESPACE
from conformance.record.transcript import Kind
from conformance.record.waits import message_named, message_of
from tests.support.handmade import CONVERSATION, Handmade, message, unverified


def _chat(transport: str = "polling") -> Handmade:
    made = Handmade()
    made.opens(transport=transport)
    made.greeted()
    made.says("one", tag="chat")
    return made


def _unanswered(*, ended: bool) -> Handmade:
    """A chat whose second text has no ack; with ``ended``, because the target ended the connection."""
    made = _chat()
    made.emits({"text": "two"}, tag="chat")
    if ended:
        made.closed("target")
    return made


# -- sends that were not acked -----------------------------------------------------------------------------------


def test_a_device_whose_transport_waits_for_its_turn_is_not_what_ended_a_scenario() -> None:
    made = _unanswered(ended=False)
    made.opens("tablet")
    made.transcript.entries[-2:] = []  # it has not asked for the namespace yet
    assert unverified(lambda: made.record.fetch("after")).because == "ACK-CALLED"


@pytest.mark.parametrize(("ended", "judge"), [(True, "CONN-STAYS"), (False, "ACK-CALLED")])
def test_a_missing_ack_points_at_the_end_of_the_connection_where_it_ended(ended: bool, judge: str) -> None:
    record = _unanswered(ended=ended).record
    with pytest.raises(Unverified) as transport:
        works(acked, record, record, because="ACK-CALLED")
    with pytest.raises(Unverified) as upgrade:
        transports_work(record, because="CONN-POLLING")
    with pytest.raises(Unverified) as depth:
        deep(next(iter(windows(record))), 20)
    assert [one.value.because for one in (transport, upgrade, depth)] == [judge] * 3


@pytest.mark.parametrize(("missing", "error"), [(1, Deviation), (2, Unverified)], ids=["the first", "one between"])
def test_a_list_that_is_short_for_a_message_that_was_lost_points_at_that(missing: int, error: type[Exception]) -> None:
    made = _chat()
    reported = [message("one", id="m1"), made.says("two"), made.says("three")]
    made.closed()
    made.opens("tablet")
    made.greeted([one for number, one in enumerate(reported, 1) if number != missing])
    with pytest.raises(error) as short:
        deep(windows(made.record)[-1], 3)
    assert getattr(short.value, "because", "SEND-KEPT") == "SEND-KEPT"


def test_a_doubled_ack_points_at_the_requirement_for_single_ones() -> None:
    made = _chat()
    made.ack({"message": {}})
    with pytest.raises(Unverified) as upgrade:
        transports_work(made.record, because="CONN-POLLING")
    assert upgrade.value.because == "ACK-ONCE"


# -- messages that are there, otherwise than the ack has them ----------------------------------------------------


def _reported(acked: dict[str, Any], reported: dict[str, Any]) -> Handmade:
    """A text whose ack and event differ, which was waited for by the id of the ack; and a history as the event."""
    made = _chat()
    made.emits({"text": "two"}, tag="chat")
    made.event(MESSAGE, reported)
    made.ack({"message": acked})
    made.add(Kind.EXPIRED, waiting=message_of(2), seconds=15.0)
    made.closed()
    made.opens("tablet")
    made.greeted([message("one", id="m1"), reported])
    return made


DIFFERENT = pytest.mark.parametrize(
    ("acked", "reported"),
    [
        (message("two", id="tmp-2"), message("two", id="m2")),
        (message("two", id="m1"), message("two", id="m2")),
        (message("two", id="m2"), message("tw…", id="m2")),
    ],
    ids=["another id", "the id of another", "another text"],
)


@DIFFERENT
def test_a_message_that_is_reported_otherwise_is_reported_all_the_same(
    acked: dict[str, Any], reported: dict[str, Any]
) -> None:
    record = _reported(acked, reported).record
    send = record.send("chat", 1)
    assert send.event.payload == reported
    assert heard(send)
    parity.heard(send)
    shows(record.connection("tablet"), record.tagged("chat"))


@DIFFERENT
def test_parity_judges_that_it_is_reported_otherwise(acked: dict[str, Any], reported: dict[str, Any]) -> None:
    record = _reported(acked, reported).record
    with pytest.raises(Deviation):
        check_all(parity.to_the_sender(record), parity.agree)


def test_a_message_that_is_not_emitted_is_found_though_support_repeats_it() -> None:
    parrot = message("two", id="m3", sender="support")
    send = _reported(message("two", id="m2"), parrot).record.send("chat", 1)
    assert not heard(send)
    assert unverified(lambda: send.event).because == "MESSAGE-ECHO"
    with pytest.raises(Deviation):
        parity.heard(send)


def test_a_device_that_hears_it_under_another_id_is_reported_of_it() -> None:
    made = Handmade()
    phone = made.opens("phone")
    made.greeted()
    tablet = made.opens("tablet")
    made.greeted()
    made.connection = phone
    made.emits({"text": "one"})
    made.add(
        Kind.RECEIVED, connection=tablet, packet="EVENT", namespace=NAMESPACE, event=MESSAGE, args=[message("one")]
    )
    made.ack({"message": message("one", id="tmp-1")})
    misses_nothing(made.record.connection("tablet"), made.record.send())


@pytest.mark.parametrize(
    ("ids", "judge"), [(("m1", "m1"), "MESSAGE-ID"), (("m1", "m2"), "RECONNECT-RESYNC")], ids=["by id", "by text"]
)
def test_what_was_doubled_before_points_at_who_judges_that(ids: tuple[str, str], judge: str) -> None:
    made = _chat()
    made.closed()
    made.opens("tablet")
    made.greeted([message("one", id=name) for name in ids])
    with pytest.raises(Unverified) as doubled:
        showed_once(made.record.connection("tablet").history, made.record.tagged("chat"))
    assert doubled.value.because == judge


# -- what support says -------------------------------------------------------------------------------------------


def _unheard(reported: Sequence[Any] = (), *, lagging: bool = False) -> Handmade:
    """A text, and a message of support that REST shows; ``reported`` is emitted. With ``lagging``, an earlier REST body
    shows neither."""
    made = _chat()
    replies = [message("thanks", id="s1", sender="support")]
    body = {"conversation": CONVERSATION, "messages": [message("one", id="m1"), *replies]}
    if lagging:
        made.fetches({**body, "messages": []}, began=made.transcript.entries[-1].at)
    made.fetches(body, began=made.transcript.entries[-1].at)
    made.event(MESSAGE, *reported)
    made.add(Kind.EXPIRED, waiting=message_named("s1"), seconds=15.0)
    return made


@pytest.mark.parametrize(
    ("reported", "because"),
    [([[message("thanks", id="s1", sender="support")]], "EVENT-ARGUMENT"), ([{"data": {"id": "s1"}}], "MESSAGE-SHAPE")],
    ids=["an array", "no id"],
)
def test_a_message_of_support_that_cannot_be_read_points_at_its_shape(reported: Sequence[Any], because: str) -> None:
    with pytest.raises(Unverified) as found:
        check_records([_unheard(reported).record], support.unheard, support.emitted)
    assert found.value.because == because


def test_a_message_of_support_that_was_there_before_points_at_the_history_that_left_it_out() -> None:
    with pytest.raises(Unverified) as found:
        check_records([_unheard([message("another", id="m9")], lagging=True).record], support.unheard, support.emitted)
    assert found.value.because == "SEND-KEPT"
    with pytest.raises(Deviation):
        check_records([_unheard([message("another", id="m9")]).record], support.unheard, support.emitted)


@pytest.mark.parametrize(
    ("socket", "status", "judge"), [(False, 404, "REST-FIRST"), (True, 404, "REST-OPEN"), (False, 500, "REST-OPEN")]
)
def test_rest_that_knows_no_one_before_their_socket_points_at_that(socket: bool, status: int, judge: str) -> None:
    made = _chat() if socket else Handmade()
    made.fetches({"code": "NOT_FOUND"}, status=status)
    assert unverified(lambda: made.record.fetch().history).because == judge


# -- and the rest ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("data", "errors", "error"), [(None, 1, Unverified), (None, 2, Deviation)])
def test_a_refusal_after_connect_without_sid_is_left_to_packets(data: Any, errors: int, error: type[Exception]) -> None:
    made = Handmade()
    made.opens(good=False)
    made.transcript.entries[-1].data["data"] = data
    for _ in range(errors):
        made.event(ERROR, {"code": "UNAUTHORIZED", "message": "no"})
    made.packet(Kind.RECEIVED, "DISCONNECT")
    with pytest.raises(error) as found:
        authentication.one_error(made.record.connection())
    assert getattr(found.value, "because", "CONN-PACKETS") == "CONN-PACKETS"


def test_a_message_in_the_name_of_support_was_heard_around_an_upgrade() -> None:
    made = Handmade()
    made.opens(transport="upgrade")
    made.greeted()
    for number, tag in enumerate(("before", "moving"), 1):
        made.says(f"text {number}", saved=message(f"text {number}", id=f"m{number}", sender="support"), tag=tag)
    heard_once(made.record, "phone")
