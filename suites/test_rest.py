"""Section 7: the same conversation over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import pytest

from conformance.checks import good_tokens, laws, rest
from conformance.checks.law import check_records
from conformance.drive import rejected
from conformance.drive.device import ScenarioAborted
from conformance.drive.rejected import REQUESTS
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.observations import caches
from conformance.record.token_kinds import CONFUSED, EXPIRED
from conformance.record.views import Everything, Record
from conformance.requirements import requirement

CONFUSED_TOKENS = [pytest.param(kind, marks=pytest.mark.public_key) for kind in CONFUSED]
READS = 3
"""How often REST is asked at most while a text is written."""
NO_ANSWER = "REST answered no good token"
NO_BODY = "REST answered no good token with JSON"

# -- good tokens -------------------------------------------------------------------------------------------------


@scenario
async def rest_after_the_socket(stage: Stage) -> None:
    """A device connects and leaves; then REST."""
    await rejected.try_connect(stage.device("phone"))
    await stage.fetch()


@requirement("REST-OPEN")
def test_rest_answers_a_good_token(rest_after_the_socket: Record) -> None:
    rest.opens(rest_after_the_socket.fetch(nth=-1), "a 2xx status with a JSON body for a good token")


@scenario
async def rest_at_once(stage: Stage) -> None:
    """A device connects and leaves; then REST is asked three times at the same moment, with one token."""
    token = await stage.user.token()
    await rejected.try_connect(stage.device("phone", token=token))
    await stage.together(*(stage.fetch(token=token, tag="at once") for _ in range(3)))


@requirement("REST-OPEN")
def test_rest_answers_a_token_that_is_presented_several_times_at_once(rest_at_once: Record) -> None:
    laws.REST_OPEN.check([rest_at_once])


@scenario
async def beyond_ascii(stage: Stage) -> None:
    """A device says a text whose characters take one to four bytes; then REST."""
    async with stage.device("phone") as phone:
        await phone.send_text(f"Zoë 好 😀 {stage.words()}", tag="foreign")
    await stage.fetch()


@requirement("REST-OPEN")
def test_rest_answers_when_texts_are_not_of_ascii_alone(beyond_ascii: Record) -> None:
    rest.opens(beyond_ascii.fetch(nth=-1), "a 2xx status with a JSON body after a text beyond ASCII")


@requirement("REST-OPEN")
def test_rest_answers_whatever_the_conversation_holds(everything: Everything) -> None:
    laws.REST_OPEN.check(everything)


@requirement("REST-OPEN")
def test_rest_refuses_no_good_token_now_and_then(everything: Everything) -> None:
    check_records(everything, good_tokens.refused_by_rest, good_tokens.answered)


@scenario
async def app_launch(stage: Stage) -> None:
    """REST before the user's first socket; a device that says two texts. While the second one is written, REST is
    asked, a few times at most, and another device connects. When all is quiet: REST, a third device, and REST again
    while that is there."""
    written = asyncio.Event()

    async def write() -> None:
        await phone.send_text(stage.words(), tag="second", plain=True)
        written.set()

    async def read() -> None:
        for _ in range(READS):
            if not written.is_set():
                await stage.fetch(tag="meanwhile")

    await stage.fetch(tag="launch")
    async with stage.device("phone") as phone:
        await phone.send_plain(tag="first")
        await stage.together(write(), read(), rejected.try_connect(stage.device("watch")))
    await stage.fetch(tag="before")
    async with stage.device("tablet"):
        await stage.fetch(tag="after")


@requirement("REST-FIRST")
def test_rest_answers_before_any_socket(app_launch: Record, rest_after_the_socket: Record) -> None:
    rest.opens_already(app_launch.fetch("launch", -1), otherwise=rest_after_the_socket.fetch(nth=-1))


@requirement("REST-FIRST")
def test_the_socket_gives_the_conversation_that_rest_gave(app_launch: Record) -> None:
    rest.same_id(app_launch.fetch("launch", -1).history, app_launch.connection().history)


@requirement("REST-SAME")
def test_rest_shows_the_conversation_of_the_greeting(app_launch: Record) -> None:
    rest.same_conversation(app_launch)


@requirement("REST-SAME")
def test_rest_shows_the_messages_of_the_greeting(app_launch: Record) -> None:
    rest.same_messages(rest.views(app_launch))


@requirement("SEND-KEPT")
def test_nothing_is_lost_that_was_asked_for_while_it_was_written(app_launch: Record) -> None:
    laws.SEND_KEPT.check([app_launch])


@requirement("REST-SHAPE")
def test_every_rest_body_has_the_shape_of_the_greeting(everything: Everything) -> None:
    laws.REST_SHAPE.check(everything)


@requirement("REST-MEDIA")
def test_every_rest_body_is_declared_as_json(everything: Everything) -> None:
    laws.REST_MEDIA.check(everything)


@scenario
async def asked_by_a_cache(stage: Stage) -> None:
    """REST is asked, a device says a text, and REST shows it. Where the first answer had an ``ETag``, it is asked once
    more as HTTP libraries with a cache ask: for whatever is not that answer."""
    async with stage.device("phone") as phone:
        await phone.send_plain(tag="before")
        await stage.fetch(tag="kept")
        etag = stage.rest.etag
        await phone.send_plain(tag="after")
        await stage.fetch(tag="fresh")
        if etag is not None:
            await stage.rest.fetch_changed(etag, tag=rest.BY_A_CACHE)


@requirement("SEND-KEPT")
def test_what_was_said_since_an_answer_changes_its_etag(asked_by_a_cache: Record) -> None:
    rest.not_the_same_for_caches(asked_by_a_cache)


@requirement("OBS-REST-CACHE")
def test_what_rest_says_to_caches(
    everything: Everything, rest_after_the_socket: Record, observe: Callable[[str, str], None]
) -> None:
    _ = rest_after_the_socket
    observe(*caches.rest_caching(everything))


# -- bad tokens --------------------------------------------------------------------------------------------------


@scenario(wave=2, limit_concurrency=True)
async def bad_requests(stage: Stage) -> None:
    """A device says a text, REST is asked with its token, and then with each of the bad ones made from that."""
    token = await stage.user.token()
    with contextlib.suppress(ScenarioAborted):
        async with stage.device("phone", token=token) as phone:
            await phone.send_plain(tag="secret")
    await stage.fetch(token=token, tag="good")
    for kind in rejected.requests(stage.user):
        await stage.fetch(token=await rejected.bad(stage.user, kind, of=token), tag=kind)


@requirement("REST-REFUSAL")
@pytest.mark.parametrize("kind", [*(kind for kind in REQUESTS if kind not in EXPIRED), *CONFUSED_TOKENS])
def test_rest_gives_nothing_without_a_valid_token(bad_requests: Record, kind: str) -> None:
    rest.refuses(bad_requests, kind)


@requirement("REST-EXPIRY")
@pytest.mark.parametrize("kind", EXPIRED)
def test_rest_gives_nothing_to_an_expired_token(bad_requests: Record, kind: str) -> None:
    rest.refuses(bad_requests, kind)


@requirement("REST-STATUS")
@pytest.mark.parametrize("kind", [*REQUESTS, *CONFUSED_TOKENS])
def test_rest_refuses_with_401(bad_requests: Record, kind: str) -> None:
    rest.unauthorized(bad_requests, kind)
