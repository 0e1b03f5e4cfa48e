"""Waivers: what becomes of a run with one."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from conformance.reference.serve import Served
from tests.support.checkout import CHAT, TOKENS, Checkout, Run
from tests.support.hostile import SECRET, Untrimming, help_center

TODAY = datetime.datetime.now(datetime.UTC).date()
LATER = TODAY + datetime.timedelta(days=30)


def waiver(requirement: str = "SEND-TRIM", reason: str = "fixed soon", expires: datetime.date = LATER) -> str:
    return f'[[waiver]]\nrequirement = "{requirement}"\nreason = "{reason}"\nexpires = {expires}\n'


# -- the run ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Checkout, Path]:
    """A checkout, and the record of a server that fails SEND-TRIM and nothing else."""
    folder = tmp_path_factory.mktemp("waivers")
    checkout = Checkout(folder, chat=CHAT)
    with Served(help_center(Untrimming).app) as server:
        run = checkout.run(f"--target={server.url}", f"--jwt-secret={SECRET}", f"--reports={folder / 'saved'}")
    assert run.code == 1, run.output
    return checkout, folder / "saved"


def judged(saved: tuple[Checkout, Path], folder: Path, text: str) -> Run:
    checkout, record = saved
    waivers = folder / "waivers.toml"
    waivers.write_text(text, encoding="utf-8")
    return checkout.run(f"--rejudge={record}", f"--waivers={waivers}", f"--reports={folder / 'out'}", "-rx")


def test_a_waived_failure_does_not_fail_the_run(saved: tuple[Checkout, Path], tmp_path: Path) -> None:
    run = judged(saved, tmp_path, waiver())
    assert (run.code, run.verdict and run.verdict["verdict"]) == (0, "conformant")
    assert run.status("SEND-TRIM") == "waived"
    assert run.reason("SEND-TRIM").startswith(f"fixed soon (until {LATER}); expected ack.message.text to be")
    assert run.line("VERDICT") == "VERDICT  conformant, but for 1 waived"
    assert "every MUST" not in run.output
    assert run.line("MUST ") == "MUST     2 passed, 1 waived"
    assert run.line("waived ").startswith("waived     SEND-TRIM                MUST   4.5   ")
    assert run.line("XFAIL").startswith("XFAIL suites/test_chat.py::test_trim - waived: fixed soon (until ")
    assert run.output.splitlines()[-1].count("2 passed, 1 xfailed") == 1


def test_a_stale_waiver_fails_the_run(saved: tuple[Checkout, Path], tmp_path: Path) -> None:
    run = judged(saved, tmp_path, waiver() + waiver("REST-OPEN"))
    assert (run.code, run.verdict and run.verdict["verdict"]) == (1, "conformant")
    assert run.verdict is not None
    assert run.verdict["stale_waivers"] == ["REST-OPEN"]
    assert run.line("STALE") == "STALE    REST-OPEN passes, so this run fails (exit code 1): delete its waiver"


def test_a_flaky_one_is_never_stale(saved: tuple[Checkout, Path], tmp_path: Path) -> None:
    run = judged(saved, tmp_path, waiver() + waiver("REST-OPEN") + "flaky = true\n")
    assert run.code == 0
    assert run.line("note ") == "note     REST-OPEN passes this time; its waiver stays, for it is marked as flaky"


def test_an_expired_waiver_waives_nothing(saved: tuple[Checkout, Path], tmp_path: Path) -> None:
    yesterday = TODAY - datetime.timedelta(days=2)
    run = judged(saved, tmp_path, waiver(expires=yesterday))
    assert (run.code, run.status("SEND-TRIM")) == (1, "failed")
    assert run.line("note ") == f"note     the waiver of SEND-TRIM has expired on {yesterday}"


def test_it_holds_for_the_target_that_the_transcripts_come_from(saved: tuple[Checkout, Path], tmp_path: Path) -> None:
    assert judged(saved, tmp_path, waiver() + 'target = "http://127.0.0.1:*"\n').code == 0
    assert judged(saved, tmp_path, waiver() + 'target = "http://elsewhere"\n').code == 1


def test_an_unverified_requirement_is_accepted_by_itself(saved: tuple[Checkout, Path], tmp_path: Path) -> None:
    checkout, _ = saved
    checkout.write("suites/test_more.py", TOKENS)  # the saved run has no such transcript
    both = waiver() + waiver("AUTH-EXPIRED")
    assert judged(saved, tmp_path, both).code == 10
    run = judged(saved, tmp_path, f'{both}accepts = "unverified"\n')
    assert (run.code, run.status("AUTH-EXPIRED")) == (0, "waived")
    assert run.line("VERDICT") == "VERDICT  conformant, but for 2 waived (1 of them could not be checked)"
    (checkout.folder / "suites" / "test_more.py").unlink()


def test_a_file_that_cannot_be_used_ends_the_run_before_it_begins(saved: tuple[Checkout, Path], tmp_path: Path) -> None:
    run = judged(saved, tmp_path, "nonsense")
    assert (run.code, run.verdict) == (4, None)
    assert run.line("ERROR").startswith(f"ERROR: --waivers={tmp_path / 'waivers.toml'}: ")
