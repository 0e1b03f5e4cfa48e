"""Sections 4.1 and 6: the very first contact of a user, in which everything comes at the same moment."""

from __future__ import annotations

import contextlib

import pytest

from conformance.checks.assertions import check_all
from conformance.checks.first_contact import answered, let_in_with_others, of_newcomers, one_conversation
from conformance.checks.lifecycle import accepted, answered_with_own, not_too_early, require, shows
from conformance.drive.device import ScenarioAborted
from conformance.drive.scenario import scenario
from conformance.drive.simultaneous import Volleys, afterwards, buffered, entered, opened, parties
from conformance.drive.stage import Stage
from conformance.record.views import Everything, Record
from conformance.requirements import requirement

NEWCOMERS = 6
"""New users of each scenario: whether things overlap is a matter of luck."""
SENDERS = 8
"""Likewise, where one device alone has to be quick enough."""
AT_LAUNCH = 5
"""Requests that an app may send when it starts: of its screens, its badge and its notifications."""

# -- devices and REST (4.1) ----------------------------------------------------------------------------------------


@scenario(users=NEWCOMERS, brand_new=True, concurrent_first_contact=True, min_users=1)
async def first_contact(stage: Stage) -> None:
    """Three devices of a user who was never seen before have opened their transports, and enter the namespace at the
    same moment; so with one user after the other. When all have gone, one more device of each connects and sends a
    text."""
    devices = parties(stage, "phone", "tablet", "laptop")
    await opened(stage, [device for party in devices for device in party])
    for party in devices:
        await entered(stage, party)
    await afterwards(stage)


@scenario(users=NEWCOMERS, brand_new=True, concurrent_first_contact=True, min_users=1)
async def first_launch(stage: Stage) -> None:
    """REST is asked five times at the same moment, on connections that are open already, for the conversation of a user
    who was never seen before; so with one user after the other. For every second of them a device enters the namespace
    at that moment. Then a device of each connects and sends a text."""
    phones = [phone for [phone] in parties(stage, "phone")]
    volleys = Volleys(stage, AT_LAUNCH)
    await stage.together(volleys.ready(), opened(stage, phones[1::2]))
    for number, phone in enumerate(phones):
        await stage.together(entered(stage, [phone] if number % 2 else []), volleys.fire(phone.user))
    await afterwards(stage)


@requirement("FIRST-CONTACT")
@pytest.mark.parametrize("device", ["phone", "tablet", "laptop", "later"])
def test_every_device_of_a_brand_new_user_is_let_in(
    everything: Everything, first_contact: Record, side_by_side: Record, device: str
) -> None:
    of_newcomers(first_contact, lambda contact: let_in_with_others(contact, device, side_by_side, everything))


@requirement("FIRST-CONTACT")
def test_devices_of_a_brand_new_user_get_one_conversation(first_contact: Record, plain_chat: Record) -> None:
    require(lambda: of_newcomers(plain_chat, one_conversation), because="CONNECTED-CONVERSATION")
    of_newcomers(first_contact, one_conversation)


@requirement("FIRST-CONTACT")
def test_rest_answers_a_brand_new_user(first_launch: Record, plain_chat: Record) -> None:
    of_newcomers(first_launch, lambda contact: answered(contact, plain_chat.fetch()))


@requirement("FIRST-CONTACT")
def test_rest_and_device_of_a_brand_new_user_get_one_conversation(first_launch: Record, plain_chat: Record) -> None:
    require(lambda: of_newcomers(plain_chat, one_conversation), because="CONNECTED-CONVERSATION")
    of_newcomers(first_launch, one_conversation)


# -- what is sent at once (6) --------------------------------------------------------------------------------------


@scenario(wave=2, users=SENDERS, brand_new=True, concurrent_first_contact=True, min_users=1)
async def first_burst(stage: Stage) -> None:
    """A device of a user who was never seen before sends five texts as soon as the namespace is entered, greeted or
    not; so with one user after the other. Then another device of each connects and sends a text."""
    phones = [phone for [phone] in parties(stage, "phone", early=True)]
    await opened(stage, phones)
    for phone in phones:
        with contextlib.suppress(ScenarioAborted):
            await phone.enter_sending(buffered(stage), tag="burst")
    await afterwards(stage)


@requirement("BURST-AFTER-CONNECT")
def test_every_message_of_a_new_users_burst_is_accepted(first_burst: Record, burst: Record) -> None:
    require(lambda: check_all(burst.tagged("burst"), accepted), because="BURST-AFTER-GREETING")
    of_newcomers(first_burst, lambda contact: check_all(contact.sends("burst"), accepted))


@requirement("BURST-AFTER-CONNECT")
def test_no_message_of_a_new_users_burst_is_refused_at_first(first_burst: Record, burst: Record) -> None:
    of_newcomers(first_burst, lambda contact: not_too_early(contact.sends("burst"), burst.tagged("burst")))


@requirement("BURST-AFTER-CONNECT")
def test_every_message_of_a_new_users_burst_is_acked_with_its_own(first_burst: Record, burst: Record) -> None:
    require(lambda: check_all(burst.tagged("burst"), answered_with_own), because="BURST-AFTER-GREETING")
    of_newcomers(first_burst, lambda contact: check_all(contact.sends("burst"), answered_with_own))


@requirement("BURST-AFTER-CONNECT")
def test_a_new_users_burst_is_saved_whole(first_burst: Record, burst: Record) -> None:
    require(lambda: shows(burst.connection("laptop"), burst.tagged("burst")), because="BURST-AFTER-GREETING")
    of_newcomers(first_burst, lambda contact: shows(contact.device("later"), contact.sends("burst")))
