"""Sections 3.1, 4.1 and 4.3: no user receives anything of another user."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pytest

from conformance.auth.credentials import presenting
from conformance.checks import history, laws, parity
from conformance.checks.isolation import receive_nothing_foreign, typed_in_private
from conformance.checks.law import check_records
from conformance.checks.unjudged import of_accepted_users
from conformance.drive import rejected
from conformance.drive.device import Device, ScenarioAborted
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.protocol import CONNECTED, LONGEST, Json
from conformance.record.transcript import first
from conformance.record.views import Everything, Record
from conformance.requirements import requirement

TYPED = [True, False] * 3


@scenario(users=2)
async def two_chats(stage: Stage) -> None:
    """Two users with two devices each type, send and ask REST, all at the same time; then both ask REST once more
    and connect again."""
    owned = [(number, user) for number, user in enumerate(stage.users, 1)]
    devices = [stage.device(f"{name} {number}", user=user) for number, user in owned for name in ("phone", "tablet")]
    await stage.together(*(device.connect() for device in devices))
    asked = [stage.fetch(user=user, tag="meanwhile") for _ in range(2) for user in stage.users]
    await stage.together(*(_chat(stage, device) for device in devices), *asked)
    await stage.together(*(device.settle() for device in devices))
    await stage.together(*(stage.fetch(user=user, tag="afterwards") for user in stage.users))
    watches = [stage.device(f"watch {number}", user=user) for number, user in owned]
    await stage.together(*(watch.connect() for watch in watches))


async def _chat(stage: Stage, device: Device) -> None:
    await device.typing({"isTyping": True})
    await device.pipeline([stage.words(), stage.words()])
    await device.typing({"isTyping": False})


@scenario(users=2)
async def bystander(stage: Stage) -> None:
    """After a quiet window, one user types six times and sends a text, and so once more, while another one listens on
    two devices and does nothing; then the other one asks REST and connects again."""
    other = stage.users[1]
    phone = stage.device("phone")
    listening = [stage.device(name, user=other) for name in ("silent phone", "silent tablet")]
    await stage.together(*(device.connect() for device in (phone, *listening)))
    for tag in ("first", "second"):
        await stage.nobody_types(*listening)
        for is_typing in TYPED:
            await phone.typing({"isTyping": is_typing})
        await phone.send_plain(tag=tag)
    await stage.together(*(device.settle() for device in listening))
    await stage.fetch(user=other, tag="afterwards")
    await stage.device("silent watch", user=other).connect()


@requirement("ISOLATION-MESSAGES")
def test_no_event_tells_of_another_user(two_chats: Record) -> None:
    receive_nothing_foreign([two_chats], "event")
    assert two_chats.fetch("afterwards")


@requirement("ISOLATION-MESSAGES")
def test_no_ack_tells_of_another_user(two_chats: Record) -> None:
    receive_nothing_foreign([two_chats], "ack")
    assert two_chats.fetch("afterwards")


@requirement("ISOLATION-MESSAGES")
def test_a_user_who_does_nothing_hears_nothing_of_another(bystander: Record) -> None:
    receive_nothing_foreign([bystander], "event", "ack")
    assert bystander.fetch("afterwards")


@requirement("ISOLATION-MESSAGES")
def test_who_says_what_another_user_has_said_is_answered_with_a_message_of_its_own(neighbours: Record) -> None:
    receive_nothing_foreign([neighbours], "event", "ack")


@requirement("ISOLATION-MESSAGES")
def test_nobody_in_the_whole_run_hears_of_another_user(everything: Everything) -> None:
    laws.ISOLATION_MESSAGES.check(everything)


@requirement("ISOLATION-HISTORY")
def test_the_greeting_shows_no_message_of_another_user(two_chats: Record) -> None:
    receive_nothing_foreign([two_chats], "greeting")
    assert two_chats.connection("watch 1").history
    assert two_chats.connection("watch 2").history


@requirement("ISOLATION-HISTORY")
def test_rest_shows_no_message_of_another_user(two_chats: Record) -> None:
    receive_nothing_foreign([two_chats], "REST")
    assert two_chats.fetch("afterwards", 0).history
    assert two_chats.fetch("afterwards", 1).history


@requirement("ISOLATION-HISTORY")
def test_a_user_who_does_nothing_is_shown_nothing_of_another(bystander: Record) -> None:
    receive_nothing_foreign([bystander], "greeting", "REST")
    assert bystander.connection("silent watch").history


@requirement("ISOLATION-HISTORY")
def test_nobody_in_the_whole_run_is_shown_messages_of_another_user(everything: Everything) -> None:
    laws.ISOLATION_HISTORY.check(everything)


@requirement("ISOLATION-TYPING")
@pytest.mark.parametrize("device", ["silent phone", "silent tablet"])
def test_a_user_who_does_nothing_hears_no_typing_of_another(bystander: Record, device: str) -> None:
    typed_in_private(bystander.connection(device))
    assert bystander.fetch("afterwards")


@requirement("ISOLATION-TYPING")
def test_no_typing_event_in_the_whole_run_tells_of_another_user(everything: Everything) -> None:
    laws.ISOLATION_TYPING.check(everything)


# -- users whose ids look alike ----------------------------------------------------------------------------------

AT_ONCE = 8
"""Devices that connect at the same moment."""


async def _introduce(phone: Device) -> None:
    """A device connects and sends a plain text, where the target takes such a user."""
    with contextlib.suppress(ScenarioAborted):
        await phone.connect()
        await phone.send_plain(tag="hello")


async def _introduce_all(stage: Stage, groups: Iterable[Sequence[Device]]) -> bool:
    """One group after the other; whether the target has no room for more of them."""
    for group in groups:
        await stage.together(*map(_introduce, group))
        if not all(device.inbox.handshake for device in group):
            return True
    return False


async def _say_more(phone: Device) -> None:
    with contextlib.suppress(ScenarioAborted):
        await phone.send_plain(tag="more")


def _grouped(devices: Sequence[Device]) -> list[Sequence[Device]]:
    return [devices[begin : begin + AT_ONCE] for begin in range(0, len(devices), AT_ONCE)]


@scenario(wave=2, alike=True)
async def look_alikes(stage: Stage) -> None:
    """Users whose ids differ in letter case, white space, wildcards, accents, zeros and the like connect, the plain one
    first; each sends a text and stays. The first one sends another. Then each asks REST. A target need not take such
    ids, nor so many connections: where some are not opened, no more are tried, and all leave before REST is asked."""
    tokens = {user.name: await user.token() for user in stage.users}
    plain, *others = [
        stage.device(user.name, user=user, token=tokens[user.name], unjudged=True) for user in stage.users
    ]
    is_full = await _introduce_all(stage, [[plain], *_grouped(others)])
    there = [device for device in (plain, *others) if device.inbox.heard(CONNECTED)]
    await stage.together(*(_say_more(device) for device in there[:1]))
    await stage.together(*(device.settle() for device in there))
    await stage.together(*(device.close() for device in there if is_full))
    for group in _grouped(there):
        asked = ((device.user, tokens[device.name]) for device in group)
        await stage.together(
            *(stage.fetch(user=user, token=token, tag="later", unjudged=True) for user, token in asked)
        )


@requirement("CONNECTED-USER")
def test_users_whose_ids_look_alike_have_user_ids_of_their_own(look_alikes: Record) -> None:
    check_records([of_accepted_users(look_alikes)], history.strangers, history.differ_in("userId", history.user_id))


@requirement("CONNECTED-CONVERSATION")
def test_users_whose_ids_look_alike_have_conversations_of_their_own(look_alikes: Record) -> None:
    check_records(
        [of_accepted_users(look_alikes)], history.strangers, history.differ_in("conversation", history.conversation_id)
    )


@requirement("CONNECTED-USER")
def test_users_whose_ids_are_odd_have_one_user_id_everywhere(look_alikes: Record) -> None:
    check_records([of_accepted_users(look_alikes)], history.returns, history.agree_on("userId", history.user_id))


@requirement("CONNECTED-CONVERSATION")
def test_users_whose_ids_are_odd_have_one_conversation_everywhere(look_alikes: Record) -> None:
    check_records(
        [of_accepted_users(look_alikes)], history.returns, history.agree_on("conversation", history.conversation_id)
    )


@requirement("ISOLATION-MESSAGES")
def test_users_whose_ids_look_alike_hear_nothing_of_each_other(look_alikes: Record) -> None:
    receive_nothing_foreign([of_accepted_users(look_alikes)], "event", "ack")


@requirement("ISOLATION-HISTORY")
def test_users_whose_ids_look_alike_are_shown_nothing_of_each_other(look_alikes: Record) -> None:
    receive_nothing_foreign([of_accepted_users(look_alikes)], "greeting", "REST")


# -- fields of a saved message, sent along -----------------------------------------------------------------------


def _conversation(device: Device) -> Mapping[str, Json]:
    """The conversation as the device's greeting shows it; nothing where that cannot be read."""
    greetings = [entry.get("args") for entry in device.inbox.heard(CONNECTED)]
    payload = first(greetings[0]) if greetings else None
    found = payload.get("conversation") if isinstance(payload, dict) else None
    return found if isinstance(found, dict) else {}


