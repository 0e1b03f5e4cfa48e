"""Which bad tokens are tried."""

from __future__ import annotations

import pytest

from conformance.auth.tokens import KeyMinter
from conformance.auth.users import Minted, User
from conformance.drive import rejected
from conformance.record.token_kinds import GUESSED
from conformance.redaction import Redactor
from tests.support.peers import in_loop


@pytest.mark.parametrize("secret", ["secret", "changeme", "another one"])
@in_loop
async def test_the_secret_of_the_target_is_not_guessed(secret: str) -> None:
    user = User("user 1", "ada", Minted(KeyMinter(secret)), Redactor(), brand_new=True)
    tried = await rejected.guessed(user, await user.token())
    assert list(tried) == [kind for kind in GUESSED if kind != f"secret-{secret}"]
    assert not any(token.good for token in tried.values())
