"""Sections 3.2, 4.5 and 4.6: what may be sent, and that it comes back as it was sent."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from conformance.checks import aftermath, laws, odd_texts
from conformance.checks.assertions import check_all, expect
from conformance.checks.history_window import body_of, greeting_of, windows
from conformance.checks.law import check_records
from conformance.checks.limits import errors_not_for_pace
from conformance.checks.sending import PlainIsAccepted, comes_back, is_accepted, plain_sends
from conformance.checks.unacked import emitted, heard_beside, lists, same_id, surely_taken, trimmed, verbatim
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.inputs import misleading_texts, texts, unicode_texts
from conformance.inputs.full_length_texts import LONGEST_TEXTS
from conformance.inputs.texts import Texts
from conformance.record.views import Everything, Record, Send
from conformance.requirements import requirement

ACCEPTED: Mapping[str, Texts] = {
    "limits": texts.merged([texts.SHORTEST, texts.FULL, texts.PADDED_FULL]),
    "padded-once": texts.PADDED_ONCE,
    "padded-twice": texts.PADDED_TWICE,
    **unicode_texts.FAMILIES,
}
"""What one connection sends, by family."""
IN_FLIGHT: Mapping[str, Texts] = {"longest": LONGEST_TEXTS, **misleading_texts.FAMILIES}
"""The same, of what is sent a few at a time."""
MANY_TIMES = 30
"""More than 300 characters: columns of a key, and hashes of a beginning, have fewer."""
AT_ONCE = 8
"""Texts that are sent without waiting in between."""

unacked = pytest.mark.parametrize("tag", ["padded", "bare", "long"])
ODD_TEXTS = pytest.mark.usefixtures("counting", "white_space", "zero_characters", "half_a_pair")


def each(family: str, *tables: Texts) -> list[tuple[str, str]]:
    """The names of tables, each with the family that has them sent."""
    return [(family, name) for table in tables for name in table]


def named(*cases: tuple[str, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("family", "name"), cases, ids=[name for _, name in cases])


@scenario
async def accepted_texts(stage: Stage, family: str) -> None:
    """One device sends the texts of a family, one after the other; then REST and a second connection show them."""
    async with stage.device("phone") as phone:
        for name, text in ACCEPTED[family].items():
            await phone.send_text(text.sent, tag=name)
    await stage.fetch()
    async with stage.device("tablet"):
        pass


@scenario
async def texts_in_flight(stage: Stage, family: str) -> None:
    """One device sends the texts of a family, eight at a time; then REST and a second connection show them."""
    async with stage.device("phone") as phone:
        cases = list(IN_FLIGHT[family].items())
        for begin in range(0, len(cases), AT_ONCE):
            batch = cases[begin : begin + AT_ONCE]
            await stage.together(*(phone.send_text(text.sent, tag=name) for name, text in batch))
    await stage.fetch()
    async with stage.device("tablet"):
        pass


@requirement("SEND-PLAIN")
def test_a_plain_text_is_accepted(everything: Everything) -> None:
    check_all(plain_sends(everything), PlainIsAccepted(everything), nothing="no plain text was acked")


@requirement("SEND-MIN")
@named(*each("limits", texts.SHORTEST))
def test_a_text_of_one_character_is_accepted(accepted_texts: Record, name: str) -> None:
    is_accepted(accepted_texts.send(name))


@requirement("SEND-FULL")
@named(*each("limits", texts.FULL))
def test_a_text_of_2000_characters_is_accepted(accepted_texts: Record, name: str) -> None:
    is_accepted(accepted_texts.send(name))


@requirement("SEND-FULL")
@named(*each("longest", LONGEST_TEXTS))
def test_2000_characters_of_any_nature_are_accepted(texts_in_flight: Record, name: str) -> None:
    is_accepted(texts_in_flight.send(name))


@requirement("SEND-PADDED-FULL")
@named(*each("limits", texts.PADDED_FULL))
def test_white_space_does_not_count_against_the_limit(accepted_texts: Record, name: str) -> None:
    is_accepted(accepted_texts.send(name))


@requirement("SEND-TRIM")
@named(*each("padded-once", texts.PADDED_ONCE), *each("padded-twice", texts.PADDED_TWICE))
def test_the_saved_text_is_trimmed(accepted_texts: Record, name: str) -> None:
    send = accepted_texts.send(name)
    comes_back(send, str(send.text).strip(texts.WHITE))


@requirement("SEND-VERBATIM")
@named(*each("limits", texts.SHORTEST))
def test_the_shortest_text_comes_back_as_it_was_sent(accepted_texts: Record, name: str) -> None:
    comes_back(accepted_texts.send(name), texts.SHORTEST[name].sent, because="SEND-MIN")


@requirement("SEND-VERBATIM")
@named(*each("limits", texts.FULL))
def test_the_longest_text_comes_back_as_it_was_sent(accepted_texts: Record, name: str) -> None:
    comes_back(accepted_texts.send(name), texts.FULL[name].sent, because="SEND-FULL")


@requirement("SEND-VERBATIM")
@named(*(case for family, table in unicode_texts.FAMILIES.items() for case in each(family, table)))
def test_the_text_comes_back_as_it_was_sent(accepted_texts: Record, family: str, name: str) -> None:
    comes_back(accepted_texts.send(name), unicode_texts.FAMILIES[family][name].sent)


@requirement("SEND-VERBATIM")
@named(*each("longest", LONGEST_TEXTS))
def test_2000_characters_of_any_nature_come_back_as_they_were_sent(texts_in_flight: Record, name: str) -> None:
    comes_back(texts_in_flight.send(name), LONGEST_TEXTS[name].sent, because="SEND-FULL")


@requirement("SEND-VERBATIM")
@named(*(case for family, table in misleading_texts.FAMILIES.items() for case in each(family, table)))
def test_a_text_that_means_something_comes_back_as_it_was_sent(texts_in_flight: Record, family: str, name: str) -> None:
    comes_back(texts_in_flight.send(name), misleading_texts.FAMILIES[family][name].sent)


@scenario
async def unacked_send(stage: Stage) -> None:
    """One device sends a plain text, then others without asking for an ack: one with white space around it, a plain
    one, one that is nearly as long as may be, and three at once. After a quiet window, in which support may answer,
    REST is asked until it shows the last ones, and what it shows of support is waited for; a second connection follows.
    (Without an ack nothing says when it is saved.)"""
    async with stage.device("phone") as phone:
        await phone.send_plain(tag="before")
        await phone.send_text(f" \t{stage.words()}\r\n ", tag="padded", ack=False)
        await phone.send_text(stage.words(), tag="bare", ack=False)
        await phone.send_text(texts.long_text(stage.words()), tag="long", ack=False)
        burst = [stage.words() for _ in range(3)]
        await stage.together(*(phone.send_text(text, tag="burst", ack=False) for text in burst))
        await phone.settle()
        await stage.rest.fetch_until(lambda body: all(text in str(body) for text in burst))
        await phone.close()
    async with stage.device("tablet"):
        pass


@requirement("SEND-UNACKED")
@unacked
def test_a_send_without_ack_is_emitted(unacked_send: Record, tag: str) -> None:
    send = unacked_send.send(tag)
    errors_not_for_pace(send)
    emitted(send)


@requirement("SEND-UNACKED")
@unacked
def test_a_send_without_ack_is_in_the_next_greeting(unacked_send: Record, tag: str) -> None:
    lists(greeting_of(unacked_send.connection("tablet")), unacked_send.send(tag))


@requirement("SEND-UNACKED")
@unacked
def test_a_send_without_ack_is_in_the_rest_body(unacked_send: Record, tag: str) -> None:
    lists(body_of(unacked_send.fetch(nth=-1), unacked_send), unacked_send.send(tag))


@requirement("SEND-UNACKED")
def test_each_of_several_sends_without_ack_is_saved(unacked_send: Record) -> None:
    window, burst = greeting_of(unacked_send.connection("tablet")), unacked_send.tagged("burst")
    unacked_send.send("burst")
    check_all(surely_taken(burst), lambda send: lists(window, send))


@scenario
async def unacked_beside(stage: Stage) -> None:
    """One of a user's two devices sends a plain text, and one without asking for an ack; the other one is waited for to
    hear that."""
    async with stage.device("phone") as phone, stage.device("tablet") as tablet:
        await phone.send_plain(tag="before")
        await phone.send_text(bare := stage.words(), tag="bare", ack=False)
        await tablet.until_heard_as_listed(bare, phone.inbox.told)


@requirement("MESSAGE-DEVICES")
def test_another_device_hears_a_send_without_ack(unacked_beside: Record) -> None:
    send = unacked_beside.send("bare")
    errors_not_for_pace(send)
    heard_beside(unacked_beside.connection("tablet"), send)


@requirement("SEND-VERBATIM")
def test_a_long_text_without_ack_comes_back_as_it_was_sent(unacked_send: Record) -> None:
    verbatim(unacked_send.send("long"), windows(unacked_send))


@requirement("MESSAGE-STORED")
def test_a_send_without_ack_is_listed_under_the_id_of_its_event(unacked_send: Record) -> None:
    same_id(unacked_send.send("bare"), windows(unacked_send))


@requirement("SEND-TRIM")
def test_the_text_of_a_send_without_ack_is_trimmed(unacked_send: Record) -> None:
    shown = greeting_of(unacked_send.connection("tablet")), body_of(unacked_send.fetch(nth=-1), unacked_send)
    trimmed(unacked_send.send("padded"), shown)


@requirement("SUPPORT-EMITTED")
def test_what_support_answers_to_a_send_without_ack_is_emitted(unacked_send: Record) -> None:
    laws.SUPPORT_EMITTED.check([unacked_send])


@scenario
async def same_text_twice(stage: Stage) -> None:
    """One device sends a text, and the same text again once it is acked; then texts that are nearly the same, in
    capitals, with a full stop, and two that differ at their end alone. REST and a second device show the
    conversation."""
    async with stage.device("phone") as phone:
        text = stage.words()
        await phone.send_plain(text, tag="once")
        await phone.send_text(text, tag="again")
        long = f"{text} {'to and fro ' * MANY_TIMES}"
        for nearly in (text.upper(), f"{text}.", f"{long}here", f"{long}there"):
            await phone.send_text(nearly, tag="nearly")
    await stage.fetch()
    async with stage.device("tablet"):
        pass


@requirement("SEND-TWICE")
def test_the_same_text_sent_again_is_another_message(same_text_twice: Record) -> None:
    once, again = same_text_twice.send("once").message, same_text_twice.send("again").message
    expect(again.id != once.id, "a message with an id of its own", f"{once.id} again", at=[once.at, again.at])


@requirement("SEND-TWICE")
def test_a_text_that_is_nearly_the_same_is_another_message(same_text_twice: Record) -> None:
    ids = [send.message.id for send in same_text_twice.sends if send.acks and send.accepted]

    def judge(send: Send) -> None:
        own = send.message
        expect(ids.count(own.id) == 1, "a message with an id of its own", f"{own.id} again", at=[own.at])

    check_all(same_text_twice.tagged("nearly"), judge)


@requirement("SEND-VERBATIM")
def test_a_text_that_is_nearly_the_same_comes_back_as_it_was_sent(same_text_twice: Record) -> None:
    taken = [send for send in same_text_twice.tagged("nearly") if not (send.acks and send.refused)]
    check_all(taken, lambda send: comes_back(send, str(send.text)))


@requirement("SEND-KEPT")
def test_a_text_that_was_sent_twice_is_kept_twice(same_text_twice: Record) -> None:
    laws.SEND_KEPT.check([same_text_twice])


# -- texts of which the document does not say whether they are valid ---------------------------------------------------


@requirement("SEND-VERBATIM")
@ODD_TEXTS
def test_a_text_that_need_not_be_accepted_comes_back_whole_if_it_was(everything: Everything) -> None:
    check_records(everything, odd_texts.everywhere, odd_texts.whole)


@requirement("REJECT-SURVIVED")
@ODD_TEXTS
def test_a_user_chats_on_after_a_text_that_was_not_accepted(everything: Everything) -> None:
    check_records(everything, aftermath.after(accepted=False), aftermath.chats_on)


@requirement("REJECT-STORED")
@ODD_TEXTS
def test_a_text_that_need_not_be_refused_is_not_stored_if_it_was(everything: Everything) -> None:
    check_records(everything, aftermath.refused, aftermath.not_stored)
