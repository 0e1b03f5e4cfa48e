"""The line of a failure that runs just this again: whole, quoted, and without secrets."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from conformance.paths import SETTINGS
from conformance.run.options_parser import parse
from conformance.run.reproduce import again
from tests.support.given import Given
from tests.unit.run.test_options import SECRET, TARGET, read

SEED = "--hypothesis-seed=7"
PYTEST = "pytest --target=http://localhost:3000"
MINTED = f'{PYTEST} --jwt-secret="$HELP_CENTER_JWT_SECRET"'
REST = "--hypothesis-seed=7 -k SEND-MAX"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), f"pytest {REST}"),
        ((TARGET, SECRET), f"{MINTED} {REST}"),
        ((TARGET, SECRET, "--users=a,b c"), f"{MINTED} --users='a,b c' {REST}"),
        ((TARGET, SECRET, "--jwt-algorithm=HS512"), f"{MINTED} --jwt-algorithm=HS512 {REST}"),
        (
            (TARGET, SECRET, '--jwt-claims={"role": "it\'s", "apiKey": "hidden", "in": [{"password": "hidden"}]}'),
            f'{MINTED} --jwt-claims=\'{{"role": "it\'"\'"\'s", "apiKey": "…", "in": [{{"password": "…"}}]}}\' {REST}',
        ),
        (
            (TARGET, SECRET, "--header=X-Api-Key: hidden", "--header=Cookie: hidden"),
            f'{MINTED} --header="X-Api-Key: $X_API_KEY" --header="Cookie: $COOKIE" {REST}',
        ),
        (
            (TARGET, SECRET, "--insecure", "--deadline=30", "--settle=1.5", "--concurrency=3", "--examples=100"),
            f"{MINTED} --insecure --deadline=30 --settle=1.5 --concurrency=3 --examples=100 {REST}",
        ),
        ((TARGET, SECRET, "--deadline=5", "--level=should"), f"{MINTED} --level=should {REST}"),
        (
            (TARGET, "--token=hidden", "--token=hidden-too"),
            f'{PYTEST} --token="$HELP_CENTER_TOKEN_1" --token="$HELP_CENTER_TOKEN_2" {REST}',
        ),
        (
            (TARGET, "--token-command=get hidden {user}", "--users=a,b"),
            f'pytest --target=http://localhost:3000 --token-command="$HELP_CENTER_TOKEN_COMMAND" --users=a,b {REST}',
        ),
    ],
)
def test_the_line_repeats_what_matters(arguments: tuple[str, ...], line: str) -> None:
    reported = again(read(*arguments, SEED), "SEND-MAX")
    assert reported == line
    assert "hidden" not in reported
    assert shlex.split(reported)[0] == "pytest"


def test_what_the_environment_has_is_not_repeated_where_it_is_secret() -> None:
    printed = again(read(SEED, HELP_CENTER_TARGET="http://localhost:3000", HELP_CENTER_JWT_SECRET="hidden"), "SEND-MAX")
    assert printed == f"{PYTEST} {REST}"
    mixed = again(read(TARGET, "--token=hidden", SEED, HELP_CENTER_JWT_SECRET="hidden"), "SEND-MAX")
    assert mixed == f'{PYTEST} --token="$HELP_CENTER_TOKEN" {REST}'


def test_the_command_that_was_run_is_repeated(tmp_path: Path) -> None:
    """Run by help-center-conformance, which passes its own settings to pytest."""
    (tmp_path / "transcripts").mkdir()
    (tmp_path / "transcripts" / "chat.jsonl").write_text("")
    certified = parse(Given(tmp_path, (TARGET, SECRET, SEED), settings=str(SETTINGS)), {})  # type: ignore[arg-type]
    assert again(certified, "SEND-MAX") == (
        f'help-center-conformance certify http://localhost:3000 --jwt-secret="$HELP_CENTER_JWT_SECRET" {REST}'
    )
    saved = parse(Given(tmp_path, (f"--rejudge={tmp_path}", SEED), settings=str(SETTINGS)), {})  # type: ignore[arg-type]
    assert again(saved, "SEND-MAX") == f"help-center-conformance rejudge {tmp_path / 'transcripts'} {REST}"


def test_files_are_named_as_they_lie(tmp_path: Path) -> None:
    key = tmp_path / "my key.pem"
    key.write_text("any")
    reported = again(read(TARGET, f"--jwt-key={key}", "--jwt-algorithm=ES256", SEED), "SEND-MAX")
    assert shlex.split(reported)[2:4] == [f"--jwt-key={key}", "--jwt-algorithm=ES256"]


def test_a_saved_run_needs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "transcripts").mkdir()
    (tmp_path / "transcripts" / "chat.jsonl").write_text("")
    reported = again(read(f"--rejudge={tmp_path}", "--deadline=9", SEED), "SEND-MAX")
    assert reported == f"pytest --rejudge={tmp_path / 'transcripts'} {REST}"


def test_what_needs_new_users_says_so_where_they_were_named() -> None:
    named = again(read(TARGET, SECRET, "--users=a,b", SEED), "FIRST-CONTACT", new_users=True)
    assert named.startswith(f'{MINTED} --users="$NEW_USERS" --hypothesis-seed=7 -k FIRST-CONTACT   # with users whom')
    assert shlex.split(named, comments=True)[-1] == "FIRST-CONTACT"
    given = again(read(TARGET, "--token=hidden", SEED), "FIRST-CONTACT", new_users=True)
    assert '--token="$NEW_TOKEN"' in given
    assert "#" not in again(read(TARGET, SECRET, SEED), "FIRST-CONTACT", new_users=True)
