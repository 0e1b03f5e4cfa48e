"""Sections 2.2 and 6: which tokens open the conversation, and what becomes of a client with any other."""

from __future__ import annotations

import contextlib

import pytest

from conformance.checks import authentication, bad_tokens, delivery, good_tokens, refused_sends
from conformance.checks.assertions import check_all
from conformance.checks.connection import stays
from conformance.checks.law import check_records
from conformance.drive import rejected
from conformance.drive.device import ScenarioAborted
from conformance.drive.rejected import AGED, CONFUSING, MISSING, ODD_WAYS, WRONG
from conformance.drive.scenario import scenario
from conformance.drive.simultaneous import entered, opened
from conformance.drive.stage import Stage
from conformance.protocol import CONNECTED
from conformance.record.views import Everything, Record
from conformance.requirements import requirement

TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "polling"])
ROUTES = ("kind", "option", "transport")
MISSING_TOKENS = pytest.mark.parametrize(ROUTES, MISSING)
CONFUSED_TOKENS = [pytest.param(*route, marks=pytest.mark.public_key) for route in CONFUSING]
WRONG_TOKENS = pytest.mark.parametrize(ROUTES, [*WRONG, *CONFUSED_TOKENS])
AGED_TOKENS = pytest.mark.parametrize(ROUTES, AGED)
BAD_TOKENS = pytest.mark.parametrize(ROUTES, [*MISSING, *WRONG, *CONFUSED_TOKENS, *AGED])

# -- good tokens -------------------------------------------------------------------------------------------------


@scenario
async def documented_ways(stage: Stage, transport: str) -> None:
    """One device after the other presents a good token: in auth, in auth after "Bearer ", in the header. Each that is
    let in sends a plain text. Another device presents one both in auth and in the header."""
    for name, option in (("bare", "auth"), ("prefixed", "bearer"), ("header", "header")):
        with contextlib.suppress(ScenarioAborted):
            async with stage.device(name, option=option, transport=transport) as device:
                await device.send_plain(tag=name)
    await rejected.call(stage.device("both", option="both", transport=transport))


@requirement("AUTH-BARE")
@TRANSPORTS
def test_a_bare_token_in_auth_is_accepted(documented_ways: Record) -> None:
    authentication.accepted(documented_ways.connection("bare"), "AUTH-BARE")


@requirement("AUTH-PREFIXED")
@TRANSPORTS
def test_a_token_after_bearer_in_auth_is_accepted(documented_ways: Record) -> None:
    authentication.accepted(documented_ways.connection("prefixed"), "AUTH-PREFIXED")


@requirement("AUTH-HEADER")
@TRANSPORTS
def test_a_token_in_the_header_is_accepted(documented_ways: Record) -> None:
    authentication.accepted(documented_ways.connection("header"), "AUTH-HEADER")


@requirement("AUTH-BOTH")
@TRANSPORTS
def test_a_token_in_both_options_is_accepted(documented_ways: Record) -> None:
    authentication.accepted_twice(documented_ways)


@requirement("AUTH-BARE")
def test_no_good_token_in_auth_is_refused_anywhere(everything: Everything) -> None:
    check_records(everything, good_tokens.refused("AUTH-BARE"), good_tokens.LetIn(everything))


@requirement("AUTH-PREFIXED")
def test_no_good_token_after_bearer_is_refused_anywhere(everything: Everything) -> None:
    check_records(everything, good_tokens.refused("AUTH-PREFIXED"), good_tokens.LetIn(everything))


@requirement("AUTH-HEADER")
def test_no_good_token_in_the_header_is_refused_anywhere(everything: Everything) -> None:
    check_records(everything, good_tokens.refused("AUTH-HEADER"), good_tokens.LetIn(everything))


@scenario
async def one_token(stage: Stage) -> None:
    """A device and then REST present the very same token."""
    token = await stage.user.token()
    async with stage.device("phone", token=token):
        pass
    await stage.fetch(token=token)


@requirement("AUTH-SHARED")
def test_the_token_of_the_socket_opens_rest(one_token: Record) -> None:
    authentication.shared(one_token.fetch(nth=-1))


@requirement("EVENT-AFTER-CONNECT")
def test_events_come_after_the_answer_to_connect(everything: Everything) -> None:
    check_records(everything, delivery.early, delivery.in_time, nothing="no client was let into the namespace")


# -- bad tokens --------------------------------------------------------------------------------------------------


@scenario(wave=2, limit_concurrency=True)
async def refused(stage: Stage, kind: str, option: str, transport: str) -> None:
    """A device presents a bad token and stays until nothing more comes."""
    token = await rejected.bad(stage.user, kind)
    presented = ODD_WAYS.get(option)
    option = rejected.option_of(stage, kind, option)
    phone = stage.device("phone", token=token, option=option, transport=transport, presented=presented)
    await rejected.try_connect(phone)
    await rejected.control(stage, phone, option, transport)


@requirement("AUTH-MISSING")
@MISSING_TOKENS
def test_a_client_without_a_token_is_not_let_in(refused: Record, kind: str) -> None:
    authentication.assert_rejected(refused, kind)


@requirement("AUTH-INVALID")
@WRONG_TOKENS
def test_an_invalid_token_is_not_let_in(refused: Record, kind: str) -> None:
    authentication.assert_rejected(refused, kind)


@requirement("AUTH-EXPIRED")
@AGED_TOKENS
def test_an_expired_token_is_not_let_in(refused: Record, kind: str) -> None:
    authentication.assert_rejected(refused, kind)


@requirement("REFUSAL-EVENT")
@BAD_TOKENS
def test_a_refused_client_is_told_so_once(refused: Record) -> None:
    authentication.one_error(authentication.refusal(refused))


