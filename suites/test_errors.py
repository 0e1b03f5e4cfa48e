"""Section 4.4: errors, in events and in acks."""

from __future__ import annotations

from conformance.checks import laws
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.record.views import Everything, Record
from conformance.requirements import requirement


@requirement("ERROR-SHAPE")
def test_every_error_has_a_code_and_a_message(everything: Everything, wrong_texts: Record, unwelcome: Record) -> None:
    _ = wrong_texts, unwelcome
    laws.ERROR_SHAPE.check(everything)


@scenario
async def without_a_callback(stage: Stage) -> None:
    """One device sends a plain text without a callback, then one with it."""
    async with stage.device("phone") as phone:
        await phone.send_text(stage.words(), tag="unacked", ack=False, plain=True)
        await phone.send_plain()


@requirement("ERROR-UNPROVOKED")
def test_documented_input_provokes_no_error(
    everything: Everything, without_a_callback: Record, wrong_texts: Record
) -> None:
    _ = without_a_callback, wrong_texts
    laws.ERROR_UNPROVOKED.check(everything)