@scenario(users=2, wave=2, min_users=1)
async def smuggled(stage: Stage) -> None:
    """One user says a text and listens; another one sends good texts with more fields, that only the server may fill
    in: a sender, and the listener's userId and conversationId. Then it connects, and asks REST, with its own token and
    with those fields in ``auth`` or in the query. At last the listener asks REST and connects again."""
    other = stage.users[-1]
    async with stage.device("silent phone", user=other) as silent, stage.device("phone") as phone:
        await silent.send_plain(tag="own")
        its = _conversation(silent)
        fields = {"sender": "support", "userId": its.get("userId"), "conversationId": its.get("id")}
        for name, value in fields.items():
            await phone.send_payload({"text": stage.words(), name: value}, tag=name)
        await silent.settle()
    named = {"sub": other.subject, **{name: str(value) for name, value in fields.items()}}
    await stage.together(_name_another(stage, named), stage.fetch(user=other, tag="afterwards"))
    async with stage.device("silent watch", user=other):
        pass


async def _name_another(stage: Stage, fields: Mapping[str, str]) -> None:
    """Connect with a good token and these fields, and ask REST: unjudged, but for whose conversation is shown."""
    way = presenting(await stage.user.token(), stage.run.default_route.option)
    ways = (way.naming(fields), replace(way, query=fields))
    devices = [stage.device("intruder", presented=one, unjudged=True) for one in ways]
    asked = stage.fetch(query=fields, tag="intruder", unjudged=True)
    await stage.together(asked, *map(rejected.try_connect, devices))


