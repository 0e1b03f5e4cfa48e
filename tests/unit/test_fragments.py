"""Pieces of secrets are recognised, whatever they were encoded as; innocent words are not."""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Callable

import jwt
import pytest

from conformance.fragments import SHORTEST, Fragments
from conformance.redaction import Redactor
from tests.support.checkout import CHAT

TOKEN = jwt.encode({"sub": "alice", "iat": 1_700_000_000}, "a secret of the tests that is long enough", "HS256")
SIGNATURE = TOKEN.rpartition(".")[2]

FORMS: dict[str, Callable[[str], str]] = {
    "plain": lambda token: token,
    "base64": lambda token: base64.b64encode(token.encode()).decode(),
    "base64 after one byte": lambda token: base64.b64encode(b"x" + token.encode()).decode(),
    "base64 after two bytes": lambda token: base64.urlsafe_b64encode(b"xy" + token.encode()).decode(),
    "percent-encoded dots": lambda token: token.replace(".", "%2E"),
    "hex": lambda token: token.encode().hex(),
    "hex in capitals": lambda token: token.encode().hex().upper(),
    "reversed": lambda token: token[::-1],
    "capitals": str.upper,
    "small letters": str.lower,
    "spaced": " ".join,
    "with commas": ",".join,
    "with commas and spaces": ", ".join,
    "with semicolons": ";".join,
    "with colons": ":".join,
    "with bars": "|".join,
    "with slashes": "/".join,
    "with dots": lambda token: ".".join(token.rpartition(".")[2]),
    "with tabs": "\t".join,
    "a character a line": "\n".join,
    "a character a line of Windows": "\r\n".join,
    "with NUL": "\0".join,
    "with zero-width spaces": "\u200b".join,
    "percent-encoded": lambda token: "".join(f"%{ord(one):02x}" for one in token),
    "entities": lambda token: "".join(f"&#{ord(one)};" for one in token),
    "entities in hex": lambda token: "".join(f"&#x{ord(one):X};" for one in token),
    "hex with colons": lambda token: token.encode().hex(":"),
    "hex with spaces": lambda token: token.encode().hex(" ").upper(),
    "second half": lambda token: token[len(token) // 2 :],
    "signature": lambda token: token.rpartition(".")[2],
    "beginning of the signature": lambda token: token.rpartition(".")[2][:SHORTEST],
    "end of the signature": lambda token: token[-SHORTEST:],
    "in a URL": lambda token: f"https://example.com/?token={token}&x=1",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("around", ["{}", "before {} after", "id={};"])
def test_a_token_is_recognised(form: str, around: str) -> None:
    redactor = Redactor()
    redactor.register(TOKEN, "token of alice")
    said = redactor.text(around.format(FORMS[form](TOKEN)))
    assert "token of alice›" in said
    assert fragments_of(SIGNATURE).replaced(said) == said


def fragments_of(secret: str) -> Fragments:
    made = Fragments()
    made.add(secret, "‹found›")
    return made


def test_any_piece_of_a_signature_is_recognised() -> None:
    found = fragments_of(SIGNATURE)
    for at in range(len(SIGNATURE) - SHORTEST + 1):
        for before in ("", "a", "ab", "abc"):
            assert found.replaced(before + SIGNATURE[at : at + SHORTEST]) == "‹found›"


def test_innocent_words_are_left_alone() -> None:
    found = fragments_of(SIGNATURE)
    for _ in range(1000):
        word = f"{uuid.uuid4()} {secrets.token_urlsafe(32)}"
        assert found.replaced(word) == word
    assert found.replaced(CHAT) == CHAT


def test_what_people_choose_as_a_secret_is_looked_for_as_a_whole() -> None:
    redactor = Redactor()
    redactor.register("conformance-of-2026", "secret")
    assert redactor.text("conformance-of-2027-alice-and-bob") == "conformance-of-2027-alice-and-bob"
