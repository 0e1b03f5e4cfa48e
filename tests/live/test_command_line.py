"""The contract with scripts and CI, by the real command line: exit codes, selections, reports."""

from __future__ import annotations

import html
import itertools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.auth.tokens import KeyMinter
from conformance.reference.serve import Served
from conformance.run.option_table import OPTIONS
from tests.support.checkout import CHAT, REPORTS, ROOT, SHOULD, TOKENS, Checkout, Run
from tests.support.hostile import SECRET, Untrimming, help_center

SHARED = ("conftest.py", "coming_and_going.py", "left_open.py")
"""Of our suites: the scenarios that several of them judge."""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Three files of suites that the embedded server passes, with one piece of advice; and tests of its own."""
    made = Checkout(tmp_path_factory.mktemp("cli"), chat=CHAT, tokens=TOKENS, should=SHOULD)
    for name in SHARED:
        made.write(f"suites/{name}", (ROOT / "suites" / name).read_text(encoding="utf-8"))
    made.write("tests/test_own.py", "def test_own(): pass\n")
    return made


@pytest.fixture
def reports(tmp_path: Path) -> str:
    return f"--reports={tmp_path / 'reports'}"


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    """A correct server that is not ours to start."""
    with Served(help_center().app) as server:
        yield server.url


@pytest.fixture(scope="module")
def untrimming() -> Iterator[str]:
    """One that fails SEND-TRIM."""
    with Served(help_center(Untrimming).app) as server:
        yield server.url


def tail(run: Run) -> list[str]:
    """The lines of the verdict, without what differs from run to run."""
    lines = run.output.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("VERDICT"))
    own = itertools.takewhile(lambda line: not line.startswith("reports "), lines[start:])
    return [line for line in own if not line.startswith(("target", "seed", "cost"))]


# -- the verdicts ----------------------------------------------------------------------------------------------------


def test_conformant(checkout: Checkout) -> None:
    run = checkout.run()
    assert (run.code, run.verdict and run.verdict["verdict"]) == (0, "conformant")
    assert tail(run) == [
        "VERDICT  conformant: every MUST holds",
        "MUST     4 passed",
        "SHOULD   1 advice",
        "advice     DEVICE-COEXIST           SHOULD 9     a user's devices are connected side by side",
        "           expected more than this; got less than that",
        "where the document is silent:",
        "  OBS-TRIM               White space is handled somehow.",
    ]
    assert run.line("help-center: ").startswith("help-center: certifying the embedded reference server, seed ")
    assert run.output.splitlines()[-1].count("5 passed, 1 advice in ") == 1
    names = {path.name for path in run.reports.iterdir()}
    assert names == REPORTS | {"statement.json"}
    assert {path.stem for path in (run.reports / "transcripts").iterdir()} == {"chat", "expired", "plain_chat"}
    properties = [p.attrib for p in ElementTree.parse(run.reports / "junit.xml").iter("property")]  # noqa: S314  our own
    assert {"name": "requirement", "value": "SEND-TRIM"} in properties
    blob = re.search(r'data-jsonblob="([^"]*)"', (run.reports / "report.html").read_text(encoding="utf-8"))
    assert blob is not None
    rows = json.loads(html.unescape(blob[1]))["tests"]["suites/test_should.py::test_advice"]
    assert [(row["result"], ">Advice</button>" in row["resultsTableRow"][0]) for row in rows] == [("Skipped", True)]
    assert "Expected  more than this\n  Actual    less than that\n" in rows[0]["log"]


def test_advice_fails_where_it_is_asked_to(checkout: Checkout, reports: str, target: str) -> None:
    run = checkout.run(f"--target={target}/", f"--jwt-secret={SECRET}", "--level=should", reports)
    assert (run.code, run.verdict and run.verdict["verdict"]) == (1, "conformant")
    assert f"Again     pytest --target={target} " in run.output
    assert " -k DEVICE-COEXIST" in run.output


def test_non_conformant(checkout: Checkout, reports: str, untrimming: str) -> None:
    run = checkout.run(f"--target={untrimming}", reports, HELP_CENTER_JWT_SECRET=SECRET)
    assert (run.code, run.verdict and run.verdict["verdict"]) == (1, "non-conformant")
    assert tail(run)[:4] == [
        "VERDICT  non-conformant: the document rules out what this server does",
        "MUST     3 passed, 1 failed",
        "SHOULD   1 advice",
        "FAILED     SEND-TRIM                MUST   4.5   white space around a text is trimmed",
    ]
    assert SECRET not in run.output + "".join(p.read_text() for p in run.reports.rglob("*") if p.is_file())


def test_incomplete(checkout: Checkout, reports: str, target: str) -> None:
    token = KeyMinter(SECRET).sign({"sub": "someone"})
    arguments = (f"--target={target}", f"--token={token}", reports)
    run = checkout.run(*arguments, "-rs")
    assert (run.code, run.verdict and run.verdict["verdict"]) == (10, "incomplete")
    needed = "an expired token needs the signing key: pass --jwt-secret or --jwt-key"
    assert run.reason("AUTH-EXPIRED") == needed
    assert run.line("SKIPPED").endswith(f"unverified: {needed}")
    assert run.line("VERDICT") == "VERDICT  incomplete: nothing failed, but not every MUST could be checked"
    allowed = checkout.run(f"--rejudge={run.reports}", "--allow-incomplete", f"{reports}-again")
    assert (allowed.code, allowed.verdict and allowed.verdict["verdict"]) == (0, "incomplete")


def test_a_command_for_tokens(checkout: Checkout, reports: str, target: str, tmp_path: Path) -> None:
    script = tmp_path / "mint.py"
    script.write_text(f"import jwt, sys; print(jwt.encode({{'sub': sys.argv[1]}}, {SECRET!r}))", encoding="utf-8")
    command = f"--token-command={sys.executable} {script} {{user}}"
    run = checkout.run(f"--target={target}", command, reports, "-k", "not AUTH-EXPIRED")
    assert (run.code, run.status("SEND-TRIM")) == (0, "passed")


def test_proxies_of_the_environment_are_ignored(checkout: Checkout, reports: str, target: str) -> None:
    nowhere = "http://127.0.0.1:1"
    proxies = {"HTTP_PROXY": nowhere, "http_proxy": nowhere, "ALL_PROXY": nowhere, "WS_PROXY": nowhere}
    assert checkout.run(f"--target={target}", f"--jwt-secret={SECRET}", reports, **proxies).code == 0


# -- selections ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "selection",
    [
        ["-k", "SEND-TRIM"],
        ["suites/test_chat.py::test_trim"],
        ["suites", "--deselect=suites/test_tokens.py"],
        ["suites", "--ignore=suites/test_tokens.py"],
    ],
    ids=["-k", "node", "deselect", "ignore"],
)
def test_a_selection_claims_no_verdict(checkout: Checkout, reports: str, target: str, selection: list[str]) -> None:
    run = checkout.run(*selection, f"--target={target}", f"--jwt-secret={SECRET}", reports)
    assert (run.code, run.verdict and run.verdict["verdict"]) == (0, "partial")
    assert run.status("SEND-TRIM") == "passed"


def test_an_id_that_there_is_none_of_is_reported(checkout: Checkout, reports: str, target: str) -> None:
    run = checkout.run("-k", "SEND-MAXX", f"--target={target}", f"--jwt-secret={SECRET}", reports)
    assert run.code == 5
    assert run.line("help-center: nothing") == (
        "help-center: nothing was judged: -k SEND-MAXX selects none of the 6 judgements: did you mean -k SEND-MAX?"
    )


def test_a_selection_that_selects_all_is_a_full_run(checkout: Checkout, reports: str) -> None:
    run = checkout.run("suites", "tests", "-m", "requirement or not requirement", "-n", "4", reports)
    assert (run.code, run.verdict and run.verdict["verdict"]) == (0, "conformant")
    assert (
        run.line("help-center: ignoring")
        == "help-center: ignoring -n: scenarios already run concurrently in one process"
    )


def test_stopping_at_the_first_failure_and_going_on_with_it(checkout: Checkout, reports: str, untrimming: str) -> None:
    arguments = (f"--target={untrimming}", f"--jwt-secret={SECRET}", reports)
    first = checkout.run(*arguments, "-x")
    assert (first.code, first.verdict and first.verdict["verdict"]) == (1, "partial")
    again = checkout.run(*arguments, "--lf")
    assert (again.code, again.verdict and [r["id"] for r in again.verdict["requirements"]]) == (1, ["SEND-TRIM"])


@pytest.mark.parametrize(
    ("arguments", "code"), [(["-k", "nothing"], 5), (["--target=http://127.0.0.1:1"], 4), (["--wait=soon"], 4)]
)
def test_a_run_that_judges_nothing_leaves_nothing_of_the_one_before(
    checkout: Checkout, tmp_path: Path, arguments: list[str], code: int
) -> None:
    before = tmp_path / "reports"
    (before / "transcripts").mkdir(parents=True)
    for name in ("verdict.json", "statement.json", "junit.xml", "report.html", "transcripts/chat.jsonl"):
        (before / name).write_text("old", encoding="utf-8")
    run = checkout.run(*arguments, f"--reports={before}", HELP_CENTER_JWT_SECRET=SECRET)
    assert run.code == code
    left = {path: path.read_text(encoding="utf-8") for path in before.rglob("*") if path.is_file()}
    assert {path.name for path in left} <= {"junit.xml", "report.html"}
    assert "old" not in left.values()


def test_names_of_judgements_are_short_wherever_pytest_was_started(
    checkout: Checkout, reports: str, untrimming: str, tmp_path: Path
) -> None:
    run = checkout.run(f"--target={untrimming}", reports, "-v", cwd=tmp_path, HELP_CENTER_JWT_SECRET=SECRET)
    assert run.line("suites/test_chat.py::test_greeting ").startswith("suites/test_chat.py::test_greeting PASSED")
    assert run.line("FAILED suites").startswith("FAILED suites/test_chat.py::test_trim - ")
    assert "collected 6 items" in run.output


@pytest.mark.parametrize("arguments", [["--collect-only"], ["--help"], ["tests"]])
def test_nothing_is_started_nor_written(checkout: Checkout, tmp_path: Path, arguments: list[str]) -> None:
    folder = tmp_path / "reports"
    run = checkout.run(*arguments, f"--reports={folder}", "--target=http://127.0.0.1:1")
    assert run.code == 0, run.output
    assert not folder.exists()


# -- errors of the harness -------------------------------------------------------------------------------------------

BROKEN = """

