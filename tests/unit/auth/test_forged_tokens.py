"""Generated tokens are none: whatever was changed, no verifier takes them."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from hypothesis import given, settings

from conformance.auth import forged_tokens
from conformance.auth.forged_tokens import Altered, Change, Claiming, Composed, Declaring, Shortened, Words

SECRET = "a secret that is long enough for HMAC with SHA-256"
GOOD = jwt.encode({"sub": "ada", "exp": 4102444800}, SECRET)
OPAQUE = "an-opaque-token-of-some-other-make"


@settings(derandomize=True, database=None, deadline=None, max_examples=500)
@given(forged_tokens.changes)
def test_no_verifier_takes_a_changed_token(change: Change) -> None:
    forged = change(GOOD)
    with pytest.raises(jwt.PyJWTError):
        jwt.decode(forged, SECRET, algorithms=["HS256"])
    forged.encode("ascii")


@settings(derandomize=True, database=None, deadline=None)
@given(forged_tokens.changes)
def test_an_opaque_token_is_changed_too(change: Change) -> None:
    assert change(OPAQUE) != OPAQUE


@settings(derandomize=True, database=None, deadline=None)
@given(forged_tokens.changes)
def test_a_change_tells_nothing_of_the_token(change: Change) -> None:
    assert not {part for part in GOOD.split(".") if part in str(change)}
    assert str(change).isprintable()


@pytest.mark.parametrize(
    ("change", "reported"),
    [
        (Words("abc"), "the words abc"),
        (Altered("signature", 3), "another character in the signature"),
        (Shortened("payload", 0), "an empty payload"),
        (Shortened("payload", 10), "a shortened payload"),
        (Composed(("header", "payload")), "made of header, payload"),
        (Claiming("sub", "admin"), "claiming sub = admin"),
        (Declaring("alg", "none", signed=False), "declaring alg = none, unsigned"),
    ],
)
def test_changes_read_as_sentences(change: Change, reported: str) -> None:
    assert str(change) == reported


@pytest.mark.parametrize(("name", "value"), [("sub", "ada"), ("exp", 4102444800)])
def test_claiming_what_is_so_changes_something_all_the_same(name: str, value: Any) -> None:
    assert Claiming(name, value)(GOOD) != GOOD
    assert json.dumps(jwt.decode(GOOD, SECRET, algorithms=["HS256"]))
