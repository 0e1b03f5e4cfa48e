"""No secret gets into anything that a run writes."""

from __future__ import annotations

import base64
import html
import json
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from conformance.record.recorder import Recorder
from conformance.record.transcript import Kind, Transcript
from conformance.redaction import Redactor, looks_secret

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLW9mLWFsaWNl"


def redactor(*secrets: tuple[str, str]) -> Redactor:
    made = Redactor()
    for secret, label in secrets:
        made.register(secret, label)
    return made


@pytest.mark.parametrize(
    ("said", "reads"),
    [
        (JWT, "‹token›"),
        (f"Bearer {JWT}", "Bearer ‹token›"),
        (f"{JWT}, {JWT}", "‹token›, ‹token›"),
        ("bad claims eyJzdWIiOiJhbGljZSJ9!", "bad claims ‹token›!"),
        ("c2lnbmF0dXJlLW9mLWFsaWNl", "‹token›"),
        ("eyJhbGciOiJIUzI1NiJ9 is in every token", "eyJhbGciOiJIUzI1NiJ9 is in every token"),
        ("", ""),
        ("nothing secret", "nothing secret"),
    ],
)
def test_a_token_and_its_telling_parts_are_replaced(said: str, reads: str) -> None:
    assert redactor((JWT, "token")).text(said) == reads


def test_a_secret_inside_another_one_leaves_no_rest() -> None:
    made = redactor(("letmein", "short"), ("letmein-please", "long"))
    assert made.text("letmein-please letmein") == "‹long› ‹short›"


def test_the_first_label_of_a_secret_stays() -> None:
    assert redactor(("letmein", "first"), ("letmein", "second")).text("letmein") == "‹first›"


def test_a_short_secret_is_not_looked_for_in_innocent_words() -> None:
    assert redactor(("a.b.c", "dots"), ("open", "short")).text("an open a.b.c") == "an open a.b.c"


def test_a_secret_with_two_dots_is_a_jwt_only_if_it_looks_like_one() -> None:
    assert redactor(("secret.example.com", "host")).text("example of secret.example.com") == "example of ‹host›"


@pytest.mark.parametrize(
    "value",
    [JWT, [JWT], {"a": {"b": [JWT, (JWT,)]}}, {JWT: 1}, {"a": f"x{JWT}y"}],
    ids=["text", "list", "nested", "key", "inside"],
)
def test_a_secret_is_found_wherever_it_stands(value: object) -> None:
    clean = json.dumps(redactor((JWT, "token")).clean(value), ensure_ascii=False)
    assert "eyJzdWI" not in clean
    assert "‹token›" in clean


@pytest.mark.parametrize("value", [None, True, 0, 1.5, 10**30, [], {}, "text", {"a": [1, None]}], ids=repr)
def test_everything_else_stays_as_it_is(value: object) -> None:
    clean = redactor((JWT, "token")).clean(value)
    assert clean == value
    assert type(clean) is type(value)


def test_a_value_is_kept_down_to_a_hundred_levels() -> None:
    def nested(depth: int) -> object:
        return [nested(depth - 1)] if depth else "core"

    kept = Redactor().clean(nested(100))
    assert kept == nested(100)
    assert str(Redactor().clean(nested(150))).endswith("'‹nested too deeply›'" + "]" * 100)


def test_what_is_recorded_is_clean() -> None:
    transcript = Transcript("chat", "chat")
    Recorder(transcript, redactor((JWT, "token"))).add(Kind.SENT, data={"token": f"Bearer {JWT}"})
    assert transcript.entries[0].get("data") == {"token": "Bearer ‹token›"}


def test_a_huge_history_is_cleaned_quickly_in_a_run_of_many_tokens() -> None:
    made = redactor(*((f"ey{n:030}.{n:080}.{n:043}", f"token {n}") for n in range(500)))
    body = {
        "messages": [{"id": "b" * 36, "text": "x" * 40, "createdAt": "2026-01-01T00:00:00Z"} for _ in range(10_000)]
    }
    began = time.process_time()
    assert made.clean(body) == body
    assert time.process_time() - began < 3


# -- what others make of a secret ------------------------------------------------------------------------------------

ODD = 'a "key" with \\ and\na line/ü+<more>'


@pytest.mark.parametrize(
    "disguise",
    [
        lambda secret: secret,
        lambda secret: base64.b64encode(secret.encode()).decode(),
        lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
        quote,
        lambda secret: quote(secret, safe=""),
        quote_plus,
        lambda secret: json.dumps(secret)[1:-1],
        lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
        lambda secret: repr(secret)[1:-1],
        html.escape,
    ],
    ids=["plain", "base64", "base64url", "url", "url-whole", "form", "json", "json-utf8", "repr", "html"],
)
def test_a_secret_is_found_in_any_disguise(disguise: Callable[[str], str]) -> None:
    made = Redactor()
    made.register(ODD, "secret", disguised=True)
    assert made.text(f"<{disguise(ODD)}>").rstrip(">=") == "<‹secret›"


def test_the_claims_of_a_token_are_replaced_as_they_stand_in_it() -> None:
    assert redactor((JWT, "token")).text('bad claims: {"sub":"alice"}') == "bad claims: ‹token›"


def test_a_private_key_is_found_by_the_line_and_without_its_breaks() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\nBKcwgg==\n-----END PRIVATE KEY-----\n"
    made = Redactor()
    made.register_key(pem, "key")
    reported = made.text(
        f"{pem} hkiG9w0BAQEFAASC MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwgg== BKcwgg== -----BEGIN PRIVATE KEY-----"
    )
    assert reported == "‹key›\n ‹key› ‹key› ‹key› -----BEGIN PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("value", "name", "secret"),
    [
        ("abcdefgh", "X-Api-Key", True),
        ("me and you", "X-Gateway", True),
        ("session=1", "Cookie", True),
        ("f81d4fae7dec11d0", "X-Trace", True),
        ("staging", "X-Env", False),
        ("support", "X-Auth-Role", False),
        ("help_center", "X-Gateway", False),
        ("application/json", "Accept", False),
        ("https://app1.example", "Origin", False),
        ("/usr/bin/python3.11", "", False),
        ("{user}-of-2026-01", "--user", False),
    ],
)
def test_what_looks_secret(value: str, name: str, secret: bool) -> None:
    assert looks_secret(value, name) is secret
