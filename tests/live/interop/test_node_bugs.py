"""Bugs that a backend developer could ship into the Node.js server: each is found, and what it breaks is named. Those
that could be taken for something else are certified whole, the others by the judgements of what they break; that
nothing else is blamed for the like of them is shown by ``tests/live/test_faults.py`` and its command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.battery import QUICK, SECRET, Certified, certify, selection
from tests.support.keys import key_files
from tests.support.servers import copy_node_server, node_server

SIDE_BY_SIDE = 3


@dataclass(frozen=True)
class Bug:
    """Edits of the server (file, old text, new text), the requirements that must fail by them, and those that may;
    ``algorithm``: tokens are signed with a private key, and not with the secret."""

    edits: tuple[tuple[str, str, str], ...]
    fails: frozenset[str]
    may_fail: frozenset[str] = frozenset()
    algorithm: str = ""


def bug(fails: str, *edits: tuple[str, str, str], may_fail: str = "", algorithm: str = "") -> Bug:
    return Bug(edits, frozenset(fails.split()), frozenset(may_fail.split()), algorithm)


def takes_the_public_key_for_a_secret(algorithm: str) -> Bug:
    """verify(token, key), as it was in the libraries of 2015: the token says which algorithm, and the key is a text."""
    return bug(
        "AUTH-INVALID REST-REFUSAL",
        ("tokens.js", "import { importSPKI", "import { createHmac } from 'node:crypto';\nimport { importSPKI"),
        ("tokens.js", "claims = (await jwtVerify(token, key, { algorithms: [algorithm] })).payload;", VERIFY),
        algorithm=algorithm,
    )


VERIFY = """const [header, payload, signature] = token.split('.');
      const decoded = (part) => JSON.parse(Buffer.from(part, 'base64url'));
      if (decoded(header).alg === 'HS256') {
        const expected = createHmac('sha256', publicKey).update(`${header}.${payload}`).digest('base64url');
        if (signature !== expected) return null;
        claims = decoded(payload);
      } else {
        claims = (await jwtVerify(token, key, { algorithms: [algorithm] })).payload;
      }"""


TYPING = "socket.on('help_center:typing', () => {});"
SEND = """    const message = publish(userId, 'user', text);
    acknowledge?.({ message });
