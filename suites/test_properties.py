"""What Hypothesis makes up, judged by the same judges as everything else (sections 2.2, 3.2, 4.5, 4.6 and 6)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from conformance.auth import forged_tokens as forged_tokens_of
from conformance.auth.forged_tokens import Change
from conformance.checks import authentication, rest
from conformance.checks.assertions import check_all
from conformance.checks.generated import comes_back, is_refused, last_batch, smallest_deviation, was_refused
from conformance.checks.sending import acked_with_an_error, can_still_chat, each_taken, lives_on
from conformance.checks.typing import form_survived, taken_after_form
from conformance.checks.unexpected_messages import nothing_unexpected, unexpected_emitted, unexpected_in_rest
from conformance.drive import rejected
from conformance.drive.device import Device
from conformance.drive.scenario import scenario
from conformance.drive.search import explore
from conformance.drive.stage import Stage
from conformance.inputs import payload_strategies, text_strategies
from conformance.inputs.payload_strategies import family
from conformance.inputs.text_strategies import label
from conformance.protocol import Json
from conformance.record.views import Record
from conformance.requirements import requirement

# -- texts -------------------------------------------------------------------------------------------------------


@scenario(search=True)
async def generated_texts(stage: Stage) -> None:
    """One device sends batches of generated valid texts, each batch pipelined."""
    async with stage.device("phone") as phone:

        async def drive(texts: Sequence[str]) -> None:
            stage.mark("batch")
            await phone.pipeline(texts, tag="generated", plain=False)

        def judge() -> None:
            smallest_deviation(last_batch(stage.transcript).sends, comes_back)

        await explore(stage, text_strategies.valid_batches, drive, judge)


@scenario(wave=2, search=True)
async def generated_invalid_texts(stage: Stage) -> None:
    """One device sends batches of generated texts that are blank or too long, each batch pipelined."""
    async with stage.device("phone") as phone:

        async def drive(texts: Sequence[str]) -> None:
            stage.mark("batch")
            await stage.together(*(phone.send_text(text, tag=label(text) or "", valid=False) for text in texts))

        def judge() -> None:
            smallest_deviation(last_batch(stage.transcript).sends, is_refused)

        await explore(stage, text_strategies.invalid_batches, drive, judge)
        await phone.fence()


@requirement("SEND-VERBATIM")
def test_generated_texts_come_back_verbatim(generated_texts: Record) -> None:
    smallest_deviation(generated_texts.tagged("generated"), comes_back)


@requirement("SEND-BLANK")
def test_generated_blank_texts_are_refused(generated_invalid_texts: Record) -> None:
    smallest_deviation(generated_invalid_texts.tagged("blank"), is_refused)


@requirement("SEND-MAX")
def test_generated_long_texts_are_refused(generated_invalid_texts: Record) -> None:
    smallest_deviation(generated_invalid_texts.tagged("long"), is_refused)


# -- payloads that are objects -------------------------------------------------------------------------------------


@asynccontextmanager
async def _chatting(stage: Stage) -> AsyncIterator[Device]:
    """A device that has sent a plain text; REST shows the conversation before and after."""
    await stage.fetch(tag="before")
    async with stage.device("phone") as phone:
        await phone.send_plain(tag="before")
        yield phone
    await stage.fetch(tag="after")


@scenario(wave=2, search=True)
async def generated_payloads(stage: Stage) -> None:
    """One device sends a plain text, and batches of generated objects without a text to be taken, each batch pipelined;
    REST shows the conversation before and after. Where the connection is ended, the device connects again."""
    async with _chatting(stage) as phone:

        async def drive(payloads: Sequence[dict[str, Json]]) -> None:
            stage.mark("batch")
            await phone.revive()
            await stage.together(*(phone.send_payload(one, tag=family(one) or "") for one in payloads))

        def judge() -> None:
            last = last_batch(stage.transcript)
            sends = [send for tag in ("absent", "structured", "blank") for send in last.tagged(tag)]
            smallest_deviation(sends, was_refused)
            nothing_unexpected(unexpected_emitted(last))
            lives_on(last)

        await explore(stage, payload_strategies.batches, drive, judge)
        await phone.revive()
        await phone.fence()


@requirement("SEND-ABSENT")
def test_generated_payloads_without_a_text_are_refused(generated_payloads: Record) -> None:
    smallest_deviation(generated_payloads.tagged("absent"), was_refused)


@requirement("SEND-STRUCTURED")
def test_generated_arrays_and_objects_as_text_are_refused(generated_payloads: Record) -> None:
    smallest_deviation(generated_payloads.tagged("structured"), was_refused)


@requirement("SEND-BLANK")
def test_generated_blank_texts_with_more_fields_are_refused(generated_payloads: Record) -> None:
    smallest_deviation(generated_payloads.tagged("blank"), was_refused)


@requirement("SEND-SCALAR")
def test_generated_numbers_and_booleans_as_text_are_refused(generated_payloads: Record) -> None:
    smallest_deviation(generated_payloads.tagged("scalar"), was_refused)


@requirement("REJECT-EMITTED")
def test_generated_payloads_are_not_emitted(generated_payloads: Record) -> None:
    nothing_unexpected(unexpected_emitted(generated_payloads))


@requirement("REJECT-STORED")
def test_generated_payloads_are_not_stored(generated_payloads: Record) -> None:
    nothing_unexpected(unexpected_in_rest(generated_payloads))


@requirement("REJECT-SURVIVED")
def test_generated_payloads_do_not_end_the_connection(generated_payloads: Record) -> None:
    lives_on(generated_payloads)


# -- payloads that are no objects ----------------------------------------------------------------------------------


@scenario(wave=2, search=True)
async def generated_no_objects(stage: Stage) -> None:
    """One device sends a plain text, generated payloads that are no objects, and a plain text again; then another
    device does. REST shows the conversation before and after. Where the connection is ended, it is made again."""
    async with _chatting(stage) as phone:

        async def drive(batch: Sequence[Sequence[Json]]) -> None:
            stage.mark("batch")
            await phone.revive()
            for args in batch:
                await phone.emit_send(*args, tag="no-object")

        def judge() -> None:
            nothing_unexpected(unexpected_emitted(last_batch(stage.transcript)))

        await explore(stage, payload_strategies.no_object_batches, drive, judge)
        await phone.send_text(stage.words(), tag="after")
        await phone.settle()
        await phone.close()
        async with stage.device("tablet") as tablet:
            await tablet.send_text(stage.words(), tag="again")


@requirement("SEND-NO-OBJECT")
def test_generated_payloads_of_no_object_emit_nothing(generated_no_objects: Record) -> None:
    nothing_unexpected(unexpected_emitted(generated_no_objects))


@requirement("SEND-NO-OBJECT")
def test_generated_payloads_of_no_object_store_nothing(generated_no_objects: Record) -> None:
    nothing_unexpected(unexpected_in_rest(generated_no_objects))


@requirement("SEND-NO-OBJECT")
def test_the_user_can_still_chat_after_generated_payloads(generated_no_objects: Record) -> None:
    can_still_chat(generated_no_objects)


@requirement("REJECT-NO-OBJECT")
def test_generated_payloads_of_no_object_are_acked_with_an_error(generated_no_objects: Record) -> None:
    check_all(generated_no_objects.tagged("no-object"), acked_with_an_error)


@requirement("REJECT-NO-OBJECT")
def test_generated_payloads_of_no_object_are_survived(generated_no_objects: Record) -> None:
    lives_on(generated_no_objects)


# -- typing ------------------------------------------------------------------------------------------------------


@scenario(wave=2, search=True)
async def generated_typing(stage: Stage) -> None:
    """One device sends a plain text, batches of generated typing events, and a plain text after each batch; REST shows
    the conversation before and after. Where the connection is ended, the device connects again."""
    async with _chatting(stage) as phone:

        async def drive(batch: Sequence[Sequence[Json]]) -> None:
            stage.mark("batch")
            await phone.revive()
            for args in batch:
                await phone.typing(*args)
            await phone.send_text(stage.words(), tag="typed")

        def judge() -> None:
            last = last_batch(stage.transcript)
            lives_on(last)
            each_taken(last.tagged("typed"), "typing")
            nothing_unexpected(unexpected_emitted(last))

        await explore(stage, payload_strategies.typing_batches, drive, judge)


@requirement("TYPING-ODD")
def test_texts_are_taken_after_generated_typing(generated_typing: Record, typing_fast: Record) -> None:
    taken_after_form(generated_typing.tagged("typed"), typing_fast)


@requirement("TYPING-ODD")
def test_generated_typing_does_not_end_the_connection(generated_typing: Record, typing_fast: Record) -> None:
    form_survived(generated_typing, typing_fast)


@requirement("TYPING-ODD")
def test_generated_typing_is_not_emitted_as_a_message(generated_typing: Record) -> None:
    nothing_unexpected(unexpected_emitted(generated_typing))


@requirement("TYPING-ODD")
def test_generated_typing_is_not_stored(generated_typing: Record) -> None:
    nothing_unexpected(unexpected_in_rest(generated_typing))


# -- tokens --------------------------------------------------------------------------------------------------------


@scenario(wave=2, limit_concurrency=True, many_steps=True, search=True)
async def forged_tokens(stage: Stage) -> None:
    """A good token opens the socket and REST; devices present generated tokens, up to five at once, and stay until
    nothing more comes; REST is asked with the same."""
    token = await stage.user.token()
    await rejected.try_connect(stage.device("phone", token=token))
    await stage.fetch(token=token, tag="good")

    async def try_connect(change: Change) -> None:
        forged = await stage.user.forged(change)
        forger = stage.device(f"forger {len(stage.devices)}", token=forged)
        await stage.together(rejected.try_connect(forger), stage.fetch(token=forged, tag=forged.label))

    async def drive(changes: Sequence[Change]) -> None:
        stage.mark("batch")
        await stage.together(*map(try_connect, changes))

    def judge() -> None:
        last = last_batch(stage.transcript)
        forgers = [one for one in authentication.forgers(last) if one.opened.serial > last.transcript.marks[-1].serial]
        check_all(forgers, authentication.forger_kept_out)
        check_all(forgers, authentication.of_forgers(authentication.one_error))

    await explore(stage, forged_tokens_of.batches, drive, judge, share=(0, 4))


@requirement("AUTH-INVALID")
def test_a_generated_token_is_not_let_in(forged_tokens: Record) -> None:
    check_all(authentication.forgers(forged_tokens), authentication.forger_kept_out)


@requirement("REFUSAL-EVENT")
def test_a_client_with_a_generated_token_is_told_so_once(forged_tokens: Record) -> None:
    check_all(authentication.forgers(forged_tokens), authentication.of_forgers(authentication.one_error))


@requirement("REFUSAL-CODE")
def test_the_error_of_a_generated_token_is_unauthorized(forged_tokens: Record) -> None:
    check_all(authentication.forgers(forged_tokens), authentication.of_forgers(authentication.coded))


@requirement("REFUSAL-CLOSE")
def test_a_client_with_a_generated_token_is_disconnected(forged_tokens: Record) -> None:
    check_all(authentication.forgers(forged_tokens), authentication.of_forgers(authentication.ended))


@requirement("REFUSAL-SILENT")
def test_a_client_with_a_generated_token_hears_nothing_else(forged_tokens: Record) -> None:
    check_all(authentication.forgers(forged_tokens), authentication.of_forgers(authentication.silent))


@requirement("REST-REFUSAL")
def test_rest_gives_nothing_for_a_generated_token(forged_tokens: Record) -> None:
    check_all(rest.forged(forged_tokens), lambda kind: rest.refuses(forged_tokens, kind))