@scenario(wave=2, limit_concurrency=True, extra=True)
async def refused_together(stage: Stage) -> None:
    """Two devices of a user have opened their transports, and present one expired token at the same moment."""
    token = await rejected.bad(stage.user, "expired")
    devices = [stage.device(name, token=token) for name in ("phone", "tablet")]
    await opened(stage, devices)
    await entered(stage, devices)


@requirement("REFUSAL-EVENT")
def test_each_of_two_refused_clients_is_told_so_once(refused_together: Record) -> None:
    check_all(refused_together.connections, authentication.refused_with_one_error)


@requirement("REFUSAL-EVENT")
def test_who_is_not_let_in_is_told_so_once(two_tokens: Record, lower_case_bearer: Record) -> None:
    check_records([two_tokens, lower_case_bearer], bad_tokens.kept_out, authentication.one_error)


@requirement("REFUSAL-CODE")
@BAD_TOKENS
def test_the_error_of_a_bad_token_is_unauthorized(refused: Record) -> None:
    authentication.coded(authentication.refusal(refused))


@requirement("REFUSAL-CLOSE")
@BAD_TOKENS
def test_a_refused_client_is_disconnected(refused: Record) -> None:
    authentication.ended(authentication.refusal(refused))


@requirement("REFUSAL-CLOSE")
def test_who_is_not_let_in_is_disconnected(two_tokens: Record, lower_case_bearer: Record) -> None:
    check_records([two_tokens, lower_case_bearer], bad_tokens.kept_out, authentication.ended)


@requirement("REFUSAL-SILENT")
@BAD_TOKENS
def test_a_refused_client_hears_nothing_but_the_error(refused: Record) -> None:
    authentication.silent(authentication.refusal(refused))


# -- a refused client beside a good one --------------------------------------------------------------------------

FORGED = pytest.mark.parametrize("kind", ["resigned", "expired"])
"""Tokens that still name the user whose conversation is at stake."""


@scenario(wave=2, limit_concurrency=True)
async def eavesdropper(stage: Stage, kind: str) -> None:
    """A phone chats while a device with a bad token, made from the phone's own, knocks and is refused. Then the phone's
    token is presented again; where it is refused, in turns with another one."""
    token = await stage.user.token()
    intruder = stage.device("intruder", token=await rejected.bad(stage.user, kind, of=token), greet=False)
    async with stage.device("phone", token=token) as phone:
        await phone.send_plain(tag="before")
        async with intruder:
            await rejected.enter(intruder)
            await phone.send_plain(tag="meanwhile")
            await intruder.settle()
            await phone.send_plain(tag="later")
    for _ in range(good_tokens.TIMES):
        again = stage.device(good_tokens.AGAIN, token=token)
        await rejected.call(again)
        if again.inbox.heard(CONNECTED):
            break
        await rejected.call(stage.device(good_tokens.RENEWED))


@requirement("AUTH-BARE")
@FORGED
def test_a_bad_copy_spoils_no_good_token(eavesdropper: Record) -> None:
    check_records([eavesdropper], good_tokens.spoiled, good_tokens.let_in_again)


@requirement("AUTH-INVALID")
@pytest.mark.parametrize("kind", ["resigned"])
def test_a_forgery_of_a_token_in_use_is_not_let_in(eavesdropper: Record, kind: str) -> None:
    authentication.assert_rejected(eavesdropper, kind, "intruder")


@requirement("CONN-STAYS")
@pytest.mark.parametrize("kind", ["resigned"])
def test_a_forgery_of_a_token_in_use_ends_no_connection_but_its_own(eavesdropper: Record) -> None:
    _ = authentication.refusal(eavesdropper, "intruder")
    stays(eavesdropper.connection("phone"))


@requirement("REFUSAL-SILENT")
@FORGED
def test_a_refused_client_hears_nothing_of_a_running_chat(eavesdropper: Record) -> None:
    authentication.silent(authentication.refusal(eavesdropper, "intruder"))


@scenario(wave=2, limit_concurrency=True)
async def refused_sender(stage: Stage, kind: str, moment: str) -> None:
    """A device with a bad token sends a text, behind its CONNECT packet or once that is answered; then REST and the
    greeting of a good token show the conversation."""
    token = await rejected.bad(stage.user, kind)
    async with stage.device("phone", token=token, greet=False, unjudged=True) as phone:
        await rejected.send_when(phone, moment, stage.words())
    await stage.fetch()
    async with stage.device("tablet"):
        pass


SENDERS = pytest.mark.parametrize(
    ("kind", "moment"),
    [("resigned", "at-once"), ("resigned", "entered"), ("expired", "at-once"), ("expired", "entered")],
)


@requirement("REFUSAL-LOCKED")
@SENDERS
def test_what_a_refused_client_sends_is_not_acked_as_saved(refused_sender: Record) -> None:
    refused_sends.not_acked(authentication.refusal(refused_sender))


@requirement("REFUSAL-LOCKED")
@SENDERS
def test_what_a_refused_client_sends_is_not_in_the_greeting(refused_sender: Record) -> None:
    refused_sends.not_shown(authentication.refusal(refused_sender), refused_sender.connection("tablet").history)


@requirement("REFUSAL-LOCKED")
@SENDERS
def test_what_a_refused_client_sends_is_not_shown_by_rest(refused_sender: Record, plain_chat: Record) -> None:
    phone = authentication.refusal(refused_sender)
    refused_sends.not_shown(
        phone, refused_sends.shown_after(refused_sender.fetch(nth=-1), phone, otherwise=plain_chat.fetch())
    )
