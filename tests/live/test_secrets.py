"""The sweep: runs with failures and errors in them, against a server that tells whatever it knows, leave no secret.

Searched is everything: each file below the reports (transcripts, verdict.json, report.html, junit.xml), pytest's cache,
Hypothesis' files, and what the terminal shows at its most talkative. Looked for is each secret as it is, in base64,
quoted for URLs, JSON and HTML; and of each token all but its header.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from conformance.auth.tokens import KeyMinter, good_claims
from conformance.reference.help_center import HelpCenter
from conformance.reference.serve import Served
from conformance.reference.store import Message
from conformance.reference.tokens import Verifier
from tests.support.checkout import CHAT, TOKENS, Checkout

SECRET = 'a "secret" with \\ in it, and ünusual/characters+4 <more>'
PASSWORD = "pa55word-of-the-command"
GATEWAY = "the gateway's own, too"
PEM = "-----BEGIN PRIVATE KEY-----"[:20]
BASIC = base64.b64encode(b"me:let me through").decode()
TALKATIVE = ("-vv", "--tb=long", "-l", "-rA", "--log-level=DEBUG", "-o", "junit_logging=all")

LEAKY = '''
import pytest

from conformance.checks.assertions import expect
from conformance.requirements import requirement
from conformance.drive.scenario import scenario


@scenario
async def talkative(stage):
    """One device sends a text, and is sent everything."""
    async with stage.device("phone") as phone:
        await phone.send_plain()
    await stage.fetch()


def lost(header, token, secret):
    """An error of the harness where secrets are at hand, and in its message."""
    raise KeyError(f"no {header} among {secret!r}")


@scenario
async def leaky(stage):
    """One device connects; then the harness errs."""
    token = await stage.user.token()
    async with stage.device("phone", token=token) as phone:
        await phone.send_plain()
        lost(f"Bearer {token.value}", token.value, dict(stage.run.headers))


@requirement("SEND-MAX")
def test_of_a_broken_scenario(leaky):
    pass


@requirement("SEND-MIN")
def test_with_a_bug(talkative, request):
    option = request.config.option
    secrets = (option.conformance_jwt_secret, option.conformance_token, option.conformance_header)
    lost(f"{option}", f"{secrets}", secrets)


@requirement("SEND-BLANK")
@pytest.mark.xfail
def test_marked_as_failing(talkative, request):
    option = request.config.option
    lost(f"{option}", option.conformance_jwt_secret, option.conformance_token_command)


@requirement("SEND-PLAIN")
def test_what_was_sent(talkative):
    expect(False, "no secrets", "; ".join(str(dict(entry.data)) for entry in talkative.transcript))
'''


class Remembering(Verifier):
    """Keeps every token that it sees."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.seen: list[str] = []

    def verify(self, token: object) -> str:
        if isinstance(token, str) and token.startswith("ey"):
            self.seen.append(token)
        return super().verify(token)


@dataclass(frozen=True)
class Way:
    """A way to give the harness what it needs. ``key``: what the server trusts."""

    options: Sequence[str]
    secrets: Sequence[str]
    key: Any = SECRET
    algorithm: str = "HS256"
    environment: dict[str, str] = field(default_factory=dict)


def by_option(_: Path) -> Way:
    return Way([f"--jwt-secret={SECRET}"], [SECRET])


def by_environment(_: Path) -> Way:
    return Way([], [SECRET], environment={"HELP_CENTER_JWT_SECRET": SECRET})


def by_key(folder: Path) -> Way:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    (folder / "key.pem").write_text(pem, encoding="ascii")
    body = pem.splitlines()[1:-1]
    return Way([f"--jwt-key={folder / 'key.pem'}"], [pem.strip(), "".join(body), *body], key.public_key(), "RS256")


def by_tokens(_: Path) -> Way:
    tokens = [KeyMinter(SECRET).sign(good_claims(subject, {})) for subject in ("alice", "bob")]
    return Way([f"--token={token}" for token in tokens], tokens)


def by_command(folder: Path) -> Way:
    script = folder / "mint.py"
    claims = "{'sub': sys.argv[2], 'jti': str(time.time_ns())}"
    script.write_text(f"import jwt, sys, time; print(jwt.encode({claims}, {SECRET!r}))", encoding="utf-8")
    command = f"{sys.executable} {script} --password={PASSWORD} {{user}}"
    return Way([f"--token-command={command}", "--users=alice,bob,carol"], [PASSWORD])


def by_headers(_: Path) -> Way:
    headers = [f"--header=X-Gateway: {GATEWAY}", f"--header=Proxy-Authorization: Basic {BASIC}"]
    return Way([f"--jwt-secret={SECRET}", *headers], [SECRET, GATEWAY, BASIC])


