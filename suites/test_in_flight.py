"""Sections 3.2, 4.5 and 4.6: what is under way beside a text on the same connection: refused ones, and typing."""

from __future__ import annotations

from itertools import chain

from conformance.checks.failed_sends import taken_in_flight
from conformance.checks.sending import each_taken
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.protocol import LONGEST
from conformance.record.views import Record
from conformance.requirements import requirement


@scenario(wave=2)
async def beside_refused(stage: Stage) -> None:
    """One device sends four plain texts without waiting; then four more, each followed by one that is to be refused:
    empty, blank, missing, too long; then a plain text. REST and a second device show the conversation."""
    async with stage.device("phone") as phone:
        await stage.together(*(phone.send_text(stage.words(), tag="before", plain=True) for _ in range(4)))
        wrong: list[dict[str, str]] = [
            {"text": ""},
            {"text": "  "},
            {},
            {"text": f"{stage.words()} ".ljust(LONGEST + 1, "x")},
        ]
        pairs = (
            (phone.send_text(stage.words(), tag="beside", plain=True), phone.send_payload(payload, tag="wrong"))
            for payload in wrong
        )
        await stage.together(*chain.from_iterable(pairs))
        await phone.fence()
    await stage.fetch()
    async with stage.device("tablet"):
        pass


@requirement("REJECT-SURVIVED")
def test_a_refusal_has_no_text_beside_it_refused(beside_refused: Record) -> None:
    taken_in_flight(beside_refused, "before")
    beside_refused.send("beside")
    each_taken(beside_refused.tagged("beside"), "refused ones that were under way beside it")


@scenario
async def typed_on(stage: Stage) -> None:
    """One device sends a plain text; then another one, and begins to type before that is answered; and stops typing
    while one more is under way. REST and a second device show the conversation."""
    async with stage.device("phone") as phone:
        await phone.send_plain(tag="before")
        for is_typing in (True, False):
            text = phone.send_text(stage.words(), tag="typed on", plain=True)
            await stage.together(text, phone.typing({"isTyping": is_typing}))
    await stage.fetch()
    async with stage.device("tablet"):
        pass


@requirement("TYPING-HARMLESS")
def test_a_text_is_taken_though_its_user_types_on(typed_on: Record) -> None:
    each_taken(typed_on.tagged("typed on"), "typing while it was under way")
