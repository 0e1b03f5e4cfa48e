"""What a history shows of support is waited for where a device is there, and floods end where a target is slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from conformance.auth.tokens import KeyMinter
from conformance.auth.users import Minted, Users
from conformance.checks import laws, support
from conformance.checks.law import check_records
from conformance.drive.context import RunContext
from conformance.drive.stage import Stage
from conformance.errors import Deviation, Unverified
from conformance.protocol import MESSAGE
from conformance.record.transcript import Doubt, Kind, Transcript
from conformance.record.views import Record
from conformance.record.waits import message_named
from conformance.redaction import Redactor
from conformance.reference import HelpCenter, Served, Verifier
from conformance.reference.protocol import SUPPORT, Event, Problem
from conformance.reference.store import Message
from tests.support.clients import SECRET
from tests.support.handmade import Handmade, message
from tests.support.peers import in_loop


class Quiet(HelpCenter):
    """The reply is there before the ack, and is not emitted."""

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        message = await super().deliver(user, text, sender=sender, origin=origin)
        answer = self.save(user, "an answer", sender=SUPPORT)
        self.spawn(self.tell(user, answer))
        return message

    def schedule_reply(self, user: str, message: Message) -> None:
        """There is one already."""

    async def tell(self, user: str, answer: Message) -> None:
        """No one."""


class Late(Quiet):
    """They hear of it half a second later."""

    async def tell(self, user: str, answer: Message) -> None:
        await asyncio.sleep(0.5)
        await self.announce(user, answer, origin=None)


@asynccontextmanager
async def staged(kind: type[HelpCenter]) -> AsyncIterator[Stage]:
    with Served(kind(Verifier(SECRET)).app) as server:
        redactor = Redactor()
        run = RunContext.create(server.url, {}, None, redactor, deadline=2, settle=0.05, late_after=3)
        async with Users(Minted(KeyMinter(SECRET)), redactor, run="run").lease(1) as lent:
            stage = Stage(run, Transcript("key", "scenario"), lent)
            yield stage
            await stage.close()


def timed_out_waiting_for(stage: Stage) -> list[str]:
    return [str(entry.get("waiting")) for entry in stage.transcript.of(Kind.EXPIRED)]


def judged(stage: Stage) -> None:
    check_records([Record(stage.transcript)], support.unheard, support.emitted)


@in_loop
async def test_what_rest_shows_of_support_is_waited_for_once() -> None:
    async with staged(Quiet) as stage:
        phone = stage.device("phone")
        await phone.connect()
        await stage.fetch()
        assert not timed_out_waiting_for(stage)
        await phone.send_plain()
        await stage.fetch()
        assert len(timed_out_waiting_for(stage)) == 1
    with pytest.raises(Deviation, match="an answer"):
        judged(stage)


@in_loop
async def test_what_the_greeting_of_another_device_shows_is_waited_for() -> None:
    async with staged(Quiet) as stage:
        await stage.device("phone").connect()
        await stage.devices[0].send_plain()
        await stage.device("tablet").connect()
        assert len(timed_out_waiting_for(stage)) == 1
    with pytest.raises(Deviation):
        judged(stage)


@in_loop
async def test_what_comes_late_has_come() -> None:
    async with staged(Late) as stage:
        phone = stage.device("phone")
        await phone.connect()
        await phone.send_plain()
        await stage.fetch()
        assert not timed_out_waiting_for(stage)
    judged(stage)


@in_loop
async def test_no_one_waits_where_no_device_is_there_or_what_is_shown_is_old() -> None:
    async with staged(Quiet) as stage:
        phone = stage.device("phone")
        await phone.connect()
        await phone.send_plain()
        await phone.close()
        await stage.fetch()
        await phone.connect()
        await stage.fetch()
        await phone.close()
        assert not timed_out_waiting_for(stage)


class Slow(HelpCenter):
    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        await asyncio.sleep(0.4)
        return await super().deliver(user, text, sender=sender, origin=origin)


class Refusing(HelpCenter):
    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        if text.endswith("2"):
            raise Problem("RATE_LIMITED", "Not so fast.")
        return await super().deliver(user, text, sender=sender, origin=origin)


@pytest.mark.parametrize(("kind", "within", "saved"), [(HelpCenter, 5, True), (Refusing, 5, False), (Slow, 0.2, False)])
@in_loop
async def test_a_flood_says_whether_all_of_it_was_saved(kind: type[HelpCenter], within: float, saved: bool) -> None:
    async with staged(kind) as stage:
        phone = stage.device("phone")
        await phone.connect()
        assert not phone.inbox.listed
        texts = [f"text {number}" for number in range(5)]
        assert await phone.flood(texts, tag="deep", within=within) is saved
        sends = [send for send in Record(stage.transcript).sends if send.tag == "deep"]
        assert [send.text for send in sends] == texts
        assert all(len(send.attempts) == 1 for send in sends)


class Dropping(HelpCenter):
    async def on_send(self, event: Event) -> None:
        if "2" not in str(event.args):
            await super().on_send(event)


@in_loop
async def test_an_ack_that_is_missing_from_a_flood_is_waited_for() -> None:
    async with staged(Dropping) as stage:
        phone = stage.device("phone")
        await phone.connect()
        assert not await phone.flood([f"text {number}" for number in range(5)], tag="deep", within=0.2)
        record = Record(stage.transcript)
        with pytest.raises(Deviation, match="an ack of send #3"):
            laws.ACK_CALLED.check([record])


def heard_by_one(*, listed: bool = False, later: bool = False, **waited: Any) -> Record:
    """What support says reaches one of two devices; the other one waits for it."""
    reply = message("thanks", id="s1", sender=SUPPORT)
    made = Handmade()
    phone = made.opens("phone")
    made.greeted()
    made.opens("tablet")
    made.greeted([reply] if listed else [])
    made.event(MESSAGE, reply, connection=phone)
    made.add(Kind.EXPIRED, waiting=message_named("s1"), seconds=15.0, **waited)
    if later:
        made.event(MESSAGE, reply)
    return made.record


def test_what_support_says_to_one_device_alone_is_found() -> None:
    with pytest.raises(Deviation, match="on tablet"):
        check_records([heard_by_one()], support.missed_by_a_device, support.heard_there)


@pytest.mark.parametrize("record", [heard_by_one(listed=True), heard_by_one(later=True)], ids=["listed", "late"])
def test_a_device_that_was_greeted_with_it_or_heard_it_late_has_missed_nothing(record: Record) -> None:
    assert not list(support.missed_by_a_device(record))


def test_what_may_still_have_been_under_way_is_not_judged() -> None:
    with pytest.raises(Unverified):
        check_records([heard_by_one(doubt=Doubt.SLOW)], support.missed_by_a_device, support.heard_there)


def shown_later(*, heard_first: bool) -> Record:
    """What support says reaches a device that polls after a later text of the user, and another one before that
    (``heard_first``). The next greeting shows that text alone."""
    reply = message("thanks", id="s1", sender=SUPPORT)
    made = Handmade()
    phone = made.opens("phone")
    made.greeted()
    tablet = made.opens("tablet", transport="polling")
    made.greeted()
    if heard_first:
        made.event(MESSAGE, reply, connection=phone)
    made.connection = phone
    text = made.says("and another thing")
    made.event(MESSAGE, reply, connection=tablet)
    made.opens("laptop")
    made.greeted([text])
    return made.record


def test_what_a_slow_poll_brings_may_be_older_than_all_that_is_shown() -> None:
    laws.SUPPORT_STORED.check([shown_later(heard_first=True)])


def test_what_was_said_after_all_that_is_shown_is_missing() -> None:
    with pytest.raises(Deviation, match="to show what support said"):
        laws.SUPPORT_STORED.check([shown_later(heard_first=False)])
