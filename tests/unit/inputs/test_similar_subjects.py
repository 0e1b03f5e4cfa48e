"""Users whose ids look alike: what is made of one subject, and who counts of those that a target may not take."""

from __future__ import annotations

import zlib

import jwt

from conformance.auth.tokens import KeyMinter
from conformance.auth.users import Minted, ReadyMade, Users
from conformance.checks.unjudged import of_accepted_users
from conformance.inputs.similar_subjects import ALIKE, LENGTH, PLAIN, claims_for
from conformance.redaction import Redactor
from tests.support.clients import SECRET
from tests.support.handmade import CONVERSATION, Handmade
from tests.support.peers import in_loop

MINTER = KeyMinter(SECRET)


def test_no_two_look_alikes_are_the_same_and_the_first_is_as_usual() -> None:
    made = [change("conformance-run-7") for change in ALIKE.values()]
    assert len(set(made)) == len(made)
    assert max(map(len, made)) == LENGTH
    assert next(iter(ALIKE)) == PLAIN
    assert made[0] == "conformance-run-7"


def test_what_looks_like_a_number_is_no_ones() -> None:
    one, other = ([change(f"conformance-run-{n}") for change in ALIKE.values()] for n in (7, 8))
    numbers = [subject for subject in one if subject.strip("+").isdecimal()]
    assert len(numbers) >= 4
    assert all(len(number) >= 15 for number in numbers)
    assert not set(one) & set(other)


def test_two_of_them_have_one_checksum() -> None:
    pair = [ALIKE[name]("conformance-run-7").encode() for name in ("a checksum", "the same checksum")]
    assert zlib.crc32(pair[0]) == zlib.crc32(pair[1])


def test_only_ids_among_the_claims_are_alike() -> None:
    extra = {"userId": "{user}", "email": "{user}@example.com", "role": {"names": ["{user}"], "id": "{user}"}, "n": 1}
    assert claims_for(extra, "p") == {
        "userId": "{user}",
        "email": "p@example.com",
        "role": {"names": ["p"], "id": "{user}"},
        "n": 1,
    }


@in_loop
async def test_the_tokens_of_look_alikes_differ_in_the_subject_and_not_in_other_claims() -> None:
    source = Minted(MINTER, {"email": "{user}@example.com"})
    async with Users(source, Redactor(), run="run").lease(1, alike=True) as users:
        assert [user.subject for user in users] == [change("conformance-run-1") for change in ALIKE.values()]
        assert users[1].name == "user 2 (a capital letter)"
        token = (await users[1].token()).value
    claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    assert (claims["sub"], claims["email"]) == ("Conformance-run-1", "conformance-run-1-2@example.com")


@in_loop
async def test_given_subjects_have_no_look_alikes() -> None:
    for source in (Minted(MINTER, known=["ada", "bob"]), ReadyMade({"ada": ["token"]})):
        async with Users(source, Redactor(), run="run").lease(1, alike=True) as users:
            assert [(user.name, user.subject) for user in users] == [("user 1", "ada")]


def test_only_users_who_were_greeted_count_and_their_trials_are_none() -> None:
    made = Handmade()
    made.opens("phone", user="user 1", trial=True)
    made.greeted()
    made.says("hello")
    made.opens("tablet", user="user 2", trial=True)
    body = {"conversation": CONVERSATION, "messages": []}
    made.fetches(body, user="user 1", trial=True)
    made.fetches(body, user="user 2", trial=True)
    assert not made.record.connections
    assert not made.record.fetches
    counted = of_accepted_users(made.record)
    assert [(connection.user, connection.unjudged) for connection in counted.connections] == [("user 1", False)]
    assert [fetch.user for fetch in counted.fetches] == ["user 1"]
    assert [send.text for send in counted.sends] == ["hello"]
