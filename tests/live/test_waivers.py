"""Known failures: what a file of them may say, and what becomes of a run with one."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest

from conformance.errors import UsageError
from conformance.reference.serve import Served
from conformance.requirements import catalogue
from conformance.run.waivers import EXAMPLE, Waiver, load
from tests.support.checkout import CHAT, Checkout, Run
from tests.support.hostile import SECRET, Untrimming, help_center

TODAY = datetime.datetime.now(datetime.UTC).date()
LATER = TODAY + datetime.timedelta(days=30)


def waiver(requirement: str = "SEND-TRIM", reason: str = "fixed soon", expires: datetime.date = LATER) -> str:
    return f'[[waiver]]\nrequirement = "{requirement}"\nreason = "{reason}"\nexpires = {expires}\n'


# -- the file --------------------------------------------------------------------------------------------------------


def test_waivers_are_read(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(waiver() + waiver("SEND-MAX", expires=datetime.date(2030, 1, 31)), encoding="utf-8")
    assert load(path, catalogue()) == {
        "SEND-TRIM": Waiver("SEND-TRIM", "fixed soon", LATER),
        "SEND-MAX": Waiver("SEND-MAX", "fixed soon", datetime.date(2030, 1, 31)),
    }


def test_a_waiver_holds_until_its_last_day() -> None:
    one = Waiver("SEND-TRIM", "fixed soon", TODAY)
    assert one.holds(TODAY)
    assert not one.holds(TODAY + datetime.timedelta(days=1))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", " is not a list of waivers"),
        ("[waiver]\n", " is not a list of waivers"),
        ("waivers = []\n", " is not a list of waivers"),
        ("more = 1\n" + waiver(), " is not a list of waivers"),
        ("waiver = [1]\n", ": waiver 1 needs just expires, reason, requirement"),
        (waiver().replace("reason", "reasons"), ": SEND-TRIM needs just expires, reason, requirement"),
        (waiver() + "more = 1\n", ": SEND-TRIM needs just expires, reason, requirement"),
        (waiver("SEND-TRIMM"), ": SEND-TRIMM is not a requirement"),
        (waiver("OBS-TRIM"), ": OBS-TRIM cannot fail (its level is observation)"),
        (waiver(reason=" "), ": SEND-TRIM lacks a reason"),
        (waiver().replace(str(LATER), f'"{LATER}"'), ": SEND-TRIM lacks a date without quotes"),
        (waiver().replace(str(LATER), f"{LATER}T10:00:00Z"), ": SEND-TRIM lacks a date without quotes"),
        (waiver() + waiver(), ": SEND-TRIM is waived twice"),
    ],
)
def test_anything_else_is_refused_in_one_line(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load(path, catalogue())
    separator = ": " if problem.startswith(" is not a list") else "; "
    assert str(caught.value) == f"--waivers={path}{problem}{separator}{EXAMPLE}"


def test_what_is_no_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_bytes(b"\xff[[")
    with pytest.raises(UsageError, match="can't decode byte 0xff"):
        load(path, catalogue())
    path.write_text("[[waiver", encoding="utf-8")
    with pytest.raises(UsageError, match=re.escape(EXAMPLE)):
        load(path, catalogue())


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
    run = judged(saved, tmp_path, waiver() + waiver("REST-OPEN"))
    assert (run.code, run.verdict and run.verdict["verdict"]) == (0, "conformant")
    assert run.status("SEND-TRIM") == "waived"
    assert run.reason("SEND-TRIM").startswith(f"fixed soon (until {LATER}); expected ack.message.text to be")
    assert run.line("MUST ") == "MUST     2 passed, 1 waived"
    assert run.line("waived ").startswith("waived     SEND-TRIM                MUST   4.5   ")
    assert run.line("XFAIL").startswith("XFAIL suites/test_chat.py::test_trim - waived: fixed soon (until ")
    assert run.line("note ") == "note     the waiver of REST-OPEN is no longer needed: remove it"
    assert run.output.splitlines()[-1].count("2 passed, 1 xfailed") == 1


def test_an_expired_waiver_waives_nothing(saved: tuple[Checkout, Path], tmp_path: Path) -> None:
    yesterday = TODAY - datetime.timedelta(days=2)
    run = judged(saved, tmp_path, waiver(expires=yesterday))
    assert (run.code, run.status("SEND-TRIM")) == (1, "failed")
    assert run.line("note ") == f"note     the waiver of SEND-TRIM has expired on {yesterday}"


def test_a_file_that_cannot_be_used_ends_the_run_before_it_begins(saved: tuple[Checkout, Path], tmp_path: Path) -> None:
    run = judged(saved, tmp_path, "nonsense")
    assert (run.code, run.verdict) == (4, None)
    assert run.line("ERROR").startswith(f"ERROR: --waivers={tmp_path / 'waivers.toml'}: ")
