"""Where tokens come from, as the options say."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from conformance.auth.external import Hooked
from conformance.auth.tokens import KeyMinter, claims_of
from conformance.auth.users import Minted, ReadyMade, Source
from conformance.redaction import Redactor
from conformance.run.options_parser import parse
from conformance.run.token_source import source_of
from tests.support.given import SECRET, TARGET, Given, hook, read, refused


def minted(source: Source, subject: str, *, fresh: bool = False) -> str:
    return asyncio.run(source.token(subject, fresh=fresh))


def token(**claims: Any) -> str:
    return KeyMinter("k").sign(claims)


def test_tokens_of_one_subject_are_one_users() -> None:
    alice, again, bob = token(sub="alice"), token(sub="alice", jti="2"), token(sub="bob")
    source = source_of(read(TARGET, f"--token={alice}", f"--token={bob}", f"--token={again}"), Redactor(), None)
    assert isinstance(source, ReadyMade)
    assert source.tokens == {"alice": [alice, again], "bob": [bob]}
    assert source.minter is None


def test_an_expired_token_is_refused_before_anything_runs() -> None:
    line = refused(TARGET, f"--token={token(sub='a')}", f"--token={token(sub='b', exp=int(time.time()) - 5)}")
    assert re.fullmatch(r"token 2 of 2 \(b\) expired at 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC: pass a fresh one", line)


def test_a_private_key_signs(tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path = tmp_path / "key.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    given = read(TARGET, f"--jwt-key={path}", '--jwt-claims={"mail": "{user}@x"}')
    source = source_of(given, Redactor(), None)
    assert isinstance(source, Minted)
    assert given.jwt_algorithm == "RS256"
    assert "--jwt-algorithm=EdDSA does not work with --jwt-key" in refused(
        TARGET, f"--jwt-key={path}", "--jwt-algorithm=EdDSA"
    )
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass")))
    assert "holds no unencrypted private key in PEM form" in refused(TARGET, f"--jwt-key={path}")


def test_claims_are_filled_in() -> None:
    source = source_of(read(TARGET, SECRET, '--jwt-claims={"mail": "{user}@x"}', "--users=al,bo"), Redactor(), None)
    assert list(source.subjects or ()) == ["al", "bo"]
    claims = claims_of(minted(source, "al"))
    assert claims is not None
    assert (claims["sub"], claims["mail"]) == ("al", "al@x")


def test_a_hook_is_asked_for_tokens() -> None:
    given = parse(Given(Path("/run"), (TARGET, "--users=al,bo", "--hypothesis-seed=7"), [hook]), {})  # type: ignore[arg-type]
    source = source_of(given, Redactor(), None)
    assert isinstance(source, Hooked)
    assert (source.subjects, minted(source, "al")) == (["al", "bo"], "token-of-al")
    assert "seed 7, tokens by pytest_help_center_token" in given.headline


@pytest.mark.parametrize(
    ("arguments", "used"),
    [
        ([TARGET], True),
        ([], False),
        ([TARGET, SECRET], False),
        ([TARGET, "--token=a"], False),
        ([TARGET, "--token-command=mint"], False),
    ],
)
def test_the_hook_goes_before_the_environment_and_after_the_command_line(arguments: list[str], used: bool) -> None:
    environment = {"HELP_CENTER_TOKEN": "a", "HELP_CENTER_JWT_KEY": "/nope"} if used else {}
    given = parse(Given(Path("/run"), tuple(arguments), [hook]), environment)  # type: ignore[arg-type]
    assert (given.token_hook is not None) is used


def test_the_place_of_the_user_in_a_command_is_no_secret() -> None:
    redactor = Redactor()
    source_of(read(TARGET, "--token-command=mint --token={user} --password=hidden7", "--users=a,b"), redactor, None)
    assert redactor.text("hello {user}, hidden7") == "hello {user}, ‹word of --token-command›"