@requirement("MESSAGE-SENDER")
def test_nobody_chooses_the_sender_of_its_message(smuggled: Record) -> None:
    check_records([smuggled], parity.all_copies, parity.from_the_user)
    check_records([smuggled], parity.acked, parity.from_the_user)


@requirement("ISOLATION-MESSAGES")
def test_nobody_writes_to_another_user(smuggled: Record) -> None:
    receive_nothing_foreign([smuggled], "event", "ack")
    assert smuggled.fetch("afterwards")


@requirement("ISOLATION-HISTORY")
def test_nobody_writes_into_the_conversation_of_another_user(smuggled: Record) -> None:
    receive_nothing_foreign([smuggled], "greeting", "REST")
    assert smuggled.connection("silent watch").history


@requirement("ISOLATION-HISTORY")
def test_nobody_opens_the_conversation_of_another_user_by_naming_it(smuggled: Record) -> None:
    receive_nothing_foreign([of_accepted_users(smuggled)], "greeting", "REST")
    assert smuggled.connection("silent watch").history


# -- what is refused ---------------------------------------------------------------------------------------------


@scenario(users=2, wave=2)
async def refused_in_turn(stage: Stage) -> None:
    """One user sends a text that is too long, and an array for a text, with words of its own in each; after each of
    them another user sends an empty text and an object without one."""
    async with stage.device("phone") as phone, stage.device("neighbour", user=stage.users[1]) as neighbour:
        for text in (f"{stage.words()} ".ljust(LONGEST + 1, "x"), [stage.words()]):
            await phone.send_payload({"text": text}, tag="private")
            await stage.together(*(neighbour.send_payload(empty, tag="empty") for empty in ({"text": ""}, {})))


@requirement("ISOLATION-MESSAGES")
def test_a_refusal_tells_nothing_of_what_another_user_was_refused(refused_in_turn: Record) -> None:
    receive_nothing_foreign([refused_in_turn], "event", "ack")
    assert refused_in_turn.send("empty", -1)
