"""Where the document is silent: how this server behaves. Nothing here passes or fails.

What the document does not promise is tried on unjudged connections, which no law sees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from conformance.auth.tokens import claims_of
from conformance.checks import clock
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.errors import Unverified
from conformance.inputs.odd_texts import HALF_A_PAIR
from conformance.observations import characters, experiments, run
from conformance.observations.lateness import lateness
from conformance.protocol import CONNECTED
from conformance.record.views import Everything, Record
from conformance.requirements import requirement

Observe = Callable[[str, str], None]

# -- texts (section 4.5) -----------------------------------------------------------------------------------------


@requirement("OBS-COUNT-EMOJI")
def test_how_emoji_are_counted(counting: Record, observe: Observe) -> None:
    observe(*characters.emoji_counting(counting))


@requirement("OBS-COUNT-COMBINING")
def test_how_combining_sequences_are_counted(counting: Record, observe: Observe) -> None:
    observe(*characters.combining_counting(counting))


@requirement("OBS-TRIM")
def test_what_counts_as_white_space(white_space: Record, observe: Observe) -> None:
    observe(*characters.trimming(white_space))


@requirement("OBS-NUL")
def test_what_becomes_of_a_zero_character(zero_characters: Record, observe: Observe) -> None:
    observe(*characters.nul(zero_characters))


@requirement("OBS-SURROGATE")
def test_what_becomes_of_half_a_surrogate_pair(half_a_pair: Record, observe: Observe) -> None:
    observe(*characters.odd_character(half_a_pair, HALF_A_PAIR))


# -- what a newer client might send (section 3.2) ----------------------------------------------------------------


@scenario(wave=2)
async def newer_client(stage: Stage) -> None:
    """One device sends a text with further fields beside it, then emits an event that the document does not know."""
    async with stage.device(unjudged=True) as phone:
        await phone.emit_send({"text": stage.words(), **experiments.FURTHER_FIELDS}, tag="further fields")
        await phone.fence()
        phone.emit(experiments.UNKNOWN_EVENT, {"messageId": "m-1"}, ack=True)
        await phone.fence()


@requirement("OBS-EXTRA")
def test_what_becomes_of_further_fields(newer_client: Record, observe: Observe) -> None:
    observe(*experiments.further_fields(newer_client))


@requirement("OBS-UNKNOWN-EVENT")
def test_what_becomes_of_an_unknown_event(newer_client: Record, observe: Observe) -> None:
    observe(*experiments.unknown_event(newer_client))


# -- tokens (sections 2.2 and 6) ---------------------------------------------------------------------------------


@scenario(wave=2, limit_concurrency=True)
async def stranger(stage: Stage) -> None:
    """A token that is none is presented to the socket and to REST."""
    token = await stage.user.bad("garbage")
    async with stage.device(token=token):
        pass
    await stage.fetch(token=token)


@requirement("OBS-REFUSAL-END")
@pytest.mark.usefixtures("stranger")
def test_how_a_refused_connection_ends(everything: Everything, observe: Observe) -> None:
    observe(*run.refusal_end(everything))


@requirement("OBS-REST-BODY")
@pytest.mark.usefixtures("stranger")
def test_how_rest_refuses(everything: Everything, observe: Observe) -> None:
    observe(*run.rest_refusals(everything))


@requirement("OBS-BEARER-CASE")
def test_whether_the_prefix_may_be_in_lower_case(lower_case_bearer: Record, observe: Observe) -> None:
    observe(*experiments.bearer_case(lower_case_bearer))


@requirement("OBS-BOTH-OPTIONS")
def test_which_of_two_tokens_counts(two_tokens: Record, observe: Observe) -> None:
    observe(*experiments.both_options(two_tokens))


@requirement("OBS-EXPIRY")
def test_what_happens_when_a_token_expires_while_connected(expires_while_connected: Record, observe: Observe) -> None:
    observe(*experiments.expiry(expires_while_connected))


@scenario(wave=2, limit_concurrency=True)
async def lives_long(stage: Stage) -> None:
    """A device with a token of thirty days sends a text, and another one."""
    token = replace(await stage.user.living(experiments.LONG_LIFETIME), good=False)
    async with stage.device(token=token, unjudged=True) as phone:
        await phone.send_plain(tag="first")
        await phone.send_plain(tag="second")


@requirement("OBS-LONG-TOKEN")
def test_what_becomes_of_a_token_that_lives_long(lives_long: Record, observe: Observe) -> None:
    observe(*experiments.long_token(lives_long))


@scenario
async def namesake(stage: Stage) -> None:
    """One device connects; which claims of its token equal conversation.userId is marked, by their names."""
    claims = claims_of((await stage.user.token()).value)
    if claims is None:
        raise Unverified("the given token is not a JWT: it has no claims to compare with")
    async with stage.device() as phone:
        same = experiments.user_id_claims(claims, phone.inbox.heard(CONNECTED)[0])
        stage.mark(f"userId is the claim {', '.join(same)}", claims=same)


@requirement("OBS-USER-ID")
def test_whether_the_user_id_is_the_subject(namesake: Record, observe: Observe) -> None:
    observe(*experiments.user_id(namesake))


# -- what comes unasked (sections 4.3, 4.4 and 9) ----------------------------------------------------------------


@scenario(wave=2)
async def left_alone(stage: Stage) -> None:
    """One device sends a text and waits for a reply of support; if one comes, it does so once more."""
    async with stage.device() as phone:
        if await phone.is_replied_to(tag="alone", within=experiments.REPLY_WITHIN):
            await phone.is_replied_to(tag="alone", within=experiments.REPLY_WITHIN)


@requirement("OBS-SUPPORT")
def test_whether_support_replies_by_itself(everything: Everything, left_alone: Record, observe: Observe) -> None:
    observe(*experiments.support(left_alone, everything))


@scenario(wave=2)
async def refused_with_ack(stage: Stage) -> None:
    """One device sends an empty text and asks for an ack; then it sends a plain one."""
    async with stage.device() as phone:
        await phone.send_text("", tag="refused", valid=False)
        await phone.fence()


@requirement("OBS-ERROR-ROADS")
def test_on_which_roads_errors_come(refused_with_ack: Record, observe: Observe) -> None:
    observe(*experiments.error_routes(refused_with_ack))


@scenario
async def typing_at_home(stage: Stage) -> None:
    """One of two devices of a user types, then sends a plain text."""
    async with stage.device("phone") as phone, stage.device("tablet"):
        await phone.typing({"isTyping": True})
        await phone.typing({"isTyping": False})
        await phone.fence()


@requirement("OBS-TYPING-RELAY")
def test_whom_typing_reaches(typing_at_home: Record, observe: Observe) -> None:
    observe(*experiments.typing_relay(typing_at_home))


# -- habits of the whole run -------------------------------------------------------------------------------------


@requirement("OBS-DATES")
def test_how_instants_are_written(everything: Everything, observe: Observe) -> None:
    observe(*run.dates(everything))


@requirement("OBS-CLOCK")
def test_by_which_clock_messages_are_created(everything: Everything, observe: Observe) -> None:
    observe(*clock.observed(everything))


@requirement("OBS-ID-FORM")
def test_what_ids_look_like(everything: Everything, observe: Observe) -> None:
    observe(*run.id_form(everything))


@requirement("OBS-WINDOW")
def test_how_far_back_the_history_reaches(everything: Everything, observe: Observe) -> None:
    observe(*run.window(everything))


@requirement("OBS-EARLY-EVENTS")
@pytest.mark.usefixtures("crowd")
def test_whether_messages_come_before_the_greeting(everything: Everything, observe: Observe) -> None:
    observe(*run.early_events(everything))


@requirement("OBS-ACK-ORDER")
def test_whether_ack_or_event_comes_first(everything: Everything, observe: Observe) -> None:
    observe(*run.ack_order(everything))


@requirement("OBS-ACK-LATENCY")
def test_how_soon_acks_come(everything: Everything, observe: Observe) -> None:
    observe(*run.ack_latency(everything))


@requirement("OBS-LATE")
def test_what_comes_late(everything: Everything, observe: Observe) -> None:
    observe(*lateness(everything))


@requirement("OBS-PING")
def test_how_soon_a_dead_connection_is_noticed(everything: Everything, observe: Observe) -> None:
    observe(*run.ping(everything))
