"""The hook of a team, as a team writes it: in a conftest.py of its own folder, where it starts pytest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.auth.tokens import KeyMinter, good_claims
from conformance.reference import HelpCenter, Served, Verifier
from tests.support.checkout import CHAT, ROOT, TOKENS, Checkout, Run
from tests.support.hostile import SECRET

PASSWORD = "correct horse battery staple"
PAGE = (ROOT / "docs" / "tokens.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]


class Login:
    """A login endpoint before the Help Center."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.logins: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") != "/api/login":
            return await self._app(scope, receive, send)
        asked = json.loads(await Request(scope, receive).body())
        name = asked["email"].removesuffix("@example.com")
        self.logins.append(name)
        good = asked["password"] == PASSWORD and name in ("alice", "bob")
        token = KeyMinter(SECRET).sign(good_claims(name, {}))
        return await JSONResponse({"token": token} if good else {}, 200 if good else 401)(scope, receive, send)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("hook"), chat=CHAT, tokens=TOKENS)


@pytest.fixture
def login() -> Login:
    return Login(HelpCenter(Verifier(SECRET)).app)


@pytest.fixture
def target(login: Login) -> Iterator[str]:
    with Served(login) as server:
        yield server.url


def started_in(folder: Path, checkout: Checkout, *options: str, conftest: str = EXAMPLE, **environment: str) -> Run:
    """pytest in a team's own folder, outside the checkout."""
    (folder / "conftest.py").write_text(conftest, encoding="utf-8")
    return checkout.run(*options, cwd=folder, STAGING_PASSWORD=PASSWORD, **environment)


def test_the_example_of_the_documentation_logs_in(
    checkout: Checkout, target: str, login: Login, tmp_path: Path
) -> None:
    run = started_in(tmp_path, checkout, f"--target={target}", "--users=alice,bob", HELP_CENTER_TOKEN="of no user")
    assert run.code == 10, run.output
    assert (run.status("SEND-TRIM"), run.status("REST-OPEN")) == ("passed", "passed")
    assert run.reason("AUTH-EXPIRED") == "an expired token needs the signing key: pass --jwt-secret or --jwt-key"
    assert login.logins == ["alice", "bob"]
    assert ", tokens by pytest_help_center_token, " in run.line("help-center: ")
    written = run.output + "".join(path.read_text() for path in run.reports.rglob("*") if path.is_file())
    assert PASSWORD not in written
    assert '"sub"' not in written


def test_a_module_that_several_folders_share(checkout: Checkout, target: str, tmp_path: Path) -> None:
    (tmp_path / "my_tokens.py").write_text(EXAMPLE, encoding="utf-8")
    path = f"{checkout.folder}:{tmp_path}"
    options = ("-p", "my_tokens", f"--target={target}", "--users=alice,bob", "--allow-incomplete")
    run = checkout.run(*options, f"--reports={tmp_path}", PYTHONPATH=path, STAGING_PASSWORD=PASSWORD)
    assert run.code == 0, run.output


def test_a_token_of_the_command_line_goes_before_the_hook(
    checkout: Checkout, target: str, login: Login, tmp_path: Path
) -> None:
    run = started_in(tmp_path, checkout, f"--target={target}", f"--jwt-secret={SECRET}")
    assert (run.code, login.logins) == (0, [])


def test_a_hook_that_fails_ends_the_run_in_one_line(checkout: Checkout, target: str, tmp_path: Path) -> None:
    run = started_in(tmp_path, checkout, f"--target={target}", "--users=alice,carol")
    assert run.code == 4
    line = EXAMPLE.splitlines().index("    answer.raise_for_status()") + 1
    assert run.line("ERROR").startswith(
        f"ERROR: pytest_help_center_token failed for carol (conftest.py:{line}): HTTPStatusError: Client error '401"
    )
    assert "Traceback" not in run.output


HANGING = """
import threading
from conformance.auth.external import Hooked
Hooked.PATIENCE = 0.2

def pytest_help_center_token():
    threading.Event().wait()
"""


@pytest.mark.parametrize(
    ("conftest", "line"),
    [
        (HANGING, "pytest_help_center_token took longer than 0.2 s for the hook's user"),
        (
            "def pytest_help_center_token(user): return {'token': 'abc'}",
            "pytest_help_center_token returned dict, not a string, for ada",
        ),
        ("def pytest_help_center_token(user): return ''", "pytest_help_center_token returned an empty string for ada"),
        (
            f"def pytest_help_center_token(user): return {KeyMinter(SECRET).sign({'sub': 'admin'})!r}",
            "pytest_help_center_token gives ada and bob tokens of one and the same user",
        ),
    ],
    ids=["hangs", "no string", "empty", "one for all"],
)
def test_a_hook_without_a_token_ends_the_run_in_one_line(
    checkout: Checkout, target: str, tmp_path: Path, conftest: str, line: str
) -> None:
    run = started_in(tmp_path, checkout, f"--target={target}", "--users=ada,bob", conftest=conftest)
    assert (run.code, run.line("ERROR")) == (4, f"ERROR: {line}"), run.output
