"""What a verdict names as its scope: digests that change with what they stand for, options without secrets."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import pytest

from conformance import requirements
from conformance.record.transcript import Transcript, digest
from conformance.run import provenance
from conformance.schema import validator
from tests.unit.run.test_options import SECRET, TARGET, read

WAIVERS = {"SEND-TRIM": "2030-01-31"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for key in ("chat", "plain_chat"):
        Transcript(key, key).save(tmp_path)
    return tmp_path


def test_the_digests_name_what_judged_and_what_was_judged(folder: Path) -> None:
    found = provenance.scope(folder)
    assert found["requirements"] == requirements.digest()
    assert found["schemas"] == validator.digest()
    assert found["transcripts"] == digest(folder)
    assert "transcripts" not in provenance.scope(None)


def alter(folder: Path) -> None:
    with (folder / "chat.jsonl").open("a", encoding="utf-8") as out:
        out.write("\n")


def rename(folder: Path) -> None:
    (folder / "chat.jsonl").rename(folder / "chat2.jsonl")


def move_an_end(folder: Path) -> None:
    """The same bytes in all, otherwise distributed over the files."""
    first, second = sorted(folder.glob("*.jsonl"))
    whole = first.read_bytes() + second.read_bytes()
    first.write_bytes(whole[:10])
    second.write_bytes(whole[10:])


@pytest.mark.parametrize("change", [alter, rename, move_an_end, lambda folder: (folder / "more.jsonl").touch()])
def test_any_change_of_the_transcripts_changes_their_digest(folder: Path, change: Any) -> None:
    before = digest(folder)
    change(folder)
    assert digest(folder) != before


def test_files_of_other_kinds_are_no_transcripts(folder: Path) -> None:
    before = digest(folder)
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    assert digest(folder) == before


def test_the_options_that_matter() -> None:
    given = (
        TARGET,
        SECRET,
        "--level=should",
        "--header=X-Gateway: hidden value",
        "--insecure",
        "--jwt-algorithm=HS512",
    )
    assert provenance.settings(read(*given), WAIVERS, 3) == {
        "level": "should",
        "profile": "full",
        "as_of": None,
        "allow_incomplete": False,
        "waivers": {"SEND-TRIM": "2030-01-31"},
        "selection": [],
        "tokens": "minted with a secret (HS512)",
        "users": 3,
        "deadline": 5.0,
        "settle": 0.3,
        "concurrency": 24,
        "examples": 10,
        "headers": ["X-Gateway"],
        "certificate_verified": False,
    }


def test_no_value_is_one_that_json_lacks() -> None:
    for options in (read(), read(TARGET, "--token=abc")):
        shown = provenance.settings(options, {}, None)
        assert json.loads(json.dumps(shown)) == shown
        assert options.tls is None or options.tls.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ([], "minted with the embedded server's secret"),
        ([TARGET, "--token=hidden"], "given"),
        ([TARGET, "--token=hidden", SECRET], "given, minted with a secret (HS256)"),
        ([TARGET, "--jwt-key=/etc/hostname"], "minted with a private key (RS256)"),
        ([TARGET, "--token-command=mint hidden"], "printed by a command"),
    ],
)
def test_tokens_are_named_by_their_kind(arguments: list[str], kind: str) -> None:
    assert provenance.tokens(read(*arguments)) == kind


def test_what_only_a_recording_knows_is_left_out_where_none_was_made(folder: Path) -> None:
    (folder / "transcripts").mkdir()
    (folder / "transcripts" / "chat.jsonl").touch()
    shown = provenance.settings(read("--rejudge=.", folder=folder), {}, None)
    assert sorted(shown) == ["allow_incomplete", "as_of", "level", "profile", "selection", "waivers"]
