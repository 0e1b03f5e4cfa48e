"""Sections 2.2, 6 and 7: a bad token is refused whoever asks, when and how: users whom the target knows, too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.auth.tokens import Token
from conformance.checks import authentication, bad_tokens
from conformance.checks.bad_tokens import EARLY, SEEN, TIMES, UNSEEN
from conformance.checks.law import check_records
from conformance.drive import rejected
from conformance.drive.rejected import IN_BETWEEN, KNOWN, ODD_WAYS
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.record.views import Everything, Record
from conformance.requirements import requirement

KNOWN_USERS = pytest.mark.parametrize(("state", "transport"), KNOWN)
TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "polling"])
AT_ONCE = 3
"""Tokens that are presented at the same moment."""
LIFETIME = 3
"""Seconds that a token lives which is tried again after its time."""

# -- users who were let in before ----------------------------------------------------------------------------------


@scenario(wave=2, limit_concurrency=True, many_steps=True)
async def known_user(stage: Stage, state: str, transport: str) -> None:
    """A device says a text with a good token. While it is present, when it has left, or each time that it has been cut
    off, bad tokens made from the good one are presented, one after the other; and REST is asked with some. Where the
    device is present, another one is let in and one refused at the same moment, at last."""
    token = await stage.user.token()
    tried = KNOWN[state, transport]
    bad = await rejected.bad_ones(stage.user, [*IN_BETWEEN, *(kind for kind, _ in tried)], token)
    await stage.fetch(token=token, tag="good")
    phone = stage.device("phone", token=token, transport=transport)
    await phone.connect()
    await phone.send_plain(tag="secret")
    if state == "left":
        await phone.close()
    for kind, option in tried:
        if state == "cut":
            await rejected.come_back(phone, token, bad[kind])
        else:
            route = rejected.option_of(stage, kind, option)
            presented = ODD_WAYS.get(option)
            intruder = stage.device("intruder", token=bad[kind], option=route, transport=transport, presented=presented)
            await rejected.call(intruder)
            await rejected.control(stage, intruder, route, transport)
    await stage.together(*(stage.fetch(token=bad[kind], tag=kind) for kind in IN_BETWEEN))
    if state == "present":
        tablet, late = (stage.device(n, token=t) for n, t in [("tablet", token), ("intruder", bad["expired"])])
        await stage.together(rejected.call(tablet), rejected.call(late))


@requirement("AUTH-EXPIRED")
@KNOWN_USERS
def test_no_expired_token_of_a_known_user_is_let_in(known_user: Record) -> None:
    bad_tokens.assert_rejected(known_user, "AUTH-EXPIRED")


@requirement("AUTH-INVALID")
@KNOWN_USERS
def test_no_invalid_token_of_a_known_user_is_let_in(known_user: Record) -> None:
    bad_tokens.assert_rejected(known_user, "AUTH-INVALID")


@requirement("AUTH-MISSING")
@pytest.mark.parametrize(("state", "transport"), [state for state, tried in KNOWN.items() if "missing" in dict(tried)])
def test_no_known_user_is_let_in_without_a_token(known_user: Record) -> None:
    bad_tokens.assert_rejected(known_user, "AUTH-MISSING")


@requirement("REFUSAL-EVENT")
@KNOWN_USERS
def test_a_refused_client_of_a_known_user_is_told_so_once(known_user: Record) -> None:
    bad_tokens.refused(known_user, authentication.one_error)


@requirement("REFUSAL-CODE")
@KNOWN_USERS
def test_the_error_of_a_bad_token_of_a_known_user_is_unauthorized(known_user: Record) -> None:
    bad_tokens.refused(known_user, authentication.coded)


@requirement("REFUSAL-CLOSE")
@KNOWN_USERS
def test_a_refused_client_of_a_known_user_is_disconnected(known_user: Record) -> None:
    bad_tokens.refused(known_user, authentication.ended)


@requirement("REFUSAL-SILENT")
@KNOWN_USERS
def test_a_refused_client_of_a_known_user_hears_nothing_but_the_error(known_user: Record) -> None:
    bad_tokens.refused(known_user, authentication.silent)


@requirement("REST-EXPIRY")
@KNOWN_USERS
def test_rest_gives_nothing_for_an_expired_token_of_a_known_user(known_user: Record) -> None:
    bad_tokens.rest_gave_nothing(known_user, "REST-EXPIRY")


@requirement("REST-REFUSAL")
@KNOWN_USERS
def test_rest_gives_nothing_for_an_invalid_token_of_a_known_user(known_user: Record) -> None:
    bad_tokens.rest_gave_nothing(known_user, "REST-REFUSAL")


# -- a transport on which the user was let in ----------------------------------------------------------------------


@scenario(wave=2, limit_concurrency=True, many_steps=True)
async def entered_again(stage: Stage, transport: str) -> None:
    """A device is let in with a good token in ``auth``, leaves the namespace, and enters it again on the same transport
    with a bad token that is made from the good one; so with each of some kinds. (A header would stay the good one.)"""
    token = await stage.user.token()
    bad = await rejected.bad_ones(stage.user, IN_BETWEEN, token)
    phone = stage.device("phone", token=token, transport=transport, option="auth")
    for kind in IN_BETWEEN:
        await phone.reconnect(token=token)
        await phone.enter_again(bad[kind])
        await phone.close()


@requirement("AUTH-EXPIRED")
@TRANSPORTS
def test_no_expired_token_is_let_in_on_a_transport_that_was_let_in(entered_again: Record) -> None:
    bad_tokens.opened_nothing(entered_again, "AUTH-EXPIRED")


@requirement("AUTH-INVALID")
@TRANSPORTS
def test_no_invalid_token_is_let_in_on_a_transport_that_was_let_in(entered_again: Record) -> None:
    bad_tokens.opened_nothing(entered_again, "AUTH-INVALID")


@requirement("AUTH-MISSING")
@TRANSPORTS
def test_nobody_is_let_in_without_a_token_on_a_transport_that_was_let_in(entered_again: Record) -> None:
    bad_tokens.opened_nothing(entered_again, "AUTH-MISSING")


# -- users whom the target has never seen --------------------------------------------------------------------------


@scenario(wave=2, limit_concurrency=True)
async def unknown_user(stage: Stage) -> None:
    """REST is asked with bad tokens of a user before any good one was presented, and then with the good one."""
    token = await stage.user.token()
    for kind, bad in (await rejected.bad_ones(stage.user, IN_BETWEEN, token)).items():
        await stage.fetch(token=bad, tag=kind)
    await stage.fetch(token=token, tag="good")


@requirement("REST-EXPIRY")
def test_rest_gives_nothing_for_the_expired_token_of_somebody_new(unknown_user: Record) -> None:
    bad_tokens.rest_gave_nothing(unknown_user, "REST-EXPIRY")


@requirement("REST-REFUSAL")
def test_rest_gives_nothing_for_the_invalid_token_of_somebody_new(unknown_user: Record) -> None:
    bad_tokens.rest_gave_nothing(unknown_user, "REST-REFUSAL")


# -- tokens that anyone could sign ---------------------------------------------------------------------------------


@scenario(wave=2, limit_concurrency=True, many_steps=True, extra=True)
async def signed_by_anyone(stage: Stage) -> None:
    """A user's device connects and goes. Another one and REST present tokens with good claims that are signed with what
    anyone has, three at a time: a key that the token brings along or chooses, an empty secret, one of tutorials, zeros.
    Then the same with a bad token and an expired one that stand in the header without "Bearer"."""
    token = await stage.user.token()
    async with stage.device("owner", token=token):
        pass
    guessed = list((await rejected.guessed(stage.user, token)).values())
    bare = await rejected.bare(stage.user, token)
    tried = [*((bad, False) for bad in guessed), *((bad, True) for bad in bare)]
    for first in range(0, len(tried), AT_ONCE):
        some = enumerate(tried[first : first + AT_ONCE])
        await stage.together(*(rejected.knock(stage, f"phone {n}", bad, bare=bare) for n, (bad, bare) in some))


# -- wherever a bad token was presented ----------------------------------------------------------------------------


@requirement("AUTH-MISSING")
def test_nobody_is_let_in_without_a_token_anywhere(everything: Everything) -> None:
    check_records(everything, bad_tokens.knocks("AUTH-MISSING"), authentication.opens_nothing)


@requirement("AUTH-INVALID")
def test_no_invalid_token_is_let_in_anywhere(everything: Everything, signed_by_anyone: Record) -> None:
    _ = signed_by_anyone
    check_records(everything, bad_tokens.knocks("AUTH-INVALID"), authentication.opens_nothing)


@requirement("AUTH-EXPIRED")
def test_no_expired_token_is_let_in_anywhere(everything: Everything) -> None:
    check_records(everything, bad_tokens.knocks("AUTH-EXPIRED"), authentication.opens_nothing)


@requirement("REST-EXPIRY")
def test_rest_gives_nothing_for_an_expired_token_anywhere(everything: Everything) -> None:
    check_records(everything, bad_tokens.requests("REST-EXPIRY"), bad_tokens.given_nothing)


@requirement("REST-REFUSAL")
def test_rest_gives_nothing_for_an_invalid_token_anywhere(everything: Everything, signed_by_anyone: Record) -> None:
    _ = signed_by_anyone
    check_records(everything, bad_tokens.requests("REST-REFUSAL"), bad_tokens.given_nothing)


# -- a token that was good once ------------------------------------------------------------------------------------


@scenario(wave=2, limit_concurrency=True, takes_seconds=True)
async def outlived(stage: Stage) -> None:
    """Of two tokens that live for three seconds, one opens a connection and REST in its time. When both have expired,
    they are tried in turns over either transport and REST: first and last the one that the target has not seen."""
    seen, unseen = await stage.user.living(LIFETIME), await stage.user.living(LIFETIME)
    await rejected.call(stage.device(EARLY, token=seen, unjudged=True))
    await stage.fetch(token=seen, tag=EARLY)
    await rejected.outlive(stage, unseen)
    late = {SEEN: replace(seen, good=False), UNSEEN: replace(unseen, good=False)}
    turns = [UNSEEN, *[SEEN] * TIMES, *[UNSEEN] * (TIMES - 1)]
    await stage.together(*(_in_turns(stage, late, turns, transport) for transport in ("websocket", "polling")))
    for name in turns:
        await stage.fetch(token=late[name], tag=name)


async def _in_turns(stage: Stage, tokens: dict[str, Token], turns: list[str], transport: str) -> None:
    for name in turns:
        await rejected.call(stage.device(name, token=tokens[name], transport=transport, unjudged=True))


@requirement("AUTH-OUTLIVED")
def test_a_token_that_was_accepted_is_refused_once_it_has_expired(outlived: Record) -> None:
    bad_tokens.forgotten(outlived)
