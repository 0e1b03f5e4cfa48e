"""Section 6: coming back, new tokens, and bursts."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest

from conformance.checks import good_tokens
from conformance.checks.assertions import check_all
from conformance.checks.history import kept, kept_since, listed_once
from conformance.checks.history_window import windows
from conformance.checks.law import check_records
from conformance.checks.lifecycle import (
    REFRESHED,
    accepted,
    answered_with_own,
    arrived,
    chats_again,
    comeback,
    greeted_after_refusal,
    greeted_again,
    not_too_early,
    refreshed_devices,
    require,
    same_conversation,
    showed_once,
    shows,
    shows_as_before,
    shows_once,
    taken_with_new_token,
)
from conformance.checks.sending import plain_sends
from conformance.drive import rejected
from conformance.drive.device import Device, ScenarioAborted
from conformance.drive.scenario import scenario
from conformance.drive.simultaneous import sent_early
from conformance.drive.stage import Stage
from conformance.errors import Unverified
from conformance.record.views import Everything, Record
from conformance.requirements import requirement

# -- coming back (6) -----------------------------------------------------------------------------------------------

LATER = 1.1
"""Seconds after a text in which a token is issued later than that: ``iat`` is in whole ones."""
WAYS = pytest.mark.parametrize("way", ["closed", "dropped"])
TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "polling"])


async def _leave(phone: Device, way: str) -> None:
    await (phone.close() if way == "closed" else phone.drop())


@scenario
async def comes_back(stage: Stage, way: str, transport: str) -> None:
    """A device sends a text and goes, properly or cut off; another device of the user sends two texts and goes; then
    the first one comes back, as official clients do: where the target recovers connections that were cut off (an option
    of Socket.IO), with what it wants for that; and sends again."""
    token = await stage.user.token()
    phone = stage.device("phone", transport=transport, token=token)
    await phone.connect()
    await phone.send_plain(tag="own")
    await _leave(phone, way)
    with contextlib.suppress(ScenarioAborted):  # the phone comes back whatever becomes of the tablet
        async with stage.device("tablet", token=token) as tablet:
            await tablet.send_plain(tag="missed")
            await tablet.send_plain(tag="missed")
    await phone.reconnect(recover=way == "dropped")
    await phone.send_text(stage.words(), tag="after")
    await phone.close()


@requirement("RECONNECT-GREETED")
@WAYS
@TRANSPORTS
def test_a_device_that_comes_back_is_greeted(comes_back: Record) -> None:
    greeted_again(comes_back.connection("phone", 1))


@requirement("RECONNECT-GREETED")
@WAYS
@TRANSPORTS
def test_a_device_that_came_back_can_send(comes_back: Record) -> None:
    comeback(comes_back)
    chats_again(comes_back.send("own"), comes_back.send("after"))


@requirement("RECONNECT-RESYNC")
@WAYS
@TRANSPORTS
def test_the_messages_from_before_are_shown(comes_back: Record) -> None:
    shows(comeback(comes_back), comes_back.tagged("own"))


@requirement("RECONNECT-RESYNC")
@WAYS
@TRANSPORTS
def test_the_messages_sent_meanwhile_are_shown(comes_back: Record) -> None:
    shows(comeback(comes_back), comes_back.tagged("missed"))


@requirement("RECONNECT-RESYNC")
@WAYS
@TRANSPORTS
def test_no_message_is_shown_twice(comes_back: Record) -> None:
    shows_once(comeback(comes_back).history, [*comes_back.tagged("own"), *comes_back.tagged("missed")])


@requirement("RECONNECT-RESYNC")
def test_what_was_sent_once_is_shown_once(everything: Everything, patient_chat: Record) -> None:
    _ = patient_chat
    check_records(everything, windows, listed_once)


@scenario(wave=2, returns="plain_chat", extra=True)
async def comes_back_late(stage: Stage) -> None:
    """When all other scenarios have begun, the user of ``plain_chat`` comes back: REST and a device show what was
    said."""
    await stage.fetch()
    async with stage.device("phone"):
        pass


@requirement("SEND-KEPT")
def test_what_was_said_is_shown_some_seconds_later(patient_chat: Record) -> None:
    check_all(windows(patient_chat), kept)


@requirement("SEND-KEPT")
def test_what_was_said_at_first_is_shown_at_last(
    plain_chat: Record, comes_back_late: Record, everything: Everything
) -> None:
    check_all(windows(comes_back_late), kept_since(plain_chat, everything))


# -- new tokens (6) ------------------------------------------------------------------------------------------------


@scenario
async def refreshed(stage: Stage) -> None:
    """A device sends a text, goes, comes back with the same token, goes, and comes back with another good token of
    the same user."""
    token, fresh = await stage.user.token(), await stage.user.token(fresh=True)
    phone = stage.device("phone", token=token)
    async with phone:
        await phone.send_plain(tag="own")
    await phone.reconnect()
    await phone.close()
    await phone.reconnect(token=fresh)
    await phone.close()


@scenario(wave=2, limit_concurrency=True)
async def refreshed_late(stage: Stage) -> None:
    """A device sends a text, goes, comes back with an expired token, and once more with a good one; in between REST is
    asked with both."""
    expired = await stage.user.bad("expired")
    phone = stage.device("phone")
    async with phone:
        await phone.send_plain(tag="own")
    await stage.fetch(tag="before")
    await phone.reconnect(token=expired)
    await phone.close()
    await stage.fetch(token=expired, tag="late")
    await stage.fetch(tag="refreshed")
    await phone.reconnect(token=await stage.user.token())
    await phone.close()


@scenario(wave=2, limit_concurrency=True, takes_seconds=True, extra=True)
async def refreshed_later(stage: Stage) -> None:
    """A device sends a text and goes. A second later another one comes with a token that was issued after the text,
    where one can be signed; then the first one comes back."""
    phone = stage.device("phone")
    async with phone:
        await phone.send_plain(tag="own")
    await stage.recorder.until(lambda: None, within=LATER)
    with contextlib.suppress(Unverified):
        issued = replace(await stage.user.just_issued(), good=False)
        await rejected.call(stage.device(REFRESHED, token=issued, unjudged=True))
    await phone.reconnect()
    await phone.close()


@requirement("TOKEN-REFRESHED")
def test_a_token_that_was_issued_later_shows_the_same_messages(refreshed_later: Record) -> None:
    check_records([refreshed_later], refreshed_devices, shows_as_before)


@requirement("TOKEN-REFRESHED")
def test_a_refreshed_token_is_let_in(refreshed: Record) -> None:
    comeback(refreshed)
    greeted_again(refreshed.connection("phone", 2))


@requirement("TOKEN-REFRESHED")
def test_a_refreshed_token_opens_the_same_conversation(refreshed: Record) -> None:
    first, again, fresh = (refreshed.connection("phone", nth) for nth in range(3))
    require(lambda: same_conversation(first, again), because="CONNECTED-CONVERSATION")
    same_conversation(first, fresh)


@requirement("TOKEN-REFRESHED")
def test_a_refreshed_token_shows_the_same_messages(refreshed: Record) -> None:
    require(lambda: shows(comeback(refreshed), refreshed.tagged("own")), because="SEND-KEPT")
    shows(refreshed.connection("phone", 2), refreshed.tagged("own"))


@requirement("TOKEN-REFRESHED")
def test_a_good_token_is_let_in_after_an_expired_one(refreshed_late: Record, refreshed: Record) -> None:
    comeback(refreshed)
    greeted_after_refusal(refreshed_late.connection("phone", 2))


@requirement("TOKEN-REFRESHED")
def test_no_good_token_is_refused_where_one_was_let_in_before(everything: Everything) -> None:
    check_records(everything, good_tokens.refused("TOKEN-REFRESHED"), good_tokens.LetIn(everything))


@requirement("TOKEN-REFRESHED")
def test_a_text_is_taken_once_the_token_is_refreshed(renewed: Record) -> None:
    check_all((send for send in renewed.sends if send.tag == "renewed"), taken_with_new_token)


@requirement("TOKEN-REFRESHED")
def test_rest_takes_a_good_token_after_an_expired_one(everything: Everything, refreshed_late: Record) -> None:
    _ = refreshed_late
    check_records(everything, good_tokens.refused_after_expired, good_tokens.Refreshed(everything))


# -- bursts (6) ----------------------------------------------------------------------------------------------------


@scenario(wave=2)
async def early_burst(stage: Stage) -> None:
    """As ``burst``, but the five texts go out as soon as the namespace is entered, greeted or not."""
    async with stage.device("tablet") as tablet:
        await tablet.send_plain(tag="before")
    await sent_early(stage, stage.device("phone", greet=False, unjudged=True))


@requirement("BURST-AFTER-GREETING")
def test_every_message_of_a_burst_is_accepted(burst: Record) -> None:
    check_all(burst.tagged("burst"), accepted)


@requirement("BURST-AFTER-GREETING")
def test_every_message_of_a_burst_is_acked_with_its_own(burst: Record) -> None:
    check_all(burst.tagged("burst"), answered_with_own)


@requirement("BURST-AFTER-GREETING")
def test_a_burst_is_saved_whole(burst: Record) -> None:
    require(lambda: shows(burst.connection("laptop"), burst.tagged("before")), because="SEND-KEPT")
    shows(burst.connection("laptop"), burst.tagged("burst"))


@requirement("BURST-AFTER-GREETING")
def test_no_message_of_a_burst_is_saved_twice(burst: Record) -> None:
    showed_once(burst.connection("laptop").history, burst.tagged("before"))
    shows_once(burst.connection("laptop").history, burst.tagged("burst"))


@requirement("BURST-AFTER-CONNECT")
def test_every_message_of_an_early_burst_is_accepted(early_burst: Record, burst: Record) -> None:
    arrived(early_burst.connection())
    require(lambda: check_all(burst.tagged("burst"), accepted), because="BURST-AFTER-GREETING")
    check_all(early_burst.tagged("burst"), accepted)


@requirement("BURST-AFTER-CONNECT")
def test_no_message_of_an_early_burst_is_refused_at_first(
    early_burst: Record, burst: Record, everything: Everything
) -> None:
    not_too_early(early_burst.tagged("burst"), [*burst.tagged("burst"), *plain_sends(everything)])


@requirement("BURST-AFTER-CONNECT")
def test_every_message_of_an_early_burst_is_acked_with_its_own(early_burst: Record, burst: Record) -> None:
    require(lambda: check_all(burst.tagged("burst"), answered_with_own), because="BURST-AFTER-GREETING")
    check_all(early_burst.tagged("burst"), answered_with_own)


@requirement("BURST-AFTER-CONNECT")
def test_an_early_burst_is_saved_whole(early_burst: Record, burst: Record) -> None:
    require(lambda: shows(burst.connection("laptop"), burst.tagged("burst")), because="BURST-AFTER-GREETING")
    shows(early_burst.connection("laptop"), early_burst.tagged("burst"))
