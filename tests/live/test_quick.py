"""The quick profile, by the real command line: what it says, and what it does not claim."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.reference.serve import Served
from tests.faults.battery import certify
from tests.support.hostile import SECRET, Untrimming, help_center

QUICK = "--profile=quick"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the reports of a correct server are."""
    return tmp_path_factory.mktemp("quick")


def test_a_correct_server_passes_and_gets_no_certificate(kept: Path) -> None:
    run = certify(None, kept, QUICK)
    assert (run.exit_code, run.verdict["verdict"], run.verdict["options"]["profile"]) == (0, "partial", "quick")
    assert not run.ids("failed") | run.ids("unverified")
    assert "VERDICT  partial (quick profile): every MUST once" in run.output
    assert not [path.name for path in kept.iterdir() if path.name.startswith("statement")]
    assert "partial (quick profile)" in json.loads((kept / "badge.json").read_text("utf-8"))["message"]
    junit = (kept / "junit.xml").read_text("utf-8")
    assert '<property name="verdict" value="partial" /><property name="profile" value="quick" />' in junit


def test_it_is_judged_again_as_it_was_recorded(kept: Path, tmp_path: Path) -> None:
    again = certify(None, tmp_path, f"--rejudge={kept}")
    assert (again.exit_code, again.verdict["verdict"]) == (0, "partial")
    assert again.verdict["rejudged"]["agrees"] is True


def test_a_broken_server_fails(tmp_path: Path) -> None:
    with Served(help_center(Untrimming).app) as server:
        run = certify(server.url, tmp_path, QUICK, secret=SECRET)
    assert (run.exit_code, run.verdict["verdict"]) == (1, "partial")
    assert run.ids("failed") == {"SEND-TRIM", "SEND-BLANK"}
