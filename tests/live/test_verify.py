"""A certificate from the run to its check, by the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from conformance.report.statement import statement, text
from tests.faults.battery import TIMEOUT, certify

KEY = Ed25519PrivateKey.generate()
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the embedded server, signed."""
    folder = tmp_path_factory.mktemp("verify")
    key = folder / "key.pem"
    key.write_bytes(PRIVATE)
    certified = certify(None, folder / "reports", "--examples=4", f"--signing-key={key}")
    assert certified.exit_code == 0, certified.output
    (folder / "pub.pem").write_bytes(PUBLIC)
    return folder / "reports"


def verify(*arguments: object) -> tuple[int, str]:
    command = [sys.executable, "-m", "conformance.command.main", "verify", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    return done.returncode, done.stdout + done.stderr


def test_a_signed_statement_holds(reports: Path) -> None:
    code, said = verify(reports / "statement.dsse.json", f"--key={reports.parent / 'pub.pem'}")
    assert (code, said.count("\n")) == (0, 1), said
    assert said.startswith("holds: PASSED, http://127.0.0.1:")
    assert " was conformant by document 17a291af of " in said
    assert "(signed by the key " in said


def test_a_forgery_with_digests_that_fit_is_found_by_judging_again(reports: Path) -> None:
    """Somebody has waived what passed, in words of the verdict that nothing is wrong with."""
    path = reports / "verdict.json"
    before = path.read_bytes()
    try:
        verdict = json.loads(before)
        found = next(one for one in verdict["requirements"] if one["id"] == "SEND-TRIM")
        found |= {"status": "failed", "reason": "invented"}
        verdict["verdict"] = "non-conformant"
        path.write_text(json.dumps(verdict), encoding="utf-8")
        forged = reports / "forged.json"
        forged.write_bytes(text(statement(reports, verdict, 1)))
        assert verify(forged) == (1, "does not hold: judged again, SEND-TRIM was failed, is passed\n")
    finally:
        path.write_bytes(before)


def test_what_cannot_be_read_is_refused_in_one_line(reports: Path, tmp_path: Path) -> None:
    code, said = verify(tmp_path / "nothing.json")
    assert (code, said.count("\n")) == (4, 1)
    code, said = verify(reports / "statement.json", f"--key={reports / 'verdict.json'}")
    assert (code, said.count("\n")) == (4, 1)