@requirement("SEND-MAX")
def test_with_a_bug(chat):
    raise KeyError("oh\\nno")


@requirement("SEND-MIN")
def test_blaming_no_one(chat):
    pytest.fail("as no one should")


@requirement("SEND-PLAIN")
@pytest.mark.xfail
def test_better_than_thought(chat):
    pass


@scenario
async def broken(stage):
    await stage.nothing()


@requirement("SEND-BLANK")
def test_of_a_broken_scenario(broken):
    pass


@requirement("AUTH-BARE")
@pytest.mark.skip(reason="not now")
def test_skipped(chat):
    pass


@requirement("AUTH-HEADER")
@pytest.mark.xfail(reason="doubtful")
def test_doubtful(chat):
    assert False
"""


def test_the_harness_blames_itself(tmp_path: Path) -> None:
    run = Checkout(tmp_path, chat=f"import pytest\n{CHAT}{BROKEN}").run()
    assert (run.code, run.verdict and run.verdict["verdict"]) == (3, "error")
    assert run.status("SEND-TRIM") == "passed"
    assert {name: run.reason(name) for name in ("SEND-MAX", "SEND-MIN", "AUTH-BARE", "AUTH-HEADER")} == {
        "SEND-MAX": r"error of the harness: KeyError: 'oh\nno'",
        "SEND-MIN": "error of the harness: Failed: as no one should",
        "AUTH-BARE": "not now",
        "AUTH-HEADER": "the judgement is marked as failing: doubtful",
    }
    assert (run.status("SEND-PLAIN"), run.status("SEND-BLANK")) == ("error", "error")
    assert "'Stage' object has no attribute 'nothing'" in run.reason("SEND-BLANK")
    # at the beginning of a line: with CI set, pytest repeats it, uncut, in its short summary
    assert run.output.count("\nERROR OF THE HARNESS, not of the target; please report it") == 4
    assert run.line("VERDICT") == "VERDICT  error: the harness itself erred: no verdict on the server"


def test_a_file_that_cannot_be_collected(checkout: Checkout, reports: str) -> None:
    broken = checkout.write("suites/test_broken.py", "import nothing_of_the_kind\n")
    try:
        run = checkout.run(reports)
    finally:
        broken.unlink()
    assert (run.code, run.verdict and run.verdict["verdict"]) == (3, "error")


def test_a_failed_test_that_is_no_judgement_is_not_hidden(checkout: Checkout, reports: str, target: str) -> None:
    checkout.write("more/test_more.py", "def test_more(): assert False\n")
    run = checkout.run("suites", "more", f"--target={target}", f"--jwt-secret={SECRET}", reports)
    assert (run.code, run.verdict and run.verdict["verdict"]) == (1, "conformant")


def test_the_options_stand_under_one_heading(checkout: Checkout) -> None:
    shown = subprocess.run([sys.executable, "-m", "pytest", "--help"], cwd=ROOT, capture_output=True, text=True).stdout
    own = shown.partition("\nhelp-center conformance (")[2].partition("\n\n")[0]
    assert own.count("\n  --") == len(OPTIONS)
    assert "  --target=URL          the server to certify: scheme, host and port (default:\n" in own
