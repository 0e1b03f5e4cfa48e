"""The one line that each mistake on the command line gets."""

from __future__ import annotations

import pytest

from tests.support.given import SECRET, TARGET, refused


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--target=localhost:3000"], "--target=localhost:3000 is not a URL: pass scheme, host and port"),
        (["--target=ftp://host"], "--target=ftp://host is not a URL"),
        (["--target=http://host:99999"], "--target=http://host:99999 is not a URL"),
        (["--target=http://host/api"], "--target=http://host/api has a path"),
        (["--target=http://[::1]:3000/api"], "pass http://[::1]:3000"),
        (["--target=http://me:hidden@host/api"], "--target must not hold credentials"),
        (["--target=http://me:hidden@host:99999"], "--target=http://‹redacted›@host:99999 is not a URL"),
        (["--target=me:hidden@host"], "--target=‹redacted›@host is not a URL"),
        (
            [TARGET, "--jwt-key=-----BEGIN PRIVATE KEY-----\nhidden"],
            "--jwt-key takes the name of a file, not its content",
        ),
        ([TARGET, f"--jwt-key={'hidden' * 400}"], "--jwt-key takes the name of a file, not its"),
        ([TARGET, f"--jwt-key={'long' * 100}"], "is not a readable file"),
        ([TARGET], "no way to get a token: set HELP_CENTER_JWT_SECRET to"),
        ([TARGET, "--token="], "--token (number 1 of 1) is empty. Is the environment variable set?"),
        ([TARGET, "--token=a b"], "--token (number 1 of 1) is not a token"),
        ([TARGET, "--jwt-secret="], "--jwt-secret is empty. Is the environment variable set?"),
        ([TARGET, SECRET, "--jwt-key=/etc/hostname"], "--jwt-secret and --jwt-key exclude each other"),
        ([TARGET, SECRET, "--token-command=x"], "--jwt-secret and --token-command exclude each other"),
        (["--token=abc"], "--token needs --target=URL"),
        ([TARGET, SECRET, "--jwt-algorithm=HS999"], "--jwt-algorithm=HS999 does not work with --jwt-secret"),
        ([TARGET, SECRET, "--jwt-algorithm=RS256"], "--jwt-algorithm=RS256 does not work with --jwt-secret"),
        ([TARGET, "--jwt-key=/nope"], "--jwt-key=/nope is not a readable file"),
        ([TARGET, "--jwt-key=/etc"], "--jwt-key=/etc is not a readable file"),
        ([TARGET, SECRET, "--jwt-claims={"], "--jwt-claims is not valid JSON"),
        ([TARGET, SECRET, "--jwt-claims=[]"], "--jwt-claims must be a JSON object"),
        ([TARGET, "--token=a", '--jwt-claims={"a": 1}'], "--jwt-claims is for minted tokens"),
        ([TARGET, SECRET, "--users=,"], "--users takes different subjects"),
        ([TARGET, SECRET, "--users=a,a"], "--users takes different subjects"),
        ([TARGET, SECRET, "--header=nonsense"], "--header takes 'Name: value'"),
        ([TARGET, SECRET, "--header=A: b\r\nC: d"], "--header takes 'Name: value'"),
        (["--level=may"], "--level=may is unknown: pass must or should"),
        (["--deadline=soon"], "--deadline=soon is not a usable number: pass at least 0.1"),
        (["--deadline=nan"], "--deadline=nan is not a usable number"),
        (["--settle=-1"], "--settle=-1 is not a usable number: pass at least 0"),
        (["--concurrency=0"], "--concurrency=0 is not a usable number: pass at least 1"),
        (["--examples=2.5"], "--examples=2.5 is not a whole number"),
        (["--max-time=0"], "--max-time=0 is not a usable number: pass at least 1"),
        (["--max-payload=1MB"], "--max-payload=1MB is not a usable number of bytes: pass at least 1048576"),
        (["--max-payload=1000"], "--max-payload=1000 is not a usable number of bytes: pass at least 1048576"),
        (["--waivers=/nope"], "--waivers=/nope is not a readable file"),
        (["--rejudge=/nope"], "--rejudge=/nope has no transcripts"),
        (["--rejudge=/nope", TARGET, SECRET], "--rejudge=/nope has no transcripts"),
        (["--ca-bundle=/nope"], "--ca-bundle=/nope is not a readable file"),
        (["--ca-bundle=/etc/hostname"], "--ca-bundle=/etc/hostname holds no certificates"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], line: str) -> None:
    assert line in refused(*arguments)


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"HELP_CENTER_JWT_KEY": "/nope"}, "HELP_CENTER_JWT_KEY=/nope is not a readable file"),
        ({"HELP_CENTER_JWT_SECRET": "a", "HELP_CENTER_JWT_KEY": __file__}, "--jwt-secret and --jwt-key exclude"),
        ({"HELP_CENTER_JWT_SECRET": "a", "HELP_CENTER_JWT_ALGORITHM": "x"}, "--jwt-algorithm=x does not work"),
        ({"HELP_CENTER_TOKEN": " "}, "no way to get a token"),
        ({"HELP_CENTER_JWT_SECRET": ""}, "no way to get a token"),
    ],
)
def test_a_mistake_in_the_environment_is_one_line(environment: dict[str, str], line: str) -> None:
    assert line in refused(TARGET, **environment)


def test_a_command_that_cannot_be_read() -> None:
    assert refused(TARGET, "--token-command=echo 'open") == "--token-command cannot be read: No closing quotation"
