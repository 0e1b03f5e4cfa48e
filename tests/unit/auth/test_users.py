"""Users are lent to one scenario at a time, and meet the target one contact at a time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from conformance.auth.tokens import KeyMinter, good_claims
from conformance.auth.users import Minted, ReadyMade, User, Users
from conformance.drive.context import RunContext
from conformance.drive.device import ScenarioAborted
from conformance.drive.stage import Stage
from conformance.errors import Unverified
from conformance.record.token_kinds import BAD, CONFUSED
from conformance.record.transcript import Kind, Transcript
from conformance.redaction import Redactor
from conformance.reference import HelpCenter, Served, Verifier
from tests.support.clients import DEADLINE, SECRET
from tests.support.peers import in_loop

MINTER = KeyMinter(SECRET)


def pool(*known: str) -> Users:
    return Users(Minted(MINTER, known=known or None), Redactor(), run="run")


# -- lending -------------------------------------------------------------------------------------------------------


@in_loop
async def test_without_a_pool_every_lease_has_users_of_its_own() -> None:
    users = pool()
    async with users.lease(2) as first, users.lease(2, brand_new=True) as second:
        assert [user.subject for user in first] == ["conformance-run-1", "conformance-run-1-2"]
        assert [user.subject for user in second] == ["conformance-run-2", "conformance-run-2-2"]
        assert [user.name for user in first] == ["user 1", "user 2"]
        assert not any(user.known for user in first)


@in_loop
async def test_a_user_who_returns_is_waited_for() -> None:
    for users in (pool(), pool("a", "b")):
        async with users.lease(1) as own:
            again = asyncio.create_task(users.lease(1, returning=own[0]).__aenter__())
            await asyncio.sleep(0)
            assert users.size is None or not again.done()
        assert [user.subject for user in await again] == [own[0].subject]


@in_loop
async def test_a_user_who_was_turned_away_does_not_return() -> None:
    users = pool("a", "b")
    async with users.lease(1) as own:
        own[0].turned_away = True
    with pytest.raises(Unverified, match="takes no token of a"):
        await users.lease(1, returning=own[0]).__aenter__()


@in_loop
async def test_users_of_a_pool_are_lent_to_one_scenario_at_a_time() -> None:
    users = pool("a", "b")
    lent: Counter[str] = Counter()
    most = 0

    async def scenario(count: int) -> None:
        nonlocal most
        async with users.lease(count) as own:
            lent.update(user.subject for user in own)
            most = max(most, *lent.values())
            assert [user.name for user in own] == [f"user {number}" for number in range(1, count + 1)]
            for _ in range(3):
                await asyncio.sleep(0)
            lent.subtract(user.subject for user in own)

    await asyncio.gather(*(scenario(count) for count in [2, 1, 2, 1, 1, 2, 2, 2, 1, 2] * 5))
    assert most == 1
    assert not any(lent.values())


@in_loop
async def test_users_come_back_from_a_scenario_that_failed_or_was_cancelled() -> None:
    users = pool("a", "b")

    async def fails() -> None:
        async with users.lease(2):
            raise ZeroDivisionError

    async def waits_for_ever() -> None:
        async with users.lease(2):
            await asyncio.Event().wait()

    with pytest.raises(ZeroDivisionError):
        await fails()
    holding, queueing = asyncio.create_task(waits_for_ever()), asyncio.create_task(waits_for_ever())
    await asyncio.sleep(0)
    queueing.cancel()
    holding.cancel()
    await asyncio.gather(holding, queueing, return_exceptions=True)
    async with asyncio.timeout(DEADLINE), users.lease(2) as own:
        assert {user.subject for user in own} == {"a", "b"}


@pytest.mark.parametrize(
    ("source", "count", "brand_new", "why"),
    [
        (
            Minted(MINTER, known=["a", "b"]),
            3,
            False,
            "3 users are needed: pass a --token for each, --users, or a signing key",
        ),
        (
            ReadyMade({"a": ["token"]}),
            1,
            True,
            "this needs users whom the target never saw: pass --jwt-secret or --jwt-key without --users, or more users "
            "whom it never saw",
        ),
    ],
)
@in_loop
async def test_what_a_pool_cannot_lend(source: Minted | ReadyMade, count: int, brand_new: bool, why: str) -> None:
    with pytest.raises(Unverified, match=f"^{why}$"):
        async with Users(source, Redactor(), run="run").lease(count, brand_new=brand_new):
            pass


# -- those whom the target never saw -------------------------------------------------------------------------------


def lists(users: Sequence[User]) -> str:
    return "".join(user.subject for user in users)


@pytest.mark.parametrize(
    ("known", "shares", "kept"),
    [("a", "", ""), ("ab", "b", "b"), ("abc", "b c", "bc"), ("abcdefg", "be cf dg", "bcdefg")],
)
@in_loop
async def test_the_untouched_are_shared_by_those_who_need_them(known: str, shares: str, kept: str) -> None:
    users = pool(*known)
    users.reserve([3, 2, 1])
    assert lists(users.untouched) == kept
    async with users.lease(users.at_hand or 0) as others:
        assert lists(others) == "a"
    for share in shares.split():
        async with users.lease(3, brand_new=True, min_users=1) as own:
            assert lists(own) == share
    if len(shares.split()) < 3:
        with pytest.raises(Unverified, match="whom the target never saw"):
            async with users.lease(1, brand_new=True, min_users=1):
                pass


@in_loop
async def test_as_many_untouched_users_are_kept_for_second_recordings() -> None:
    users = pool(*"abcdefghij")
    users.reserve([2, 1])
    assert lists(users.untouched) == "efghij"


@in_loop
async def test_who_is_not_wanted_any_more_is_lent_to_everybody() -> None:
    users = pool(*"abcde")
    users.reserve([2, 1], needed=2)
    await users.release(keep=1)
    assert (lists(users.untouched), users.at_hand) == ("b", 4)


@in_loop
async def test_no_one_waits_for_users_that_are_kept_for_later() -> None:
    users = pool(*"abc")
    users.reserve([5], needed=2)
    await users.release(keep=5)
    async with asyncio.timeout(DEADLINE), users.lease(2) as own:
        assert (lists(users.untouched), lists(own)) == ("b", "ac")


@in_loop
async def test_a_user_whom_the_target_turns_away_is_not_lent_again() -> None:
    users = pool(*"ab")
    async with users.lease(2) as own:
        waiting = asyncio.create_task(anext(users.lease(2).gen))
        await asyncio.sleep(0)
        own[0].turned_away = True
    with pytest.raises(Unverified, match="2 users are needed"):
        await waiting
    async with users.lease(1) as rest:
        assert (lists(rest), users.size) == ("b", 1)


# -- tokens --------------------------------------------------------------------------------------------------------


def ready(tokens: Sequence[str]) -> User:
    return User("user 1", "ada", ReadyMade({"ada": tokens}), Redactor(), brand_new=False)


@in_loop
async def test_the_second_ready_made_token_is_the_refreshed_one() -> None:
    user = ready(["first-token", "second-token"])
    assert (await user.token()).value == "first-token"
    assert (await user.token(fresh=True)).value == "second-token"


@in_loop
async def test_what_ready_made_tokens_cannot_show() -> None:
    with pytest.raises(Unverified, match="a second token of the same user"):
        await ready(["first-token"]).token(fresh=True)
    with pytest.raises(Unverified, match="pass --jwt-secret or --jwt-key, and no --token"):
        await ready(["first-token"]).living(3)
    with pytest.raises(Unverified, match="needs the signing key"):
        await ready([MINTER.sign(good_claims("ada", {}))]).bad("expired")


@in_loop
async def test_any_good_token_stands_in_for_one_that_lives_shortly() -> None:
    async with pool().lease(1) as [user]:
        assert (await user.short_lived(3)).lifetime == 3
    instead = await ready(["first-token"]).short_lived(3)
    assert (instead.value, instead.lifetime, instead.good) == ("first-token", None, True)


@in_loop
async def test_every_token_that_is_made_is_kept_out_of_the_record() -> None:
    async with pool().lease(1) as [user]:
        tokens = [await user.token(), await user.token(fresh=True), await user.living(3)]
        tokens += [await user.bad(kind) for kind in BAD if kind not in CONFUSED]
        texts = [token.value for token in tokens if isinstance(token.value, str) and token.value]
        cleaned = [user.redactor.text(f"Bearer {text}") for text in texts]
        assert [text.split(" ", 1)[1][0] for text in cleaned if "not-a-token" not in text] == ["‹"] * (len(texts) - 1)


# -- first contact -------------------------------------------------------------------------------------------------


async def contacts(*, concurrent_first_contact: bool = False, bad_first: bool = False) -> list[str]:
    """Two devices of a brand-new user and REST at the same moment: what was recorded of them."""
    with Served(HelpCenter(Verifier(SECRET)).app) as server:
        redactor = Redactor()
        run = RunContext.create(server.url, {}, None, redactor, deadline=3, settle=0.05)
        async with Users(Minted(MINTER), redactor, run="run").lease(1) as lent:
            stage = Stage(run, Transcript("key", "scenario"), lent, concurrent_first_contact=concurrent_first_contact)
            if bad_first:
                await stage.device("intruder", token=await stage.user.bad("garbage")).connect()
            await stage.together(stage.device("phone").connect(), stage.device("tablet").connect(), stage.fetch())
            await stage.close()
    reported = {Kind.OPEN: "opens", Kind.HTTP: "fetched"}
    names = [
        f"{e.device} {'greeted' if e.get('event') else reported.get(e.kind)}"
        for e in stage.transcript
        if e.kind in reported or e.get("event") == "help_center:connected"
    ]
    return names[1:] if bad_first else names


@pytest.mark.parametrize("bad_first", [False, True], ids=["at once", "after a bad token"])
@in_loop
async def test_a_brand_new_user_makes_one_contact_at_a_time(bad_first: bool) -> None:
    expected = ["phone opens", "phone greeted", "tablet opens", "tablet greeted", "rest fetched"]
    assert await contacts(bad_first=bad_first) == expected


@in_loop
async def test_a_scenario_of_that_race_makes_them_overlap() -> None:
    assert (await contacts(concurrent_first_contact=True))[:2] == ["phone opens", "tablet opens"]


@in_loop
async def test_a_contact_that_is_cut_does_not_lock_out_the_next_one() -> None:
    with Served(HelpCenter(Verifier(SECRET)).app) as server:
        redactor = Redactor()
        run = RunContext.create(server.url, {}, None, redactor, deadline=3, settle=0.05)
        async with Users(Minted(MINTER), redactor, run="run").lease(1) as [user]:
            stage = Stage(run, Transcript("key", "scenario"), [user])
            with pytest.raises(ScenarioAborted):
                await stage.device(token=await ready(["opaque-token"]).token()).connect()
            assert not user.known
            await stage.device().connect()
            assert user.known
            await stage.close()
