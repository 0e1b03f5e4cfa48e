"""Tokens that are asked for: of a command, or of a team's hook."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from conformance.auth.expiry import format_utc
from conformance.auth.external import Asked, Commanded, Hooked
from conformance.auth.tokens import KeyMinter
from conformance.errors import Unverified
from conformance.hooks import TokenHook
from tests.support.clients import DEADLINE
from tests.support.peers import in_loop

JWT = KeyMinter("k").sign({"sub": "al", "name": "somebody with a password"})


def asked(source: Asked, subject: str, *, fresh: bool = False) -> str:
    return asyncio.run(source.token(subject, fresh=fresh))


def refused(source: Asked, *, fresh: bool = False) -> str:
    with pytest.raises(Unverified) as caught:
        asked(source, "al", fresh=fresh)
    line = str(caught.value)
    assert "\n" not in line
    assert JWT.split(".")[1] not in line
    return line


# -- a command -----------------------------------------------------------------------------------------------------


def commanded(*words: str, users: list[str] | None = None) -> Commanded:
    return Commanded(" ".join(words), users)


def test_a_command_prints_tokens() -> None:
    source = commanded("sh", "-c", "'echo Bearer token-of-$0-$$'", "{user}")
    assert source.subjects is None
    first = asked(source, "al")
    assert first.startswith("token-of-al-")
    assert asked(source, "al") == first
    assert asked(source, "al", fresh=True) != first


def test_a_command_that_names_no_user_has_one() -> None:
    assert list(commanded("mint").subjects or ()) == ["the command's user"]
    assert commanded("mint", "{user}", users=["a", "b"]).subjects == ["a", "b"]


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("/no/such/command", "--token-command cannot be run: [Errno 2] No such file or directory: '/no/such/command'"),
        ("sh -c 'echo alas >&2; exit 3'", "--token-command failed with exit code 3: alas"),
        (f"sh -c 'echo bad {JWT} >&2; exit 3'", "--token-command failed with exit code 3: bad ‹…›"),
        ("true", "--token-command must print one token; it printed 0 words"),
        ("echo two words", "--token-command must print one token; it printed 2 words"),
    ],
)
def test_a_command_that_fails_says_why(command: str, line: str) -> None:
    assert refused(commanded(command)) == line


def test_a_command_without_fresh_tokens() -> None:
    source = commanded("echo", "same-{user}")
    asked(source, "al")
    assert refused(source, fresh=True).endswith("--token-command gives the same one again")


# -- a hook --------------------------------------------------------------------------------------------------------


def hooked(hook: Callable[[str], object], *, names_users: bool = True) -> Hooked:
    return Hooked(TokenHook(hook, names_users, frozenset([__file__])), None)


def returning(value: object) -> Hooked:
    return hooked(lambda _: value)


def raising(error: BaseException) -> Hooked:
    def fails(user: str) -> str:
        raise error

    return hooked(fails)


class Counting:
    """A hook that counts its calls, and how many of them overlap."""

    def __init__(self, lifetime: float = 3600) -> None:
        self.lifetime = lifetime
        self.calls: list[str] = []
        self.most = 0
        self._inside = 0

    def __call__(self, user: str) -> str:
        self.calls.append(user)
        self._inside += 1
        self.most = max(self.most, self._inside)
        threading.Event().wait(0.01)  # long enough for another call to come in between
        self._inside -= 1
        return KeyMinter("k").sign({"sub": user, "exp": int(time.time() + self.lifetime), "jti": len(self.calls)})


@in_loop
async def test_a_hook_is_asked_once_for_each_user_and_never_twice_at_once() -> None:
    hook = Counting()
    source = hooked(hook)
    tokens = await asyncio.gather(*(source.token(user, fresh=False) for user in ("al", "bo", "al", "cy", "bo")))
    assert sorted(hook.calls) == ["al", "bo", "cy"]
    assert hook.most == 1
    assert tokens[0] == tokens[2] != tokens[1]


@in_loop
async def test_a_hook_is_asked_again_for_a_fresh_token() -> None:
    hook = Counting()
    source = hooked(hook)
    tokens = [await source.token("al", fresh=fresh) for fresh in (False, True, False)]
    assert tokens[0] != tokens[1] == tokens[2]
    assert len(hook.calls) == 2


@pytest.mark.parametrize(("lifetime", "calls"), [(3600, 1), (30, 3)])
@in_loop
async def test_a_token_that_has_little_time_left_is_renewed(lifetime: float, calls: int) -> None:
    hook = Counting(lifetime)
    source = hooked(hook)
    for _ in range(3):
        await source.token("al", fresh=False)
    assert len(hook.calls) == calls


def test_a_pasted_prefix_is_no_part_of_the_token() -> None:
    assert asked(returning(" Bearer abc\n"), "al") == "abc"


def test_a_hook_that_is_not_reported_for_whom_has_one_user() -> None:
    assert hooked(str, names_users=False).subjects == ["the hook's user"]
    assert hooked(str).subjects is None


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (None, "pytest_help_center_token returned nothing for al"),
        (7, "pytest_help_center_token returned int, not a string, for al"),
        ({"token": JWT}, "pytest_help_center_token returned dict, not a string, for al"),
        ("", "pytest_help_center_token returned an empty string for al"),
        (f'{{"token": "{JWT}"}} ', "pytest_help_center_token returned something that is not a token for al"),
    ],
    ids=["None", "int", "dict", "empty", "JSON"],
)
def test_what_a_hook_returns_is_a_token(value: object, line: str) -> None:
    assert refused(returning(value)) == line


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (KeyError("access_token"), "KeyError: 'access_token'"),
        (TimeoutError(), "TimeoutError"),
        (SystemExit(3), "SystemExit: 3"),
        (ValueError(f"no token in\n{JWT}"), "ValueError: no token in"),
        (ValueError(f"what is {{'token': '{JWT}'}}?"), "ValueError: what is {'token': '‹…›'}?"),
        (OSError("https://me:hidden@host/login?pw=secret is gone"), "OSError: https://‹…›@host/login?‹…› is gone"),
        (pytest.fail.Exception("not today"), "Failed: not today"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_a_hook_that_raises_says_where_and_why(error: BaseException, why: str) -> None:
    line = refused(raising(error))
    where = raising.__code__.co_firstlineno + 2
    assert line == f"pytest_help_center_token failed for al (test_external.py:{where}): {why}"


@in_loop
async def test_a_hook_that_hangs_is_left_alone(monkeypatch: Any) -> None:
    """It is not waited for, and it is not called again before it has returned."""
    monkeypatch.setattr(Hooked, "PATIENCE", 0.05)
    goes_on, calls = threading.Event(), []

    def hangs(user: str) -> str:
        calls.append(user)
        goes_on.wait(DEADLINE)
        return f"token-{len(calls)}"

    source = hooked(hangs)
    with pytest.raises(Unverified, match=r"took longer than 0\.05 s for al"):
        await source.token("al", fresh=False)
    with pytest.raises(Unverified, match="has not returned"):
        await source.token("bo", fresh=False)
    goes_on.set()
    assert source._answer is not None
    await asyncio.wrap_future(source._answer)
    monkeypatch.setattr(Hooked, "PATIENCE", DEADLINE)
    assert await source.token("bo", fresh=False) == "token-2"
    assert calls == ["al", "bo"]


# -- whose tokens --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [JWT, "opaque"])
@in_loop
async def test_tokens_of_one_user_are_not_taken_for_those_of_two(token: str) -> None:
    source = returning(token)
    await source.token("al", fresh=False)
    with pytest.raises(Unverified, match="gives al and bo tokens of one and the same user"):
        await source.token("bo", fresh=False)


def test_an_instant_reads_well() -> None:
    assert format_utc(1_900_000_000.5) == "2030-03-17 17:46:40 UTC"
