"""Sections 3.1, 4.1 and 7: whose conversation it is, says the token, whatever an app still has of another account."""

from __future__ import annotations

import contextlib

from conformance.auth.users import User
from conformance.checks import history
from conformance.checks.isolation import receive_nothing_foreign
from conformance.checks.law import check_records
from conformance.checks.unjudged import of_accepted_users
from conformance.drive.device import Device, ScenarioAborted
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.record.views import Record
from conformance.requirements import requirement


@scenario(users=2, wave=2, many_steps=True)
async def another_account(stage: Stage) -> None:
    """A user chats, and then somebody else logs in on the same devices: on one, which leaves the namespace and enters
    it again on the same transport; and on one that was cut off, which comes back with its cookies and what Socket.IO
    recovers by. The first user says something on a third device, and REST is asked with the new token and the old
    cookies. (What becomes of the transport, and whether the target takes such a connection, is not judged.)"""
    before, after = stage.users
    jar = stage.cookies()
    phone = stage.device("phone", user=before, cookies=jar, unjudged=True)
    tablet = stage.device("tablet", user=before, option="auth", unjudged=True)
    asked = [stage.fetch(user=before, cookies=jar, tag="before"), stage.fetch(user=after, tag="elsewhere")]
    await stage.together(phone.connect(), *asked)
    await phone.send_plain(tag="secret")
    await stage.together(_stays_open(tablet, after), _comes_back(phone, after))
    watch = stage.device("watch", user=before)
    await watch.connect()
    await watch.send_plain(tag="meanwhile")
    await stage.together(*(device.settle() for device in (tablet, phone) if not device.closed))
    await stage.fetch(user=after, cookies=jar, tag="afterwards", unjudged=True)


async def _stays_open(tablet: Device, user: User) -> None:
    await tablet.connect()
    tablet.log_in(user)
    await tablet.enter_again(await user.token())


async def _comes_back(phone: Device, user: User) -> None:
    await phone.drop()
    await phone.settle()  # the target needs a moment to notice
    phone.log_in(user)
    with contextlib.suppress(ScenarioAborted):
        await phone.reconnect(recover=True)


@requirement("ISOLATION-MESSAGES")
def test_who_logs_in_on_the_device_of_another_user_hears_nothing_of_that_user(another_account: Record) -> None:
    receive_nothing_foreign([of_accepted_users(another_account)], "event", "ack")
    assert another_account.fetch("afterwards")


@requirement("ISOLATION-HISTORY")
def test_who_logs_in_on_the_device_of_another_user_is_shown_nothing_of_that_user(another_account: Record) -> None:
    receive_nothing_foreign([of_accepted_users(another_account)], "greeting", "REST")
    assert another_account.fetch("afterwards")


@requirement("CONNECTED-USER")
def test_who_logs_in_on_the_device_of_another_user_is_greeted_as_itself(another_account: Record) -> None:
    check_records([of_accepted_users(another_account)], history.returns, history.agree_on("userId", history.user_id))
    assert another_account.fetch("afterwards")
