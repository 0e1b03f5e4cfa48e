"""What Hypothesis makes up, judged by the same judges as everything else (sections 4.5 and 4.6)."""

from __future__ import annotations

from collections.abc import Sequence

from conformance import generated
from conformance.explore import explore
from conformance.generated import comes_back, is_refused, last_batch, smallest_deviation
from conformance.record import Record
from conformance.requirements import requirement
from conformance.scenario import scenario
from conformance.stage import Stage


@scenario
async def generated_texts(stage: Stage) -> None:
    """One device sends batches of generated valid texts, each batch pipelined."""
    async with stage.device("phone") as phone:

        async def drive(texts: Sequence[str]) -> None:
            stage.mark("batch")
            await phone.pipeline(texts, tag="generated", plain=False)

        await explore(
            stage, generated.valid_batches, drive, lambda: smallest_deviation(last_batch(stage.transcript), comes_back)
        )


@scenario(wave=2)
async def generated_invalid_texts(stage: Stage) -> None:
    """One device sends batches of generated texts that are blank or too long, each batch pipelined."""
    async with stage.device("phone") as phone:

        async def drive(texts: Sequence[str]) -> None:
            stage.mark("batch")
            await stage.together(*(phone.send(text, tag=generated.label(text) or "", valid=False) for text in texts))

        await explore(
            stage,
            generated.invalid_batches,
            drive,
            lambda: smallest_deviation(last_batch(stage.transcript), is_refused),
        )
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
