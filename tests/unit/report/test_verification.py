"""What a statement claims, and what becomes of the claim when something was altered since."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

from conformance.paths import SCHEMAS
from conformance.report.envelope import signed
from conformance.report.statement import best_result, digest, result_of, statement, text
from conformance.report.verification import Claim, Refuted, read

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
VERDICT: dict[str, Any] = json.loads((SCHEMAS / "verdict.json").read_text(encoding="utf-8"))["examples"][0]
AGAIN = {"rejudged": {"differences": [], "changed": []}}


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    (tmp_path / "transcripts").mkdir()
    (tmp_path / "transcripts" / "chat.jsonl").write_text("{}\n", encoding="utf-8")
    (tmp_path / "verdict.json").write_text(json.dumps(VERDICT), encoding="utf-8")
    return tmp_path


def made(folder: Path, exit_code: int = 1) -> dict[str, Any]:
    return statement(folder, VERDICT, exit_code)


def checked(folder: Path, stated: dict[str, Any], again: dict[str, Any] = AGAIN) -> Claim:
    claim = read(text(stated), None)
    claim.check_files(folder)
    claim.check_judged_again(again)
    return claim


def refuted(folder: Path, stated: dict[str, Any], again: dict[str, Any] = AGAIN) -> str:
    with pytest.raises(Refuted) as caught:
        checked(folder, stated, again)
    return str(caught.value)


# -- the claim -------------------------------------------------------------------------------------------------------


def test_a_statement_names_result_target_and_requirements(reports: Path) -> None:
    found = made(reports)
    assert [one["name"] for one in found["subject"]] == ["verdict.json", "transcripts/chat.jsonl"]
    said = found["predicate"]
    assert said["configuration"][0]["uri"] == "http://127.0.0.1:3000"
    lists = (said["passedTests"], said["warnedTests"], said["failedTests"])
    assert lists == (["CONNECT-FIRST"], [], ["SEND-TRIM"])


def verdict(name: str, status: str = "passed", of: str = "must", **options: Any) -> dict[str, Any]:
    return {"verdict": name, "requirements": [{"id": "A", "status": status, "level": of}], "options": options}


@pytest.mark.parametrize(
    ("found", "exit_code", "result"),
    [
        (verdict("conformant"), 0, "PASSED"),
        (verdict("non-conformant", "failed"), 1, "FAILED"),
        (verdict("incomplete", "unverified"), 10, "WARNED"),
        (verdict("incomplete", "unverified", allow_incomplete=True), 0, "PASSED"),
        (verdict("conformant", "failed", "should", level="should"), 1, "FAILED"),
        (verdict("conformant", "failed", "should", level="must"), 0, "PASSED"),
        ({**verdict("conformant"), "stale_waivers": ["A"]}, 1, "FAILED"),
    ],
)
def test_passed_is_said_for_exit_code_0_alone(found: dict[str, Any], exit_code: int, result: str) -> None:
    assert (result_of(found, exit_code), best_result(found)) == (result, result)


def test_another_failure_of_the_run_is_none_of_a_pass() -> None:
    assert result_of(verdict("conformant"), 1) == "FAILED"


# -- whether it holds ------------------------------------------------------------------------------------------------


def test_it_holds_when_nothing_was_altered(reports: Path) -> None:
    assert checked(reports, made(reports)).says == (
        "FAILED, http://127.0.0.1:3000 was non-conformant by document 00000000 on 2026-03-01 (not signed)"
    )


def test_an_altered_transcript_is_named(reports: Path) -> None:
    stated = made(reports)
    (reports / "transcripts" / "chat.jsonl").write_text("{} \n", encoding="utf-8")
    assert refuted(reports, stated) == "transcripts/chat.jsonl was altered since"


def test_an_altered_verdict_is_named(reports: Path) -> None:
    stated = made(reports)
    (reports / "verdict.json").write_text(json.dumps({**VERDICT, "verdict": "conformant"}), encoding="utf-8")
    assert refuted(reports, stated) == "verdict.json was altered since"


def test_a_missing_file_and_an_added_one_are_named(reports: Path) -> None:
    stated = made(reports)
    (reports / "transcripts" / "more.jsonl").touch()
    assert refuted(reports, stated) == "transcripts/more.jsonl was added since"
    (reports / "transcripts" / "chat.jsonl").unlink()
    assert refuted(reports, stated) == "transcripts/chat.jsonl is missing"


def test_a_statement_that_says_more_than_its_verdict_is_refuted(reports: Path) -> None:
    stated = made(reports)
    stated["predicate"]["result"] = "PASSED"
    assert refuted(reports, stated) == "it says PASSED, and its verdict.json non-conformant"
    stated = made(reports)
    stated["predicate"]["failedTests"] = []
    assert refuted(reports, stated) == "it names other requirements, or another target, than its verdict.json"


def test_what_a_consistent_forgery_claims_is_judged_again(reports: Path) -> None:
    again = {"rejudged": {"differences": [{"id": "SEND-TRIM", "was": "failed", "now": "passed"}], "changed": []}}
    assert refuted(reports, made(reports), again) == "judged again, SEND-TRIM was failed, is passed"
    again["rejudged"]["changed"] = ["requirements", "transcripts"]  # type: ignore[list-item]
    assert refuted(reports, made(reports), again).endswith(" (by other requirements than then)")
    assert refuted(reports, made(reports), {}) == "its transcripts cannot be judged again"


def test_what_was_waived_may_end_as_its_waiver_accepted(reports: Path) -> None:
    claim = Claim(made(reports), "not signed")
    claim.verdict = {"requirements": [{"id": "SEND-TRIM", "status": "waived", "accepted": "failed"}]}
    difference = {"id": "SEND-TRIM", "was": "waived", "now": "failed"}
    claim.check_judged_again({"rejudged": {"differences": [difference], "changed": []}})
    with pytest.raises(Refuted, match="SEND-TRIM was waived, is unverified"):
        claim.check_judged_again({"rejudged": {"differences": [{**difference, "now": "unverified"}], "changed": []}})


def test_files_outside_of_the_folder_are_not_read(reports: Path) -> None:
    stated = made(reports)
    stated["subject"].append({"name": "../secret", "digest": {"sha256": digest(reports / "verdict.json")}})
    assert refuted(reports, stated) == "../secret is outside of its folder"


# -- signatures ------------------------------------------------------------------------------------------------------


def envelope(folder: Path) -> dict[str, Any]:
    return signed(text(made(folder)), KEY)


def test_another_implementation_accepts_the_signature(reports: Path) -> None:
    found = envelope(reports)
    key = SSlibKey.from_crypto(KEY.public_key(), keyid=found["signatures"][0]["keyid"])
    parsed = Envelope.from_dict(json.loads(json.dumps(found)))
    assert list(parsed.verify([key], 1)) == [key.keyid]
    assert json.loads(parsed.payload) == made(reports)


def test_the_right_key_is_named(reports: Path) -> None:
    claim = read(json.dumps(envelope(reports)).encode(), KEY.public_key())
    assert claim.note.startswith("signed by the key ")
    assert read(json.dumps(envelope(reports)).encode(), None).note == "signature not checked: pass --key"


def unsigned(content: bytes) -> str:
    with pytest.raises(Refuted) as caught:
        read(content, KEY.public_key())
    return str(caught.value)


def test_a_wrong_key_an_altered_payload_and_no_signature_are_refused(reports: Path) -> None:
    by_another = signed(text(made(reports)), OTHER)
    assert unsigned(json.dumps(by_another).encode()).startswith("it is not signed by the key ")
    altered = {**envelope(reports), "payload": signed(b'{"_type": ""}', KEY)["payload"]}
    assert unsigned(json.dumps(altered).encode()).endswith("or was altered since")
    assert unsigned(text(made(reports))) == "it is not signed"
    stripped = {**envelope(reports), "signatures": []}
    assert unsigned(json.dumps(stripped).encode()).startswith("it is not signed by the key ")


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"\xff", b'{"payload": 1}', b'{"payload": "=", "payloadType": "x", "signatures": []}'],
)
def test_what_is_no_statement_is_refused(content: bytes) -> None:
    with pytest.raises(Refuted):
        read(content, None)
