"""Sections 4.4, 4.5 and 9: what is refused, how, and what a refusal leaves behind: nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.checks import failed_sends, retried
from conformance.checks.assertions import check_all
from conformance.checks.law import check_records
from conformance.checks.sending import (
    acked_with_an_error,
    can_still_chat,
    chats_on,
    has_code,
    is_refused,
    is_taken,
    lives_on,
    pace_codes,
    refusals,
    refused_after_a_stimulus,
)
from conformance.checks.unacked import each_answered_by_event
from conformance.checks.unexpected_messages import (
    nothing_unexpected,
    unexpected_emitted,
    unexpected_in_greeting,
    unexpected_in_rest,
)
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.inputs import invalid_payloads
from conformance.inputs.invalid_payloads import NO_OBJECT, REFUSED, Misfits
from conformance.observations import characters, run
from conformance.protocol import LONGEST
from conformance.record.views import Everything, Record
from conformance.requirements import requirement

SHORTENED = LONGEST // 2
"""Characters: a longer text is one that is too long, or what somebody has left of it; all others are short."""
JUDGES = {"long": "SEND-MAX", "blank": "SEND-BLANK", "absent": "SEND-ABSENT", "structured": "SEND-STRUCTURED"}
"""Which requirement judges whether a family is refused at all. Numbers and booleans may be accepted."""


def named(family: str, table: Misfits) -> list[object]:
    """The names of a table, each with the family that has them sent, and itself for an id."""
    return [pytest.param(family, name, id=name) for name in table]


families = pytest.mark.parametrize("family", REFUSED)
forms = pytest.mark.parametrize("form", NO_OBJECT)


@scenario(wave=2)
async def refused_payloads(stage: Stage, family: str) -> None:
    """One device sends a plain text, the payloads of a family, and a plain text again; REST shows the conversation
    before and after, a second connection after. Where the connection is ended, the device connects again."""
    await stage.fetch(tag="before")
    async with stage.device("phone") as phone:
        await phone.send_plain(tag="before")
        for name, misfit in REFUSED[family].items():
            await phone.send_payload(misfit.payload, tag=name)
            await phone.revive()
        await phone.fence()
    await stage.fetch(tag="after")
    async with stage.device("tablet"):
        pass


@requirement("SEND-MAX")
@pytest.mark.parametrize(("family", "name"), named("long", invalid_payloads.LONG))
def test_a_text_of_more_than_2000_characters_is_refused(refused_payloads: Record, name: str) -> None:
    is_refused(refused_payloads.send(name))


@requirement("OBS-HUGE-TEXT")
@pytest.mark.parametrize("family", ["long"])
def test_what_becomes_of_a_huge_text(refused_payloads: Record, observe: Callable[[str, str], None]) -> None:
    observe(*characters.huge_text(refused_payloads.send("20000-ascii")))


@requirement("SEND-EMPTY")
@pytest.mark.parametrize(("family", "name"), named("blank", invalid_payloads.EMPTY))
def test_an_empty_text_is_refused(refused_payloads: Record, name: str) -> None:
    is_refused(refused_payloads.send(name))


@requirement("SEND-BLANK")
@pytest.mark.parametrize(("family", "name"), named("blank", invalid_payloads.BLANK))
def test_a_text_of_only_white_space_is_refused(refused_payloads: Record, name: str) -> None:
    is_refused(refused_payloads.send(name))


@requirement("SEND-ABSENT")
@pytest.mark.parametrize(("family", "name"), named("absent", invalid_payloads.ABSENT))
def test_a_missing_text_is_refused(refused_payloads: Record, name: str) -> None:
    is_refused(refused_payloads.send(name))


@requirement("SEND-STRUCTURED")
@pytest.mark.parametrize(("family", "name"), named("structured", invalid_payloads.STRUCTURED))
def test_an_array_or_object_as_text_is_refused(refused_payloads: Record, name: str) -> None:
    is_refused(refused_payloads.send(name))


@requirement("SEND-SCALAR")
@pytest.mark.parametrize(("family", "name"), named("scalar", invalid_payloads.SCALAR))
def test_a_number_or_boolean_as_text_is_refused(refused_payloads: Record, name: str) -> None:
    is_refused(refused_payloads.send(name))


@requirement("REJECT-STORED")
@families
def test_a_refused_text_is_not_in_the_next_greeting(refused_payloads: Record, family: str) -> None:
    refusals(refused_payloads, because=JUDGES.get(family, ""))
    nothing_unexpected(unexpected_in_greeting(refused_payloads))


@requirement("REJECT-STORED")
@families
def test_a_refused_text_is_not_in_the_rest_body(refused_payloads: Record, family: str) -> None:
    refusals(refused_payloads, because=JUDGES.get(family, ""))
    nothing_unexpected(unexpected_in_rest(refused_payloads))


@requirement("REJECT-EMITTED")
@families
def test_a_refused_text_is_not_emitted(refused_payloads: Record, family: str) -> None:
    refusals(refused_payloads, because=JUDGES.get(family, ""))
    nothing_unexpected(unexpected_emitted(refused_payloads))


@requirement("REJECT-SURVIVED")
@families
def test_a_refused_text_does_not_end_the_connection(refused_payloads: Record, family: str) -> None:
    refusals(refused_payloads, because=JUDGES.get(family, ""))
    lives_on(refused_payloads)


@requirement("REJECT-SURVIVED")
@families
def test_the_next_text_is_taken_after_a_refusal(refused_payloads: Record, family: str) -> None:
    refusals(refused_payloads, because=JUDGES.get(family, ""))
    is_taken(refused_payloads.send("fence"), "a refused one")


@requirement("REJECT-SURVIVED")
def test_no_refusal_has_a_later_text_refused(everything: Everything) -> None:
    check_records(everything, refused_after_a_stimulus("REJECT-SURVIVED"), lambda send: is_taken(send, "a refused one"))


@requirement("REJECT-SURVIVED")
def test_no_refusal_has_the_next_text_fail_once(everything: Everything) -> None:
    retried.survives_refusals(everything)


@requirement("REJECT-CODE")
@families
def test_a_refused_text_is_a_validation_error(refused_payloads: Record, everything: Everything, family: str) -> None:
    pace = pace_codes(everything)
    check_all(refusals(refused_payloads, because=JUDGES.get(family, "")), lambda send: has_code(send, pace))


@scenario(wave=2)
async def unacked_refusals(stage: Stage) -> None:
    """One device sends a text that is too long, an empty one and null, and asks for no acks."""
    async with stage.device("phone") as phone:
        await phone.send_plain(tag="before")
        for misfit in (
            invalid_payloads.LONG["2001-ascii"],
            invalid_payloads.EMPTY["empty"],
            invalid_payloads.ABSENT["null"],
        ):
            await phone.send_payload(misfit.payload, tag="unacked", ack=False)
        await phone.until_refused(3)
        await phone.fence()


@requirement("REJECT-UNACKED")
def test_a_refusal_without_ack_comes_as_an_error_event(unacked_refusals: Record) -> None:
    each_answered_by_event(unacked_refusals, "unacked")


@requirement("SEND-MAX")
def test_a_long_text_without_ack_is_not_taken_either(unacked_refusals: Record) -> None:
    unacked_refusals.send("fence")
    nothing_unexpected([message for message in unexpected_emitted(unacked_refusals) if len(message.text) > SHORTENED])


# -- a while later -----------------------------------------------------------------------------------------------

LATE = 4.0
"""Seconds after which a queue or a worker has done what it does."""


@scenario(wave=2, takes_seconds=True)
async def refused_long_ago(stage: Stage) -> None:
    """A device sends a plain text, one that is too long and an empty one, stays for seconds, and sends a last text;
    REST shows the conversation before and after."""
    await stage.fetch(tag="before")
    async with stage.device("phone") as phone:
        await phone.send_plain(tag="before")
        for misfit in (invalid_payloads.LONG["2001-ascii"], invalid_payloads.EMPTY["empty"]):
            await phone.send_payload(misfit.payload, tag="refused")
        await stage.recorder.until(lambda: phone.closed or None, within=LATE)
        await phone.revive()
        await phone.fence()
    await stage.fetch(tag="after")


@requirement("REJECT-STORED")
def test_a_refused_text_is_not_stored_later(refused_long_ago: Record) -> None:
    refusals(refused_long_ago, because="SEND-MAX")
    nothing_unexpected(unexpected_in_rest(refused_long_ago))


@requirement("REJECT-EMITTED")
def test_a_refused_text_is_not_emitted_later(refused_long_ago: Record) -> None:
    refusals(refused_long_ago, because="SEND-MAX")
    nothing_unexpected(unexpected_emitted(refused_long_ago))


# -- good texts that are refused ---------------------------------------------------------------------------------


@requirement("REJECT-STORED")
def test_a_good_text_that_was_answered_with_an_error_is_not_stored(everything: Everything) -> None:
    check_records(everything, failed_sends.sends, failed_sends.not_stored)


@requirement("REJECT-EMITTED")
def test_a_good_text_that_was_answered_with_an_error_is_not_emitted(everything: Everything) -> None:
    check_records(everything, failed_sends.sends, failed_sends.not_emitted)


@requirement("OBS-RETRIED")
def test_which_valid_texts_are_refused_at_first(everything: Everything, observe: Callable[[str, str], None]) -> None:
    observe(*run.refused_at_first(everything))


# -- no object at all ----------------------------------------------------------------------------------------------


@scenario(wave=2)
async def payload_of_no_object(stage: Stage, form: str) -> None:
    """One device sends a plain text, a payload that is not an object, and a plain text again; on a new connection where
    the old one does not take it. REST shows the conversation before and after."""
    await stage.fetch(tag="before")
    async with stage.device("phone") as phone:
        await phone.send_plain(tag="before")
        await phone.emit_send(*NO_OBJECT[form].args, tag=form)
        answer = await phone.send_text(stage.words(), tag="after")
    if not isinstance(answer, dict) or answer.get("message") is None:
        async with stage.device("tablet") as tablet:
            await tablet.send_plain(tag="again")
    await stage.fetch(tag="after")


@requirement("SEND-NO-OBJECT")
@forms
def test_a_payload_of_no_object_emits_nothing(payload_of_no_object: Record, form: str) -> None:
    payload_of_no_object.send(form)
    nothing_unexpected(unexpected_emitted(payload_of_no_object))


@requirement("SEND-NO-OBJECT")
@forms
def test_a_payload_of_no_object_stores_nothing(payload_of_no_object: Record, form: str) -> None:
    payload_of_no_object.send(form)
    nothing_unexpected(unexpected_in_rest(payload_of_no_object))


@requirement("SEND-NO-OBJECT")
@forms
def test_the_user_can_still_chat_after_a_payload_of_no_object(payload_of_no_object: Record, form: str) -> None:
    payload_of_no_object.send(form)
    can_still_chat(payload_of_no_object)


@requirement("REJECT-NO-OBJECT")
@forms
def test_a_payload_of_no_object_is_acked_with_an_error(payload_of_no_object: Record, form: str) -> None:
    acked_with_an_error(payload_of_no_object.send(form))


@requirement("REJECT-NO-OBJECT")
@forms
def test_a_payload_of_no_object_is_survived(payload_of_no_object: Record, form: str) -> None:
    payload_of_no_object.send(form)
    chats_on(payload_of_no_object)


@requirement("REJECT-NO-OBJECT")
def test_no_payload_of_no_object_has_a_later_text_refused(everything: Everything) -> None:
    check_records(
        everything, refused_after_a_stimulus("REJECT-NO-OBJECT"), lambda send: is_taken(send, "such a payload")
    )
