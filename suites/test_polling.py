"""Section 1: over long-polling all is as over WebSocket: typing, texts without an ack, early ones, and refused ones."""

from __future__ import annotations

from conformance.checks.assertions import check_all
from conformance.checks.controls import session_lost
from conformance.checks.history_window import greeting_of
from conformance.checks.lifecycle import accepted, arrived, require, shows
from conformance.checks.limits import errors_not_for_pace
from conformance.checks.sending import each_taken, is_refused, is_taken, lives_on, refusals, survived_by
from conformance.checks.unacked import emitted, lists
from conformance.checks.unexpected_messages import nothing_unexpected, unexpected_emitted, unexpected_in_rest
from conformance.drive.scenario import scenario
from conformance.drive.simultaneous import sent_early
from conformance.drive.stage import Stage
from conformance.inputs import invalid_payloads
from conformance.record.views import Everything, Record
from conformance.requirements import requirement

REFUSED = {"2001-ascii": invalid_payloads.LONG["2001-ascii"], "empty": invalid_payloads.EMPTY["empty"]}


@scenario(many_steps=True)
async def polled_typing(stage: Stage) -> None:
    """Over long-polling, one device sends a plain text, and one without asking for an ack; then it begins to type and
    sends a text, and stops typing and sends another one. REST is asked before, and afterwards until it shows the one
    without an ack; then another device shows the conversation."""
    bare = stage.words()
    await stage.fetch(tag="before")
    async with stage.device("phone", transport="polling") as phone:
        await phone.send_plain(tag="before")
        await phone.send_text(bare, tag="bare", ack=False)
        for is_typing in (True, False):
            await phone.typing({"isTyping": is_typing})
            await phone.send_text(stage.words(), tag="typed", plain=True)
        await phone.settle()
    await stage.rest.fetch_until(lambda body: bare in str(body), tag="after")
    async with stage.device("tablet"):
        pass


@requirement("SEND-UNACKED")
def test_a_send_without_ack_over_polling_is_emitted(polled_typing: Record) -> None:
    send = polled_typing.send("bare")
    errors_not_for_pace(send)
    emitted(send)


@requirement("SEND-UNACKED")
def test_a_send_without_ack_over_polling_is_in_the_next_greeting(polled_typing: Record) -> None:
    lists(greeting_of(polled_typing.connection("tablet")), polled_typing.send("bare"))


@requirement("TYPING-HARMLESS")
def test_typing_over_polling_does_not_end_the_connection(polled_typing: Record) -> None:
    _ = polled_typing.send("before").message
    lives_on(polled_typing)


@requirement("TYPING-HARMLESS")
def test_a_text_is_taken_after_typing_over_polling(polled_typing: Record) -> None:
    polled_typing.send("typed")
    each_taken(polled_typing.tagged("typed"), "typing over long-polling")


@requirement("TYPING-NO-MESSAGE")
def test_typing_over_polling_is_not_emitted_as_a_message(polled_typing: Record) -> None:
    polled_typing.send("typed")
    nothing_unexpected(unexpected_emitted(polled_typing))


@requirement("TYPING-NO-MESSAGE")
def test_typing_over_polling_is_not_stored(polled_typing: Record) -> None:
    polled_typing.send("typed")
    nothing_unexpected(unexpected_in_rest(polled_typing))


@scenario(wave=2, many_steps=True)
async def polled_early(stage: Stage) -> None:
    """A user sends a text. Then, over long-polling, a device sends five as soon as the namespace is entered, greeted or
    not; another one shows the conversation."""
    async with stage.device("tablet") as tablet:
        await tablet.send_plain(tag="before")
    await sent_early(stage, stage.device("phone", transport="polling", greet=False, unjudged=True))


@requirement("BURST-AFTER-CONNECT")
def test_every_message_of_an_early_burst_over_polling_is_accepted(polled_early: Record, burst: Record) -> None:
    arrived(polled_early.connection())
    require(lambda: check_all(burst.tagged("burst"), accepted), because="BURST-AFTER-GREETING")
    check_all(polled_early.tagged("burst"), accepted)


@requirement("BURST-AFTER-CONNECT")
def test_an_early_burst_over_polling_is_saved_whole(polled_early: Record, burst: Record) -> None:
    require(lambda: shows(burst.connection("laptop"), burst.tagged("burst")), because="BURST-AFTER-GREETING")
    lost = session_lost(polled_early.connection())
    shows(polled_early.connection("laptop"), polled_early.tagged("burst"), unless=lost)


@scenario(wave=2, many_steps=True)
async def polled_refusals(stage: Stage) -> None:
    """Over long-polling, one device sends a plain text, one that is too long, an empty one, and a plain text; where the
    connection is ended, the device connects again. REST shows the conversation before and after."""
    await stage.fetch(tag="before")
    async with stage.device("phone", transport="polling") as phone:
        await phone.send_plain(tag="before")
        for name, misfit in REFUSED.items():
            await phone.send_payload(misfit.payload, tag=name)
            await phone.settle()
            await phone.revive()
        await phone.fence()
    await stage.fetch(tag="after")


@requirement("SEND-MAX")
def test_a_text_of_more_than_2000_characters_is_refused_over_polling_too(polled_refusals: Record) -> None:
    is_refused(polled_refusals.send("2001-ascii"))


@requirement("SEND-EMPTY")
def test_an_empty_text_is_refused_over_polling_too(polled_refusals: Record) -> None:
    is_refused(polled_refusals.send("empty"))


@requirement("REJECT-STORED")
def test_a_text_that_is_refused_over_polling_is_not_stored(polled_refusals: Record) -> None:
    refusals(polled_refusals, because="SEND-MAX")
    nothing_unexpected(unexpected_in_rest(polled_refusals))


@requirement("REJECT-SURVIVED")
def test_a_text_that_is_refused_over_polling_does_not_end_the_connection(polled_refusals: Record) -> None:
    refusals(polled_refusals, because="SEND-MAX")
    lives_on(polled_refusals)


@requirement("REJECT-SURVIVED")
def test_the_next_text_is_taken_after_a_refusal_over_polling(polled_refusals: Record) -> None:
    refusals(polled_refusals, because="SEND-MAX")
    is_taken(polled_refusals.send("fence"), "a refused one")


@scenario(wave=2)
async def refused_beside_a_device(stage: Stage) -> None:
    """A user's two devices are there, over WebSocket and long-polling; after a plain text and a quiet window, the
    second one sends a text that is too long."""
    async with stage.device("tablet"), stage.device("phone", transport="polling") as phone:
        await phone.send_plain(tag="before")
        await phone.settle()
        await phone.send_payload(REFUSED["2001-ascii"].payload, tag="refused")
        await phone.settle()


@requirement("REJECT-SURVIVED")
def test_a_text_that_is_refused_does_not_end_what_other_devices_have(
    refused_beside_a_device: Record, everything: Everything
) -> None:
    survived_by(refused_beside_a_device, "tablet", everything)
