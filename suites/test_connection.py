"""Sections 1, 2.1 and 9: namespace, transports, packets, and connections that stay."""

from __future__ import annotations

import pytest

from conformance.checks import laws
from conformance.checks.assertions import check_all
from conformance.checks.connection import (
    accepted_over_transport,
    acked,
    carries,
    greets_at_length,
    heard,
    not_ended,
    settled,
    stays,
    transports_work,
    works,
)
from conformance.checks.law import check_records
from conformance.checks.lifecycle import require, showed_once, shows, shows_once
from conformance.checks.packets import entered, handshakes, lists_upgrades
from conformance.checks.pings import held, pinged
from conformance.checks.polling import answered_in_full, posting
from conformance.checks.upgrades import acked_once, heard_once, heard_over_polling, stayed
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.inputs.texts import long_text
from conformance.record.views import Everything, Record
from conformance.requirements import requirement
from suites.coming_and_going import PINGED

QUIET, LONG = 1.5, 3.5
"""Seconds that a connection is left alone, and then once more: longer than anybody types in ``typing_long``."""
LONG_ROUNDS, LONG_AT_ONCE, SLOW = 3, 4, 2.0
"""How often some texts of 6,000 bytes are sent, and how many without waiting in between; seconds from which on no more
are sent."""


# -- the namespace (2.1) -------------------------------------------------------------------------------------------


@requirement("CONN-NAMESPACE")
def test_a_client_enters_the_namespace(plain_chat: Record) -> None:
    entered(plain_chat.connection())


@requirement("CONN-NAMESPACE")
def test_everything_is_said_in_the_namespace(everything: Everything) -> None:
    laws.CONN_NAMESPACE.check(everything)


# -- the transports (1) --------------------------------------------------------------------------------------------


@requirement("CONN-WEBSOCKET")
def test_a_client_over_websocket_is_let_in(
    websocket_chat: Record, polling_chat: Record, everything: Everything
) -> None:
    accepted_over_transport(websocket_chat, polling_chat, everything)


@requirement("CONN-WEBSOCKET")
def test_sends_over_websocket_are_acked(websocket_chat: Record, polling_chat: Record, everything: Everything) -> None:
    works(acked, websocket_chat, polling_chat, because="ACK-CALLED", everything=everything)


@requirement("CONN-WEBSOCKET")
def test_messages_are_heard_over_websocket(
    websocket_chat: Record, polling_chat: Record, everything: Everything
) -> None:
    works(heard, websocket_chat, polling_chat, because="MESSAGE-ECHO", everything=everything)


@requirement("CONN-WEBSOCKET")
def test_texts_beyond_ascii_come_back_over_websocket(websocket_chat: Record, polling_chat: Record) -> None:
    carries(websocket_chat.tagged("foreign"), polling_chat.tagged("foreign"))


@requirement("CONN-POLLING")
def test_a_client_over_polling_is_let_in(polling_chat: Record, websocket_chat: Record, everything: Everything) -> None:
    accepted_over_transport(polling_chat, websocket_chat, everything)


@requirement("CONN-POLLING")
def test_sends_over_polling_are_acked(polling_chat: Record, websocket_chat: Record, everything: Everything) -> None:
    works(acked, polling_chat, websocket_chat, because="ACK-CALLED", everything=everything)


@requirement("CONN-POLLING")
def test_messages_are_heard_over_polling(polling_chat: Record, websocket_chat: Record, everything: Everything) -> None:
    works(heard, polling_chat, websocket_chat, because="MESSAGE-ECHO", everything=everything)


@requirement("CONN-POLLING")
def test_texts_beyond_ascii_come_back_over_polling(polling_chat: Record, websocket_chat: Record) -> None:
    carries(polling_chat.tagged("foreign"), websocket_chat.tagged("foreign"))


@scenario
async def long_polls(stage: Stage) -> None:
    """One device sends a dozen texts that are nearly as long as may be, four at a time: more than gateways buffer of an
    answer; fewer where the target is slow. Another one shows them; then a third one comes over long-polling, which is
    to show them, too, and sends such a text, and four more at once, as clients do that have been away."""
    async with stage.device("phone") as phone:
        began = stage.recorder.now
        for _ in range(LONG_ROUNDS):
            texts = [long_text(stage.words()) for _ in range(LONG_AT_ONCE)]
            await stage.together(*(phone.send_text(text, tag="long") for text in texts))
            if stage.recorder.now - began > SLOW:
                break
    async with stage.device("tablet"):
        pass
    async with stage.device("laptop", transport="polling") as laptop:
        await laptop.send_text(long_text(stage.words()), tag="polled")
        at_once = [long_text(stage.words()) for _ in range(LONG_AT_ONCE)]
        await stage.together(*(laptop.send_text(text, tag="polled") for text in at_once))


@requirement("CONN-POLLING")
def test_a_long_conversation_is_shown_over_polling(long_polls: Record) -> None:
    greets_at_length(long_polls.connection("laptop"), long_polls.connection("tablet"))


@requirement("CONN-POLLING")
def test_a_long_text_comes_back_over_polling(long_polls: Record) -> None:
    _ = long_polls.connection("laptop").history
    carries(long_polls.tagged("polled"), long_polls.tagged("long"))


@requirement("CONN-POLLING")
def test_posts_over_polling_are_answered_with_200(everything: Everything, polling_chat: Record) -> None:
    _ = polling_chat
    check_records(everything, posting, answered_in_full, nothing="no client over long-polling shook hands")


# -- the upgrade (1) -----------------------------------------------------------------------------------------------


@pytest.fixture
def sound_transports(polling_chat: Record, websocket_chat: Record) -> None:
    """Where a transport by itself loses something, that is not the upgrade's fault."""
    transports_work(polling_chat, because="CONN-POLLING")
    transports_work(websocket_chat, because="CONN-WEBSOCKET")


