"""``python -m conformance.reference``."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from conformance.reference import Verifier, cli, mint
from tests.support.clients import DEADLINE

SECRET = "a secret of the tests, long enough for HS256"
ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def served(*options: str, **environment: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The server as a process of its own, and its URL."""
    command = [sys.executable, "-W", "error", "-m", "conformance.reference", "--port=0", *options]
    env = {name: value for name, value in os.environ.items() if name != cli.SECRET_VARIABLE} | environment
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            match = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", line)
            assert match, (line, process.stderr and process.stderr.read())
            yield match[1], process
        finally:
            process.kill()


def stop(process: subprocess.Popen[str], number: signal.Signals) -> tuple[str, str]:
    process.send_signal(number)
    return process.communicate(timeout=DEADLINE)


def messages(url: str, token: str) -> httpx.Response:
    return httpx.get(url + "/api/help-center/messages", headers={"Authorization": f"Bearer {token}"})


def test_a_secret_of_its_own_comes_with_a_token() -> None:
    with served() as (url, process):
        httpx.get(url)  # leaves a connection behind
        out, err = stop(process, signal.SIGINT)
    assert out == ""
    assert len(err.splitlines()) == 2
    assert re.search(r"token for user 'demo': [\w.-]+$", err)
    assert process.returncode == 0


def test_the_token_of_a_run_is_good_there() -> None:
    with served() as (url, process):
        assert process.stderr
        token = [process.stderr.readline() for _ in range(2)][1].split()[-1]
        assert messages(url, token).json()["conversation"]["userId"] == "demo"
        assert messages(url, mint(SECRET, "demo")).status_code == 401


def test_the_secret_of_the_environment_and_a_database(tmp_path: Path) -> None:
    bodies = []
    for _ in range(2):
        options = [f"--database={tmp_path / 'chat.db'}", "--no-auto-reply", "--reply-delay=0.5"]
        with served(*options, **{cli.SECRET_VARIABLE: SECRET}) as (url, process):
            bodies.append(messages(url, mint(SECRET, "ann")).json())
            assert stop(process, signal.SIGTERM) == ("", "")
    assert bodies[0]["conversation"]["userId"] == "ann"
    assert bodies[0] == bodies[1]


def pem(tmp_path: Path, key: Any, *, private: bool = False) -> str:
    file = tmp_path / "key.pem"
    if private:
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    else:
        file.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return str(file)


def test_a_public_key(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    with served(f"--jwt-key={pem(tmp_path, key)}", **{cli.SECRET_VARIABLE: SECRET}) as (url, _):
        assert messages(url, jwt.encode({"sub": "ann"}, key, algorithm="ES384")).status_code == 200
        assert messages(url, mint(SECRET, "ann")).status_code == 401


@pytest.fixture(autouse=True)
def _no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(cli.SECRET_VARIABLE, raising=False)


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_print_token(capsys: pytest.CaptureFixture[str], algorithm: str) -> None:
    assert cli.main([f"--jwt-secret={SECRET}", "--jwt-algorithm", algorithm, "--print-token", "ann"]) == 0
    out, _ = capsys.readouterr()
    assert Verifier(SECRET, algorithm=algorithm).verify(out.strip()) == "ann"


def test_a_short_secret_is_remarked_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--jwt-secret=short", "--print-token=ann"]) == 0
    out, err = capsys.readouterr()
    assert Verifier("short").verify(out.strip()) == "ann"
    assert "shorter than 32 bytes" in err


def refused(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """The one line that says what is wrong."""
    with pytest.raises(SystemExit) as exit_:
        cli.main([*options])
    out, err = capsys.readouterr()
    assert exit_.value.code == 2
    assert out == ""
    (line,) = err.splitlines()
    return line


S = f"--jwt-secret={SECRET}"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--port=x"], "not a port"),
        (["--port=65536"], "not a port"),
        (["--port=-1"], "not a port"),
        (["--reply-delay=-1"], "not a number of seconds"),
        (["--reply-delay=nan"], "not a number of seconds"),
        (["--nonsense"], "unrecognized arguments"),
        (["--jwt-algorithm=none"], "invalid choice"),
        (["--jwt-secret="], "must not be empty"),
        (["--print-token=ann"], "needs --jwt-secret or HELP_CENTER_JWT_SECRET"),
        ([S, "--print-token="], "needs the name of a user"),
        (["--jwt-key=x", "--print-token=ann"], "cannot sign"),
        ([S, "--jwt-key=x"], "not both"),
        ([S, "--jwt-algorithm=RS256"], "needs --jwt-key"),
        (["--jwt-key=/nowhere"], "No such file"),
        (["--jwt-key=/"], "Is a directory"),
        ([S, "--database=/nowhere/chat.db"], "unable to open database file"),
        ([S, f"--database={__file__}"], "not a database"),
        ([S, "--port=0", "--host=203.0.113.1"], "cannot listen on 203.0.113.1:0"),
        ([S, "--port=0", "--host=a..b"], "cannot listen on a..b:0"),
        (["--jwt-secret=-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----"], "cannot be used"),
    ],
)
def test_bad_input_gets_one_line(capsys: pytest.CaptureFixture[str], options: list[str], complaint: str) -> None:
    assert complaint in refused(capsys, *options)


@pytest.mark.parametrize(
    ("key", "private", "algorithm", "complaint"),
    [
        (rsa.generate_private_key(65537, 2048), True, "RS256", "not a public key"),
        (rsa.generate_private_key(65537, 2048), False, "ES256", "does not go with ES256"),
        (rsa.generate_private_key(65537, 2048), False, "HS256", "needs --jwt-secret"),
        (rsa.generate_private_key(65537, 1024), False, "RS256", "does not go with RS256"),  # noqa: S505
        (x25519.X25519PrivateKey.generate(), False, "EdDSA", "signs no tokens"),
    ],
    ids=["private", "other kind", "for a secret", "short", "for no signatures"],
)
def test_a_bad_key_gets_one_line(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    key: Any,
    private: bool,
    algorithm: str,
    complaint: str,
) -> None:
    file = pem(tmp_path, key, private=private)
    assert complaint in refused(capsys, f"--jwt-key={file}", f"--jwt-algorithm={algorithm}")


def test_a_port_in_use_gets_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert refused(capsys, S, f"--port={port}").endswith("Address already in use")