"""

PREPARE = """  /** Two queries: is there a conversation, and if not, a new one; a user can have one only. */
  async prepare(userId) {
    if (this.#threads.has(userId)) return;
    await new Promise((done) => setTimeout(done, 1 + Math.random() * 4));
    if (this.#threads.has(userId)) throw new Error('duplicate key value violates unique constraint');
    this.#open(userId);
  }

"""
PREPARED = """  try {
    await store.prepare(userId);
  } catch {
    socket.emit('help_center:error', SERVER_ERROR);
    socket.disconnect();
    return;
  }
"""
RACES = "a conversation is looked for, then made"

BUGS: Mapping[str, Bug] = {
    RACES: bug(
        "FIRST-CONTACT BURST-AFTER-CONNECT",
        ("store.js", "  #thread(userId) {", f"{PREPARE}  #thread(userId) {{"),
        ("server.js", "on('connection', (socket)", "on('connection', async (socket)"),
        ("server.js", "  // One synchronous step", f"{PREPARED}  // One synchronous step"),
        ("server.js", "  return sendJson(res, 200,", "  await store.prepare(userId);\n  return sendJson(res, 200,"),
        may_fail="CONNECTED-SENT REST-OPEN",
    ),
    "REST has a clock of its own": bug(
        "REST-EXPIRY",
        ("tokens.js", "authenticate(token) {", "authenticate(token, more = {}) {"),
        ("tokens.js", "{ algorithms: [algorithm] }", "{ algorithms: [algorithm], ...more }"),
        (
            "server.js",
            "authenticate(bearerToken(req.headers))",
            "authenticate(bearerToken(req.headers), { clockTolerance: '30 days' })",
        ),
    ),
    "the header keeps its prefix": bug(
        "AUTH-HEADER", ("tokens.js", "return bearerToken(headers);", "return headers.authorization;")
    ),
    "the middleware refuses": bug(
        "REFUSAL-EVENT",
        (
            "server.js",
            "  next();\n",
            "  next(socket.data.userId === null ? new Error('UNAUTHORIZED') : undefined);\n",
        ),
    ),
    "the refused stay": bug("REFUSAL-CLOSE", ("server.js", "    socket.disconnect();\n", "")),
    "a column that is null at first": bug(
        "CONNECTED-SHAPE REST-SHAPE", ("store.js", "updatedAt: createdAt };", "updatedAt: null };")
    ),
    "empty is checked before trimming": bug(
        "SEND-BLANK", ("validation.js", "if (text === '')", "if (payload.text === '')")
    ),
    "tags are stripped": bug(
        "SEND-VERBATIM",
        ("validation.js", "payload.text.trim();", "payload.text.trim().replace(/<[^>]*>/g, '');"),
        may_fail="SEND-FULL SEND-MAX",  # of 2,000 angle brackets nothing is left, and of 2,001 characters with tags few
    ),
    "the ack is taken for granted": bug(
        "SEND-UNACKED",
        (
            "server.js",
            SEND,
            """    const message = store.append(userId, 'user', text);
    acknowledge({ message });
    helpCenter.to(roomOf(userId)).emit('help_center:message', message);
""",
        ),
        (
            "server.js",
            "process.once('SIGTERM', shutDown);",
            "process.on('uncaughtException', (error) => console.error(error));\nprocess.once('SIGTERM', shutDown);",
        ),
    ),
    "typing is broadcast": bug(
        "TYPING-ECHO ISOLATION-TYPING",
        (
            "server.js",
            TYPING,
            "socket.on('help_center:typing', (typing) => socket.broadcast.emit('help_center:typing', "
            "{ isTyping: Boolean(typing?.isTyping), sender: 'support' }));",
        ),
    ),
    "the public key is taken for a secret": takes_the_public_key_for_a_secret("RS256"),
    "so is one of an elliptic curve": takes_the_public_key_for_a_secret("ES256"),
    "details are a list": bug(
        "ERROR-SHAPE",
        ("validation.js", "message, details }", "message, details: Object.values(details).map(String) }"),
    ),
}
WHOLE = {
    RACES,
    "the middleware refuses",
    "a column that is null at first",
    "the ack is taken for granted",
    "typing is broadcast",
}


@pytest.fixture(scope="module")
def runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Future[Certified]]]:
    """The certifications of all selected bugs, begun at once and side by side."""
    callspecs = [getattr(item, "callspec", None) for item in request.session.items]
    selected = [spec.params["name"] for spec in callspecs if spec and spec.params.get("name") in BUGS]
    folder = tmp_path_factory.mktemp("bugs")
    with ThreadPoolExecutor(SIDE_BY_SIDE) as workers:
        names = dict.fromkeys(selected)
        yield {name: workers.submit(certified, name, folder / name.replace(" ", "-")) for name in names}
        workers.shutdown(cancel_futures=True)


def certified(name: str, folder: Path) -> Certified:
    bug = BUGS[name]
    entry = copy_node_server(folder / "server", *bug.edits)
    verifying, signing = [f"--jwt-secret={SECRET}"], []
    if bug.algorithm:
        (private, public), algorithm = key_files(bug.algorithm, folder), f"--jwt-algorithm={bug.algorithm}"
        verifying, signing = [f"--jwt-key={public}", algorithm], [f"--jwt-key={private}", algorithm]
    selected = [] if name in WHOLE else selection(sorted(bug.fails | bug.may_fail))
    with node_server(*verifying, entry=entry) as url:
        return certify(url, folder / "reports", *signing, *QUICK, *selected)


@pytest.mark.timeout(0)  # each certification has a timeout of its own
@pytest.mark.parametrize("name", BUGS)
def test_the_bug_is_found_and_named(name: str, runs: Mapping[str, Future[Certified]]) -> None:
    one = runs[name].result()
    assert BUGS[name].fails <= one.failed <= BUGS[name].fails | BUGS[name].may_fail, one.output
    assert one.verdict["verdict"] == ("non-conformant" if name in WHOLE else "partial")
    assert one.exit_code == 1, one.output
    assert not one.ids("error"), one.output
