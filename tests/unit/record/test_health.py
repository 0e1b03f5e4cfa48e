"""What counts as lost, who is turned away, and what is not the target's failure."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.record.health import (
    NO_FILES,
    accepts_no_token,
    accidents,
    is_of_socket_io_2,
    kept_out,
    lost,
    not_taken,
    out_of_files,
    oversized,
    silent,
    turned_away,
    unanswered,
    unreached,
)
from conformance.record.timeouts import ANSWER, ENGINE_HANDSHAKE
from conformance.record.transcript import Entry, Kind
from conformance.record.waits import HANDSHAKE
from tests.support.handmade import Handmade
from tests.support.losses import CUT, ERROR, REPLACED, UNKNOWN, began, chat, refused


@pytest.mark.parametrize("wave", [1, 2])
@pytest.mark.parametrize("how", [UNKNOWN, CUT, REPLACED], ids=["forgotten", "cut", "replaced"])
def test_a_good_connection_may_be_lost_in_either_wave(wave: int, how: dict[str, Any]) -> None:
    made = chat(wave=wave)
    closed = made.closed(**how)
    assert lost(made.transcript) is closed
    assert accidents(made.transcript) == [closed]


@pytest.mark.parametrize("how", [UNKNOWN, CUT, REPLACED], ids=["forgotten", "cut", "replaced"])
def test_a_refused_client_may_be_lost_before_it_is_reported(how: dict[str, Any]) -> None:
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
def test_a_user_whose_tokens_are_accepted_nowhere_hears_so(error: Any, status: int) -> None:
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


# -- what is not the target's failure, and what is not a Help Center ---------------------------------------------------


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


# -- who is kept out for the pace --------------------------------------------------------------------------------------


def asks(made: Handmade) -> None:
    """A device begins to connect."""
    made.connection += 1
    made.add(Kind.OPEN, device="phone", connection=made.connection, user="user 1", good=True, token="token")


def ended(made: Handmade, by: str, **how: Any) -> Entry:
    return made.add(Kind.CLOSED, device="phone", connection=made.connection, by=by, **how)


@pytest.mark.parametrize("status", [429, 503])
def test_a_device_that_is_refused_to_the_last_is_kept_out(status: int) -> None:
    made = Handmade()
    asks(made)
    ended(made, "target", status=status)
    assert kept_out(made.transcript)
    asks(made)
    ended(made, "harness")
    assert not kept_out(made.transcript)


def test_a_session_that_a_limit_ends_was_let_in() -> None:
    made = chat()
    made.closed(by="target", status=429)
    assert not kept_out(made.transcript)


def test_a_connection_that_is_not_taken_is_none_that_takes_too_long_or_is_limited() -> None:
    made = Handmade()
    asks(made)
    refused = ended(made, "network", reason="ClientConnectorError: Connect call failed")
    asks(made)
    made.add(Kind.EXPIRED, device="phone", connection=made.connection, waiting={"handshake": True}, seconds=5.0)
    ended(made, "network", reason="no handshake within 5.0 s")
    asks(made)
    ended(made, "target", status=503)
    assert not_taken(made.transcript) == [refused]
    assert not_taken(chat().transcript) == []


def test_what_had_no_answer_though_a_full_target_may_have_it_wait() -> None:
    made = chat()
    made.add(Kind.EXPIRED, waiting={"greeting": True}, seconds=15.0)
    assert unanswered(made.transcript) == set()
    made.add(Kind.EXPIRED, waiting=HANDSHAKE, seconds=15.0)
    assert unanswered(made.transcript) == {ENGINE_HANDSHAKE}
    made.add(Kind.HTTP, status=0, reason="ConnectError", by="network")
    assert unanswered(made.transcript) == {ENGINE_HANDSHAKE}
    made.add(Kind.HTTP, status=0, reason="ReadTimeout")
    assert unanswered(made.transcript) == {ENGINE_HANDSHAKE, ANSWER}