@requirement("CONN-UPGRADE")
@pytest.mark.usefixtures("sound_transports")
def test_every_send_around_an_upgrade_is_acked_once(upgraded: Record) -> None:
    check_all(upgraded.tagged("moving"), acked_once)


@requirement("CONN-UPGRADE")
@pytest.mark.usefixtures("sound_transports")
def test_the_sender_hears_every_message_around_its_upgrade_once(upgraded: Record) -> None:
    heard_once(upgraded, "phone")


@requirement("CONN-UPGRADE")
@pytest.mark.usefixtures("sound_transports")
def test_a_listener_hears_every_message_around_its_upgrade_once(upgraded_beside: Record) -> None:
    heard_once(upgraded_beside, "phone")


@requirement("CONN-UPGRADE")
@pytest.mark.usefixtures("sound_transports")
def test_every_message_around_an_upgrade_is_saved(upgraded: Record) -> None:
    require(lambda: shows(upgraded.connection("tablet"), upgraded.tagged("before")), because="SEND-KEPT")
    shows(upgraded.connection("tablet"), upgraded.tagged("moving"), unless="SEND-KEPT")


@requirement("CONN-UPGRADE")
@pytest.mark.usefixtures("sound_transports")
def test_no_message_around_an_upgrade_is_saved_twice(upgraded: Record) -> None:
    showed_once(upgraded.connection("tablet").history, upgraded.tagged("before"))
    shows_once(upgraded.connection("tablet").history, upgraded.tagged("moving"), unless="RECONNECT-RESYNC")


@scenario(extra=True)
async def upgrade_given_up(stage: Stage) -> None:
    """One device connects over long-polling and sends a text. It probes a WebSocket, which ends as soon as that has
    answered, as where the line drops; then it sends another text over long-polling."""
    async with stage.device("phone", transport="upgrade") as phone:
        await phone.send_plain(tag="before")
        await phone.upgrade(give_up=True)
        await phone.send_text(stage.words(), tag="stayed")


@requirement("CONN-UPGRADE")
@pytest.mark.usefixtures("sound_transports")
def test_a_send_after_an_upgrade_that_was_given_up_is_acked_once(upgrade_given_up: Record) -> None:
    check_all(stayed(upgrade_given_up), acked_once)


@requirement("CONN-UPGRADE")
@pytest.mark.usefixtures("sound_transports")
def test_the_sender_hears_its_message_after_an_upgrade_that_was_given_up(upgrade_given_up: Record) -> None:
    check_all(stayed(upgrade_given_up), heard_over_polling)


# -- packets (1) ---------------------------------------------------------------------------------------------------


@scenario(wave=2, limit_concurrency=True)
async def turned_away(stage: Stage) -> None:
    """A client connects with a token that is not a token."""
    async with stage.device("phone", token=await stage.user.bad("garbage")):
        pass


@requirement("CONN-PACKETS")
def test_everything_the_server_sends_is_a_whole_packet(everything: Everything) -> None:
    laws.CONN_PACKETS.check(everything)


@requirement("CONN-PACKETS")
def test_every_handshake_lists_the_upgrades(everything: Everything) -> None:
    check_records(everything, handshakes, lists_upgrades, nothing="no handshake came")


@requirement("CONN-PACKETS")
def test_a_refusal_is_made_of_whole_packets(turned_away: Record) -> None:
    laws.CONN_PACKETS.check([turned_away])


# -- connections that stay (9) -------------------------------------------------------------------------------------


@scenario(takes_seconds=True)
async def quiet(stage: Stage) -> None:
    """One device connects, is silent for a while, and until it is pinged where the handshake announces that for soon;
    it sends a text, is silent again and sends another; and, after some seconds more, a third one."""
    async with stage.device("phone") as phone:
        await stage.together(phone.wait_closed(within=QUIET), phone.until_pinged(at_most=PINGED))
        await phone.send_plain(tag="first")
        await phone.wait_closed(within=stage.run.settle)
        await phone.send_plain(tag="second")
        await phone.wait_closed(within=LONG)
        await phone.send_plain(tag="third")


@requirement("CONN-STAYS")
def test_a_good_connection_stays(everything: Everything, websocket_chat: Record, renewed: Record) -> None:
    _ = websocket_chat, renewed
    laws.CONN_STAYS.check(everything)


@requirement("CONN-STAYS")
def test_a_silent_connection_stays(quiet: Record) -> None:
    check_records([quiet], settled(alone=True), stays, nothing="the connection was not greeted")


@requirement("CONN-STAYS")
def test_pings_come_before_clients_hang_up(everything: Everything, quiet: Record, renewed: Record) -> None:
    _ = quiet, renewed
    check_records(everything, held, pinged, nothing="no connection was greeted")


@pytest.fixture
def lasting(everything: Everything) -> None:
    """Where connections end anyhow, that is not another device's fault."""
    require(lambda: check_records(everything, settled(alone=True), stays), because="CONN-STAYS")


@requirement("DEVICE-COEXIST")
@pytest.mark.usefixtures("lasting")
@pytest.mark.parametrize("device", ["phone", "tablet"])
def test_both_devices_of_a_user_are_let_in(side_by_side: Record, device: str) -> None:
    _ = side_by_side.connection("phone").history
    not_ended(side_by_side.connection(device))


@requirement("DEVICE-COEXIST")
@pytest.mark.usefixtures("lasting")
def test_devices_of_a_user_are_connected_side_by_side(everything: Everything, side_by_side: Record) -> None:
    _ = side_by_side.connection("tablet").history
    check_records(everything, settled(alone=False), stays)