def serving(way: Way) -> tuple[HelpCenter, list[str]]:
    """A server that adds all it knows to what it says, and the tokens that it saw."""
    verifier = Remembering(way.key, algorithm=way.algorithm)

    class Talkative(HelpCenter):
        def message_payload(self, message: Message) -> Any:
            knows = [*way.secrets, *(form for secret in way.secrets for form in encoded(secret))]
            return {**super().message_payload(message), "knows": knows, "token": list(parts(verifier.seen[-1]))}

    return Talkative(verifier), verifier.seen


def encoded(secret: str) -> Iterator[str]:
    yield base64.b64encode(secret.encode()).decode().rstrip("=")
    yield base64.urlsafe_b64encode(secret.encode()).decode().rstrip("=")
    yield from (quote(secret), quote(secret, safe=""), quote_plus(secret))
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield html.escape(secret)
    yield html.escape(json.dumps(secret)[1:-1])
    yield repr(secret)[1:-1]


def parts(token: str) -> Iterator[str]:
    """All of a token but its header, which anybody may know; and its payload in plain."""
    _, payload, signature = f"{token}..".split(".")[:3]
    yield from (part for part in (token, payload, signature) if len(part) > 5)
    yield base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()


def ends(secret: str) -> Iterator[str]:
    """What is left of a long value that is cut in the middle, as pytest cuts what it shows of variables."""
    if len(secret) > 40:
        yield from (secret[:20], secret[-20:])


def leaks(places: dict[str, str], way: Way, seen: Sequence[str]) -> set[tuple[str, str]]:
    given = [form for secret in way.secrets for form in (secret, *encoded(secret))]
    tokens = [form for token in dict.fromkeys(seen) for part in parts(token) for form in (part, *encoded(part))]
    once = {needle for needle in (*given, *tokens) if len(needle) > 5}
    once |= {end for secret in way.secrets for end in ends(secret)} - {PEM}
    once |= {end for token in seen for part in token.split(".")[1:] for end in ends(part)}
    needles = {*once, *(json.dumps(needle)[1:-1] for needle in once)}
    return {(name, needle) for name, text in places.items() for needle in needles if needle in text}


def text_of(path: Path) -> str:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8", "replace")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("secrets"), chat=CHAT, tokens=TOKENS, leaky=LEAKY)


@pytest.mark.parametrize("way", [by_option, by_environment, by_key, by_tokens, by_command, by_headers])
def test_nothing_that_a_run_leaves_holds_a_secret(checkout: Checkout, way: Any, tmp_path: Path) -> None:
    given = way(tmp_path)
    reports = checkout.folder / f"reports-{way.__name__}"
    help_center, seen = serving(given)
    with Served(help_center.app) as server:
        run = checkout.run(
            f"--target={server.url}", *given.options, f"--reports={reports}", *TALKATIVE, **given.environment
        )
    assert (run.code, run.status("SEND-MAX"), run.status("SEND-MIN")) == (3, "error", "error"), run.output
    assert all("KeyError" in run.reason(name) for name in ("SEND-MAX", "SEND-MIN"))
    assert (run.status("SEND-PLAIN"), "knows" in run.reason("SEND-PLAIN")) == ("failed", True)
    assert len(set(seen)) > 1
    places = {"the terminal": run.output}
    for folder in (reports, checkout.folder / ".pytest_cache", checkout.folder / ".hypothesis"):
        places |= {str(path): text_of(path) for path in folder.rglob("*") if path.is_file()}
    kinds = {Path(name).suffix for name in places}
    assert {".json", ".html", ".xml", ".jsonl"} <= kinds
    assert leaks(places, given, seen) == set()
    again = checkout.run(f"--rejudge={reports}", *TALKATIVE)
    places = {"the terminal": again.output}
    places |= {str(p): p.read_text("utf-8", "replace") for p in (reports / "rejudged").rglob("*") if p.is_file()}
    assert leaks(places, given, seen) == set()


def test_the_sweep_finds_what_is_there() -> None:
    token = KeyMinter(SECRET).sign({"sub": "alice"})
    way = Way([], [SECRET])
    for form in (SECRET, json.dumps(SECRET), quote(SECRET), base64.b64encode(SECRET.encode()).decode(), repr(SECRET)):
        assert leaks({"file": f"it is {form}!"}, way, []), form
    for form in (token, token.split(".")[1], token.split(".")[2], '{"sub": "alice"}'):
        assert leaks({"file": f"it is {form}!"}, way, [token]), form
    assert not leaks({"file": token.split(".")[0]}, way, [token])
