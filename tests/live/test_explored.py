"""Properties and random conversations by themselves: with every fixed scenario left out, they find broken servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.reference import HelpCenter, Verifier
from tests.faults.battery import SECRET, VERDICT_ONLY, certify_app, certify_fault
from tests.faults.fault import load_all

FAULTS = load_all()


@pytest.mark.timeout(0)  # the battery has a timeout of its own
@pytest.mark.parametrize(
    ("selection", "fault"),
    [
        ("test_properties and generated_texts", "DropsControlCharacters"),
        ("test_properties and (long_texts or blank_texts)", "HasNoLimit"),
        ("test_properties and arrays_and_objects", "PrintsObjects"),
        ("test_properties and no_object", "EmitsOddPayloads"),
        ("test_properties and generated_typing", "TakesNoTextAfterOddTyping"),
        ("test_properties and generated_token", "DecodesWithoutVerifying"),
        ("test_conversations", "OneRoomForAll"),
    ],
)
def test_it_is_found_by_what_was_made_up(selection: str, fault: str, tmp_path: Path) -> None:
    certified = certify_fault(FAULTS[fault], tmp_path, "-k", selection, "--hypothesis-seed=1", *VERDICT_ONLY)
    assert FAULTS[fault].breaks <= certified.failed, certified.output


@pytest.mark.timeout(0)
def test_on_a_correct_server_nothing_ends_a_search(tmp_path: Path) -> None:
    """What a judge mistakes for a deviation would fail no judgement, and leave the rest of the examples untried."""
    certified = certify_app(HelpCenter(Verifier(SECRET)), tmp_path, "-k", "test_properties", "--examples=7")
    assert certified.exit_code == 0, certified.output
    transcripts = {path.stem: path.read_text("utf-8") for path in tmp_path.glob("transcripts/generated_*.jsonl")}
    assert len(transcripts) > 4
    assert {name: text.count('"label": "batch"') for name, text in transcripts.items()} == dict.fromkeys(transcripts, 7)
