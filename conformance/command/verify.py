"""``help-center-conformance verify DIR``: whether what a statement claims still holds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from conformance.command.parser import Parser
from conformance.command.pytest_run import CLEAN_ENVIRONMENT, OURS
from conformance.report.rejudge import earlier
from conformance.report.verification import Refuted, read
from conformance.run.published import SIGNED, STATEMENT

HOLDS, REFUTED = 0, 1


def main(arguments: Sequence[str]) -> int:
    """Says in one line whether the claim holds. Returns 0 if it does, whatever the verdict; else 1."""
    parser = Parser("verify", "Checks a statement: its signature, its digests, and the verdict, judged again offline.")
    parser.add_argument(
        "path", metavar="DIR", help="the reports of a run, or a statement in them; the signed one first"
    )
    parser.add_argument("--key", metavar="PUB", help="the public key (Ed25519, PEM) that must have signed it")
    given = parser.parse_args(arguments)
    path = _statement(Path(given.path))
    if not path.is_file():
        parser.error(f"{given.path} has no statement: pass the --reports folder of a full run")
    try:
        key = _public_key(Path(given.key)) if given.key else None
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        parser.error(f"{error}: pass a statement, and with --key a public key in PEM form")
    try:
        claim = read(content, key)
        claim.check_files(path.parent)
        claim.check_judged_again(_rejudged(path.parent, claim.release))
    except Refuted as why:
        print(f"does not hold: {why}")
        return REFUTED
    print(f"holds: {claim.says}")
    return HOLDS


def _statement(given: Path) -> Path:
    """Of a folder the signed statement, if there is one."""
    if not given.is_dir():
        return given
    return next((path for name in (SIGNED, STATEMENT) if (path := given / name).exists()), given / STATEMENT)


def _public_key(path: Path) -> Ed25519PublicKey:
    key = load_pem_public_key(path.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(f"{path} holds no Ed25519 key")
    return key


def _rejudged(folder: Path, release: str) -> dict[str, Any] | None:
    """The verdict to which the transcripts lead now, by a run of pytest of its own. ``release``: what it judges by."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "pytest", *OURS, f"--rejudge={folder}", f"--reports={out}"]
        quiet = ["-q", f"--as-of={release}", "-p", "no:html", "-p", "no:junitxml", "-p", "no:cacheprovider"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "PYTEST_"))}
        subprocess.run(  # noqa: S603  this interpreter, with options of ours
            [*command, *quiet],
            env={**environment, **CLEAN_ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        return earlier(Path(out))
