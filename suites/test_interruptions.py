"""Sections 4.6, 5, 6 and 9: a device that is cut off again and again, is away for a while, or has a token that expires
meanwhile."""

from __future__ import annotations

from conformance.checks import aftermath, interruptions, parity, selectors
from conformance.checks.assertions import check_all
from conformance.checks.history import kept_of
from conformance.checks.history_window import windows
from conformance.checks.law import check_records
from conformance.drive.device import Device
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.record.payloads import said_by_support
from conformance.record.views import Record
from conformance.requirements import requirement

# -- cut off again and again (6) -------------------------------------------------------------------------------------


@requirement("RECONNECT-GREETED")
def test_a_device_that_is_cut_off_often_is_greeted_each_time(cut_often: Record) -> None:
    check_all(interruptions.comebacks(cut_often), interruptions.greeted_each_time)


@requirement("RECONNECT-RESYNC")
def test_a_device_that_is_cut_off_often_is_shown_all_each_time(cut_often: Record) -> None:
    check_all(interruptions.greeted_comebacks(cut_often), interruptions.shows_what_was_said)


@requirement("MESSAGE-ECHO")
def test_a_device_that_is_cut_off_often_hears_its_own_messages(cut_often: Record) -> None:
    check_records([cut_often], selectors.saved, parity.heard)


# -- away for a while (9) ----------------------------------------------------------------------------------------------

AWAY = (0.6, 1.2)
"""Seconds for which a user is away: what is written at one moment of the two by chance is not at the other one."""


async def _returns_to_silence(stage: Stage, phone: Device, away: float) -> bool:
    """Whether REST shows of support what the greeting of the device that has returned lacks, though it shows what the
    device had said; and what is then waited for in vain."""
    before, text = said_by_support(await stage.fetch(tag="before")), stage.words()
    await phone.send_plain(text, tag="question")
    await phone.close()
    known = {*before, *phone.inbox.messages}
    await stage.recorder.until(lambda: None, within=away)
    await phone.reconnect()
    await phone.settle()
    shown = said_by_support(await stage.fetch(tag="back"))
    if text not in str(phone.inbox.listed):
        return False
    new = shown - known - said_by_support({"messages": phone.inbox.listed})
    await phone.until_support_heard(new - {*phone.inbox.messages})
    return bool(new - {*phone.inbox.messages})


@scenario(takes_seconds=True, extra=True)
async def answered_while_away(stage: Stage) -> None:
    """A user's only device sends a text, goes and comes back a while later; REST is asked before and after. What only
    the latter shows of support is waited for; where that is in vain, all is done again, with a longer while."""
    phone = stage.device("phone", unjudged=True)
    await phone.connect()
    for away in AWAY:
        if not await _returns_to_silence(stage, phone, away):
            break
    await phone.close()


@requirement("SUPPORT-EMITTED")
def test_what_support_says_to_a_user_who_is_away_is_shown_or_emitted(answered_while_away: Record) -> None:
    interruptions.emitted_on_return(answered_while_away, len(AWAY))


# -- a token that expires while its device is connected (4.6) --------------------------------------------------------


@requirement("ACK-CALLED")
def test_what_is_sent_after_the_token_has_expired_is_answered(expires_while_connected: Record) -> None:
    check_all(interruptions.sent_after_expiry(expires_while_connected), interruptions.answered_somehow)


@requirement("SEND-KEPT")
def test_what_was_acked_after_the_token_had_expired_is_kept(expires_while_connected: Record) -> None:
    sends = interruptions.saved_after_expiry(expires_while_connected)
    check_all(windows(expires_while_connected), kept_of(sends))


@requirement("REJECT-STORED")
def test_what_was_refused_after_the_token_had_expired_is_not_stored(expires_while_connected: Record) -> None:
    check_records([expires_while_connected], aftermath.refused, aftermath.not_stored)
